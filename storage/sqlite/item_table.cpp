#include "storage/sqlite/item_table.h"

#include <algorithm>
#include <string_view>

#include "storage/sqlite/json_contains.h"
#include "storage/sqlite/query.h"

namespace heddle::storage::sqlite {
namespace {

constexpr char kLabelEnd = '\x1f';

const std::string kColumns = R"sql(
  SELECT owner, name_space, key, value_json, created_at, updated_at, expires_at, time_to_live FROM items
)sql";

// Every namespace below a prefix of labels is in this range, because the byte after a label's end
// sorts behind it. An empty prefix has no upper bound.
const std::string kInRange = R"sql(
  WHERE owner = :owner AND name_space >= :prefix AND (:prefix_end IS NULL OR name_space < :prefix_end)
    AND (expires_at IS NULL OR expires_at > :now)
)sql";

std::string joined(const ItemNamespace& labels) {
  std::string text;
  for (const std::string& label : labels) {
    if (label.find(kLabelEnd) != std::string::npos) {
      throw StorageError("a label of a namespace holds the character U+001F; use another one");
    }
    text += label;
    text += kLabelEnd;
  }
  return text;
}

ItemNamespace labels_of(std::string_view text) {
  ItemNamespace labels;
  while (!text.empty()) {
    const std::size_t end = text.find(kLabelEnd);
    labels.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return labels;
}

// What all namespaces below a prefix have in common, as a range of texts.
struct Range {
  std::string begin;
  std::optional<std::string> end;
};

Range range_below(const ItemNamespace& prefix) {
  Range range{joined(prefix), std::nullopt};
  if (range.begin.empty()) return range;
  range.end = range.begin;
  ++range.end->back();
  return range;
}

ItemNamespace until_wildcard(const ItemNamespace& prefix) {
  return {prefix.begin(), std::ranges::find(prefix, "*")};
}

bool label_fits(const std::string& pattern, const std::string& label) {
  return pattern == "*" || pattern == label;
}

bool fits(const ItemNamespace& labels, const NamespaceQuery& query) {
  if (labels.size() < std::max(query.prefix.size(), query.suffix.size())) return false;
  return std::equal(query.prefix.begin(), query.prefix.end(), labels.begin(), label_fits) &&
         std::equal(query.suffix.rbegin(), query.suffix.rend(), labels.rbegin(), label_fits);
}

void cut(ItemNamespace& labels, std::optional<std::int64_t> max_depth) {
  if (!max_depth || *max_depth < 0) return;
  const auto depth = static_cast<std::size_t>(*max_depth);
  if (labels.size() > depth) labels.resize(depth);
}

Item item_from(Query& sql) {
  Item item;
  std::string name_space;
  sql >> item.owner >> name_space >> item.key >> item.value_json >> item.created_at >> item.updated_at;
  sql >> item.expires_at >> item.time_to_live;
  item.name_space = labels_of(name_space);
  return item;
}

}  // namespace

ItemTable::ItemTable(const SQLite::Database& database, VectorMemory& memory)
    : find_(database, kColumns + R"sql(
        WHERE owner = :owner AND name_space = :name_space AND key = :key
          AND (expires_at IS NULL OR expires_at > :now)
      )sql"),
      search_(database, kColumns + kInRange + R"sql(
          AND (:conditions IS NULL OR json_meets(value_json, :conditions))
        ORDER BY updated_at DESC, name_space, key LIMIT :limit OFFSET :offset
      )sql"),
      with_vector_(database, kColumns + R"sql(
        WHERE (owner, name_space, key) = (SELECT owner, name_space, key FROM item_vectors WHERE vector_id = :vector_id)
          AND (expires_at IS NULL OR expires_at > :now)
          AND (:conditions IS NULL OR json_meets(value_json, :conditions))
      )sql"),
      namespaces_(database, "SELECT DISTINCT name_space FROM items " + kInRange + "ORDER BY name_space"),
      // An item that has expired is gone, so what takes its place begins anew.
      put_(database, R"sql(
        INSERT INTO items (owner, name_space, key, value_json, created_at, updated_at, expires_at, time_to_live)
        VALUES (:owner, :name_space, :key, :value_json, :created_at, :updated_at, :expires_at, :time_to_live)
        ON CONFLICT DO UPDATE SET
          created_at = iif(expires_at <= excluded.updated_at, excluded.created_at, created_at),
          value_json = excluded.value_json, updated_at = excluded.updated_at, expires_at = excluded.expires_at,
          time_to_live = excluded.time_to_live
      )sql"),
      erase_(database, "DELETE FROM items WHERE owner = :owner AND name_space = :name_space AND key = :key"),
      refresh_(database, R"sql(
        UPDATE items SET expires_at = :now + time_to_live
        WHERE owner = :owner AND name_space = :name_space AND key = :key AND expires_at > :now
          AND time_to_live IS NOT NULL
      )sql"),
      erase_expired_(database, R"sql(
        DELETE FROM items
        WHERE (owner, name_space, key) IN
          (SELECT owner, name_space, key FROM items WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit)
      )sql"),
      vectors_(database, memory) {}

