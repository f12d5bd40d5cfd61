#include "storage/sqlite/assistant_table.h"

#include <array>
#include <string>

namespace heddle::storage::sqlite {
namespace {

const std::string kColumns = R"sql(
  SELECT a.assistant_id, a.owner, v.graph_id, v.name, v.description, v.config_json, v.context_json, v.metadata_json,
         a.version, a.created_at, a.updated_at
  FROM assistants a JOIN assistant_versions v USING (assistant_id, version)
)sql";

// A version shows when it was made, and never changes.
const std::string kVersionColumns = R"sql(
  SELECT a.assistant_id, a.owner, v.graph_id, v.name, v.description, v.config_json, v.context_json, v.metadata_json,
         v.version, v.created_at, v.created_at
  FROM assistants a JOIN assistant_versions v USING (assistant_id)
)sql";

// By the index of owners.
const std::string kOwn = R"sql(
  (a.owner = :owner OR (a.owner = '' AND json_contains(v.metadata_json, '{"created_by":"system"}')))
)sql";

// What is shared by its metadata can be anybody's, so every assistant is looked at.
const std::string kOwnOrShared = "(" + kOwn + R"sql(
  OR EXISTS (SELECT 1 FROM json_each(:shared) AS filter WHERE json_contains(v.metadata_json, filter.value)))
)sql";

// lower() folds ASCII only; other letters of a name are compared as they are.
const std::string kMatches = R"sql(
  AND (:graph_id IS NULL OR v.graph_id = :graph_id)
  AND (:name IS NULL OR instr(lower(v.name), lower(:name)) > 0)
  AND json_contains(v.metadata_json, :metadata)
)sql";

// In the order of AssistantSort.
constexpr std::array<const char*, 5> kSortColumns = {"a.assistant_id", "v.graph_id", "v.name", "a.created_at",
                                                     "a.updated_at"};

std::string conditions(const AssistantQuery& query) {
  return " WHERE " + (query.reader.shared.empty() ? kOwn : kOwnOrShared) + kMatches;
}

std::string count_sql(const AssistantQuery& query) {
  return "SELECT count(*) FROM assistants a JOIN assistant_versions v USING (assistant_id, version)" +
         conditions(query);
}

std::string search_sql(const AssistantQuery& query) {
  const std::string direction = query.order == SortOrder::ascending ? " ASC" : " DESC";
  const std::string column = kSortColumns.at(static_cast<std::size_t>(query.sort_by));
  return kColumns + conditions(query) + "ORDER BY " + column + direction + ", a.assistant_id" + direction +
         " LIMIT :limit OFFSET :offset";
}

// A list of the filters, as json_each() takes it apart.
std::string list_of(const std::vector<Containment>& shared) {
  std::string list = "[";
  for (const Containment& filter : shared) list += (list.size() > 1 ? "," : "") + filter.json;
  return list + "]";
}

// `shared`: the list_of() that the query's reader has.
void bind_conditions(Query& sql, const AssistantQuery& query, const std::string& shared) {
  sql.bind(":owner", query.reader.owner);
  if (!query.reader.shared.empty()) sql.bind(":shared", shared);
  sql.bind(":graph_id", query.graph_id).bind(":name", query.name).bind(":metadata", query.metadata.json);
}

Assistant assistant_from(Query& sql) {
  Assistant assistant;
  sql >> assistant.assistant_id >> assistant.owner >> assistant.graph_id >> assistant.name >> assistant.description;
  sql >> assistant.config_json >> assistant.context_json >> assistant.metadata_json;
  sql >> assistant.version >> assistant.created_at >> assistant.updated_at;
  return assistant;
}

}  // namespace

AssistantTable::AssistantTable(const SQLite::Database& database)
    : find_(database, kColumns + "WHERE a.assistant_id = :assistant_id AND " + kOwnOrShared),
      versions_(database, kVersionColumns + R"sql(
        WHERE assistant_id = :assistant_id AND json_contains(v.metadata_json, :metadata)
        ORDER BY v.version DESC LIMIT :limit OFFSET :offset
      )sql"),
      find_version_(database, kVersionColumns + "WHERE assistant_id = :assistant_id AND v.version = :version"),
      highest_version_(database, R"sql(
        SELECT max(version) FROM assistant_versions WHERE assistant_id = :assistant_id
      )sql"),
      searches_(database),
      insert_(database, R"sql(
        INSERT INTO assistants (assistant_id, owner, version, created_at, updated_at)
        VALUES (:assistant_id, :owner, :version, :created_at, :updated_at)
        ON CONFLICT DO NOTHING
      )sql"),
      insert_version_(database, R"sql(
        INSERT INTO assistant_versions (assistant_id, version, graph_id, name, description, config_json, context_json,
                                        metadata_json, created_at)
        VALUES (:assistant_id, :version, :graph_id, :name, :description, :config_json, :context_json, :metadata_json,
                :created_at)
      )sql"),
      make_current_(database, R"sql(
        UPDATE assistants SET version = :version, updated_at = :updated_at WHERE assistant_id = :assistant_id
      )sql"),
      erase_(database, "DELETE FROM assistants WHERE assistant_id = :assistant_id") {}