std::optional<Item> ItemTable::find(const Owner& owner, const ItemNamespace& name_space, const std::string& key,
                                    Timestamp now) const {
  const std::string text = joined(name_space);
  Query sql(find_);
  sql.bind(":owner", owner).bind(":name_space", text).bind(":key", key).bind(":now", now);
  if (!sql.next()) return std::nullopt;
  return item_from(sql);
}

std::vector<Item> ItemTable::search(const ItemQuery& query) const {
  std::vector<Item> found;
  const Range range = range_below(query.prefix);
  std::optional<std::string> conditions;
  if (!query.conditions.empty()) conditions = conditions_text(query.conditions);
  Query sql(search_);
  sql.bind(":owner", query.owner).bind(":prefix", range.begin).bind(":prefix_end", range.end);
  sql.bind(":now", query.now).bind(":conditions", conditions);
  sql.bind(":limit", query.page.limit).bind(":offset", query.page.offset);
  while (sql.next()) found.push_back(item_from(sql));
  return found;
}

std::optional<std::vector<ScoredItem>> ItemTable::nearest(const NearestQuery& query) const {
  const Range range = range_below(query.items.prefix);
  const VectorRange compared{query.items.owner, range.begin, range.end, query.model};
  std::optional<std::vector<Candidate>> candidates = vectors_.compare(compared, query.vector, query.compared_max);
  if (!candidates) return std::nullopt;
  std::optional<std::string> conditions;
  if (!query.items.conditions.empty()) conditions = conditions_text(query.items.conditions);

  // The items themselves are read from the best on, until the page is full.
  const auto is_worse = [](const Candidate& one, const Candidate& other) {
    return one.score != other.score ? one.score < other.score : one.order > other.order;
  };
  std::ranges::make_heap(*candidates, is_worse);
  std::vector<ScoredItem> found;
  std::int64_t to_skip = query.items.page.offset;
  while (!candidates->empty() && std::ssize(found) < query.items.page.limit) {
    std::ranges::pop_heap(*candidates, is_worse);
    const Candidate best = candidates->back();
    candidates->pop_back();
    Query sql(with_vector_);
    sql.bind(":vector_id", best.vector_id).bind(":now", query.items.now).bind(":conditions", conditions);
    if (!sql.next() || to_skip-- > 0) continue;
    // Of rounding, the score of the same vector may be more than one.
    const double score = std::clamp(static_cast<double>(best.score), -1.0, 1.0);
    found.push_back({item_from(sql), score});
  }
  return found;
}

std::vector<ItemNamespace> ItemTable::namespaces(const NamespaceQuery& query) const {
  std::vector<ItemNamespace> found;
  const Range range = range_below(until_wildcard(query.prefix));
  Query sql(namespaces_);
  sql.bind(":owner", query.owner).bind(":prefix", range.begin).bind(":prefix_end", range.end).bind(":now", query.now);

  // Namespaces come sorted, so those that are the same after the cut come one after another.
  std::optional<ItemNamespace> last;
  std::int64_t to_skip = query.page.offset;
  while (static_cast<std::int64_t>(found.size()) < query.page.limit && sql.next()) {
    std::string text;
    sql >> text;
    ItemNamespace labels = labels_of(text);
    if (!fits(labels, query)) continue;
    cut(labels, query.max_depth);
    if (labels == last) continue;
    last = labels;
    if (to_skip-- <= 0) found.push_back(std::move(labels));
  }
  return found;
}

void ItemTable::put(const Item& item) {
  const std::string name_space = joined(item.name_space);
  Query sql(put_);
  sql.bind(":owner", item.owner).bind(":name_space", name_space).bind(":key", item.key);
  sql.bind(":value_json", item.value_json).bind(":created_at", item.created_at);
  sql.bind(":updated_at", item.updated_at).bind(":expires_at", item.expires_at);
  sql.bind(":time_to_live", item.time_to_live);
  sql.run();
  vectors_.erase(item.owner, name_space, item.key);
}

void ItemTable::add_vectors(const Item& item, const ItemVectors& vectors) {
  vectors_.add(item.owner, joined(item.name_space), item.key, vectors);
}

void ItemTable::erase(const Owner& owner, const ItemNamespace& name_space, const std::string& key) {
  const std::string text = joined(name_space);
  Query sql(erase_);
  sql.bind(":owner", owner).bind(":name_space", text).bind(":key", key);
  sql.run();
}

void ItemTable::refresh(const Owner& owner, const ItemNamespace& name_space, const std::string& key, Timestamp now) {
  const std::string text = joined(name_space);
  Query sql(refresh_);
  sql.bind(":owner", owner).bind(":name_space", text).bind(":key", key).bind(":now", now);
  sql.run();
}

std::int64_t ItemTable::erase_expired(Timestamp now, std::int64_t limit) {
  Query sql(erase_expired_);
  return sql.bind(":now", now).bind(":limit", limit).run();
}

}  // namespace heddle::storage::sqlite