std::optional<Assistant> AssistantTable::find(const AssistantReader& reader, AssistantId id) const {
  const std::string shared = list_of(reader.shared);
  Query sql(find_);
  sql.bind(":owner", reader.owner).bind(":shared", shared).bind(":assistant_id", id);
  if (!sql.next()) return std::nullopt;
  return assistant_from(sql);
}

Found<Assistant> AssistantTable::search(const AssistantQuery& query) const {
  Found<Assistant> found;
  const std::string shared = list_of(query.reader.shared);
  Query sql(searches_.prepared(search_sql(query)));
  bind_conditions(sql, query, shared);
  sql.bind(":limit", query.page.limit).bind(":offset", query.page.offset);
  while (sql.next()) found.records.push_back(assistant_from(sql));
  found.total = count(query);
  return found;
}

std::int64_t AssistantTable::count(const AssistantQuery& query) const {
  const std::string shared = list_of(query.reader.shared);
  Query sql(searches_.prepared(count_sql(query)));
  bind_conditions(sql, query, shared);
  std::int64_t total = 0;
  if (sql.next()) sql >> total;
  return total;
}

std::vector<Assistant> AssistantTable::versions(AssistantId id, const Containment& metadata, Page page) const {
  std::vector<Assistant> found;
  Query sql(versions_);
  sql.bind(":assistant_id", id).bind(":metadata", metadata.json);
  sql.bind(":limit", page.limit).bind(":offset", page.offset);
  while (sql.next()) found.push_back(assistant_from(sql));
  return found;
}

std::optional<Assistant> AssistantTable::find_version(AssistantId id, std::int64_t version) const {
  Query sql(find_version_);
  sql.bind(":assistant_id", id).bind(":version", version);
  if (!sql.next()) return std::nullopt;
  return assistant_from(sql);
}

bool AssistantTable::insert(const Assistant& assistant) {
  Query sql(insert_);
  sql.bind(":assistant_id", assistant.assistant_id).bind(":owner", assistant.owner);
  sql.bind(":version", assistant.version);
  sql.bind(":created_at", assistant.created_at).bind(":updated_at", assistant.updated_at);
  if (sql.run() == 0) return false;
  insert_version(assistant, assistant.created_at);
  return true;
}

Assistant AssistantTable::add_version(Assistant next) {
  std::optional<std::int64_t> highest;
  Query sql(highest_version_);
  sql.bind(":assistant_id", next.assistant_id);
  if (sql.next()) sql >> highest;
  next.version = highest.value_or(0) + 1;
  insert_version(next, next.updated_at);

  Query update(make_current_);
  update.bind(":assistant_id", next.assistant_id).bind(":version", next.version).bind(":updated_at", next.updated_at);
  update.run();
  return next;
}

Assistant AssistantTable::make_current(AssistantId id, std::int64_t version, Timestamp now) {
  std::optional<Assistant> current = find_version(id, version);
  if (!current) {
    throw StorageError("assistant " + id.text() + " has no version " + std::to_string(version) + " to make current");
  }
  Query update(make_current_);
  update.bind(":assistant_id", id).bind(":version", version).bind(":updated_at", now);
  update.run();
  return *find(current->owner, id);
}

void AssistantTable::insert_version(const Assistant& assistant, Timestamp created_at) {
  Query sql(insert_version_);
  sql.bind(":assistant_id", assistant.assistant_id).bind(":version", assistant.version);
  sql.bind(":graph_id", assistant.graph_id).bind(":name", assistant.name);
  sql.bind(":description", assistant.description).bind(":config_json", assistant.config_json);
  sql.bind(":context_json", assistant.context_json).bind(":metadata_json", assistant.metadata_json);
  sql.bind(":created_at", created_at);
  sql.run();
}

void AssistantTable::erase(AssistantId id) {
  Query sql(erase_);
  sql.bind(":assistant_id", id).run();
}

}  // namespace heddle::storage::sqlite
