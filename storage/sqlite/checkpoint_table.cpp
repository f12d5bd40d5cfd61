#include "storage/sqlite/checkpoint_table.h"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>

#include "storage/sqlite/rows_of_checkpoints.h"

namespace heddle::storage::sqlite {
namespace {

const std::string kColumns = R"sql(
  SELECT c.thread_id, c.checkpoint_ns, c.checkpoint_id, c.parent_id, c.run_id, c.created_at, c.step, c.source,
         c.value_ids, c.metadata_json, c.channels_json, c.seen_json, s.metadata_json
  FROM checkpoints c LEFT JOIN shared_metadata s
    ON s.run_id = coalesce(c.run_id, x'') AND s.thread_id = c.thread_id AND s.shared_id = c.shared_id
)sql";

// The encoding makes a few dozen; a chain of more is one that leads back to itself in a damaged database.
constexpr std::size_t kPartsMax = 10'000;

const std::string kInNamespace = "WHERE c.thread_id = :thread_id AND c.checkpoint_ns = :checkpoint_ns ";

// Lengths of texts are counted in bytes, not characters.
const std::string kSizeOfRows = R"sql(
  SELECT c.count, c.bytes, s.bytes, w.count, w.bytes
  FROM (SELECT count(*) AS count,
               ifnull(sum(length(CAST(metadata_json AS BLOB)) + length(CAST(channels_json AS BLOB)) +
                          length(CAST(seen_json AS BLOB)) + length(value_ids)), 0) AS bytes
        FROM checkpoints WHERE thread_id = :thread_id) AS c,
       (SELECT ifnull(sum(length(CAST(metadata_json AS BLOB))), 0) AS bytes
        FROM shared_metadata)sql" +
                                kSharedOfThread +
                                R"sql() AS s,
       (SELECT count(*) AS count, ifnull(sum(length(CAST(writes AS BLOB))), 0) AS bytes
        FROM pending_writes)sql" +
                                kWritesOfThread +
                                R"sql() AS w
)sql";

// The text stays as it is unless there is a thread id in it to replace.
const std::string kMetadataOfCopy = R"sql(
  iif(json_type(metadata_json, '$.thread_id') IS NULL, metadata_json,
      json_replace(metadata_json, '$.thread_id', :to_text))
)sql";

const std::string kCopyCheckpoints = R"sql(
  INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_id, run_id, created_at, step, source,
                           shared_id, value_ids, metadata_json, channels_json, seen_json)
  SELECT :to, checkpoint_ns, checkpoint_id, parent_id, run_id, created_at, step, source,
         shared_id, value_ids, )sql" +
                                     kMetadataOfCopy +
                                     R"sql(, channels_json, seen_json
  FROM checkpoints WHERE thread_id = :thread_id
)sql";

const std::string kCopyShared = R"sql(
  INSERT INTO shared_metadata (run_id, thread_id, shared_id, metadata_json)
  SELECT run_id, :to, shared_id, )sql" +
                                kMetadataOfCopy + "FROM shared_metadata" + kSharedOfThread;

const std::string kCopyValues = kReachedValues + R"sql(
  INSERT INTO channel_values (value_id, thread_id, base, level, items, checkpoint_ns, channel, codec, data)
  SELECT value_id, :to, base, level, items, checkpoint_ns, channel, codec, data
  FROM channel_values)sql" + kValuesOfThread;

const std::string kCopyPendingWrites = R"sql(
  INSERT INTO pending_writes (checkpoint_id, thread_id, checkpoint_ns, task_id, task_path, writes)
  SELECT checkpoint_id, :to, checkpoint_ns, task_id, task_path, writes
  FROM pending_writes)sql" + kWritesOfThread;

// One seek per namespace, however many checkpoints each has.
constexpr const char* kNamespaces = R"sql(
  WITH RECURSIVE found(name) AS (
    SELECT min(checkpoint_ns) FROM checkpoints WHERE thread_id = :thread_id
    UNION ALL
    SELECT (SELECT min(checkpoint_ns) FROM checkpoints WHERE thread_id = :thread_id AND checkpoint_ns > name)
    FROM found WHERE name IS NOT NULL)
  SELECT name FROM found WHERE name IS NOT NULL
)sql";

constexpr std::size_t kValueIdBytes = sizeof(ValueId);

void append_value_id(std::string& bytes, ValueId id) {
  const auto number = static_cast<std::uint64_t>(id);
  for (std::size_t i = 0; i < kValueIdBytes; ++i) {
    bytes += static_cast<char>(number >> (8 * (kValueIdBytes - 1 - i)) & 0xff);
  }
}

std::string value_id_bytes(ValueId id) {
  std::string bytes;
  append_value_id(bytes, id);
  return bytes;
}

std::vector<ValueId> value_ids_from(std::string_view bytes) {
  assert(bytes.size() % kValueIdBytes == 0);
  std::vector<ValueId> ids;
  for (; !bytes.empty(); bytes.remove_prefix(kValueIdBytes)) {
    std::uint64_t number = 0;
    for (const char byte : bytes.substr(0, kValueIdBytes)) number = number << 8 | static_cast<unsigned char>(byte);
    ids.push_back(static_cast<ValueId>(number));
  }
  return ids;
}

// FNV-1a. Whoever looks something up by it compares the texts.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  return hash;
}

// See kSharedOfThread.
std::string run_key(const std::optional<RunId>& id) {
  return id ? std::string(id->uuid.bytes.begin(), id->uuid.bytes.end()) : std::string();
}

Checkpoint checkpoint_from(Query& sql) {
  Checkpoint checkpoint;
  std::string value_ids;
  std::optional<std::string> shared;
  sql >> checkpoint.thread_id >> checkpoint.checkpoint_ns >> checkpoint.checkpoint_id >> checkpoint.parent_id;
  sql >> checkpoint.run_id >> checkpoint.created_at >> checkpoint.step >> checkpoint.source >> value_ids;
  sql >> checkpoint.metadata_json >> checkpoint.channels_json >> checkpoint.seen_json >> shared;
  checkpoint.value_ids = value_ids_from(value_ids);
  checkpoint.shared_metadata_json = std::move(shared).value_or("");
  return checkpoint;
}

// Everything but the id, which is what was asked for.
ChannelValue value_from(Query& sql, ValueId id) {
  ChannelValue value;
  std::optional<std::string> base;
  value.value_id = id;
  sql >> value.checkpoint_ns >> value.channel >> base >> value.level >> value.items >> value.codec >> value.data;
  if (base) value.base = value_ids_from(*base).at(0);
  return value;
}

}  // namespace

CheckpointTable::CheckpointTable(const SQLite::Database& database)
    : find_(database, kColumns + kInNamespace + "AND c.checkpoint_id = :id"),
      exists_(database, R"sql(
        SELECT 1 FROM checkpoints
        WHERE thread_id = :thread_id AND checkpoint_ns = :checkpoint_ns AND checkpoint_id = :id
      )sql"),
      newest_(database, kColumns + kInNamespace + "ORDER BY c.checkpoint_id DESC LIMIT 1"),
      newest_id_(database, R"sql(
        SELECT checkpoint_id FROM checkpoints WHERE thread_id = :thread_id AND checkpoint_ns = :checkpoint_ns
        ORDER BY checkpoint_id DESC LIMIT 1
      )sql"),
      head_(database, R"sql(
        SELECT checkpoint_id, parent_id FROM checkpoints
        WHERE thread_id = :thread_id AND checkpoint_ns = :checkpoint_ns
        ORDER BY checkpoint_id DESC LIMIT 1
      )sql"),
      newest_before_(database,
                     kColumns + kInNamespace + "AND c.checkpoint_id < :id ORDER BY c.checkpoint_id DESC LIMIT 1"),
      // Every id is between no bytes and 17 bytes of ff. The range lets the key find the first row, whatever is asked.
      list_(database, kColumns + kInNamespace + R"sql(
        AND c.checkpoint_id BETWEEN coalesce(:only, x'')
                                AND coalesce(:only, :before, x'ffffffffffffffffffffffffffffffffff')
        AND (:before IS NULL OR c.checkpoint_id < :before)
        AND overlay_contains(s.metadata_json, c.metadata_json, c.source, c.step, :filter)
        ORDER BY c.checkpoint_id DESC LIMIT :limit
      )sql"),
      pending_writes_(database, R"sql(
        SELECT checkpoint_ns, checkpoint_id, task_id, task_path, writes FROM pending_writes
        WHERE thread_id = :thread_id AND checkpoint_ns = :checkpoint_ns AND checkpoint_id = :id
        ORDER BY task_path, task_id
      )sql"),
      value_(database, R"sql(
        SELECT checkpoint_ns, channel, base, level, items, codec, data FROM channel_values
        WHERE thread_id = :thread_id AND value_id = :value_id
      )sql"),
      namespaces_(database, kNamespaces),
      size_of_rows_(database, kSizeOfRows),
      size_of_values_(database, kReachedValues + "SELECT channel, count(*), sum(length(data)) FROM channel_values" +
                                    kValuesOfThread + "GROUP BY channel"),
      insert_(database, R"sql(
        INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_id, run_id, created_at, step, source,
                                 shared_id, value_ids, metadata_json, channels_json, seen_json)
        VALUES (:thread_id, :checkpoint_ns, :checkpoint_id, :parent_id, :run_id, :created_at, :step, :source,
                :shared_id, :value_ids, :metadata_json, :channels_json, :seen_json)
      )sql"),
      insert_value_(database, R"sql(
        INSERT INTO channel_values (thread_id, value_id, base, level, items, checkpoint_ns, channel, codec, data)
        VALUES (:thread_id, :value_id, :base, :level, :items, :checkpoint_ns, :channel, :codec, :data)
      )sql"),
      find_shared_(database, R"sql(
        SELECT metadata_json = :metadata_json FROM shared_metadata
        WHERE run_id = :run_id AND thread_id = :thread_id AND shared_id = :shared_id
      )sql"),
      insert_shared_(database, R"sql(
        INSERT INTO shared_metadata (run_id, thread_id, shared_id, metadata_json)
        VALUES (:run_id, :thread_id, :shared_id, :metadata_json)
      )sql"),
      put_writes_(database, R"sql(
        INSERT INTO pending_writes (thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, writes)
        VALUES (:thread_id, :checkpoint_ns, :checkpoint_id, :task_id, :task_path, :writes)
        ON CONFLICT DO UPDATE SET task_path = excluded.task_path, writes = excluded.writes
      )sql"),
      eraser_(database),
      copy_with_metadata_{Statement(database, kCopyCheckpoints), Statement(database, kCopyShared)},
      copy_{Statement(database, kCopyValues), Statement(database, kCopyPendingWrites)} {}

std::optional<Checkpoint> CheckpointTable::find(ThreadId thread_id, const std::string& checkpoint_ns,
                                                CheckpointId id) const {
  return first_of(find_, thread_id, checkpoint_ns, id);
}

bool CheckpointTable::exists(ThreadId thread_id, const std::string& checkpoint_ns, CheckpointId id) const {
  Query sql(exists_);
  sql.bind(":thread_id", thread_id).bind(":checkpoint_ns", checkpoint_ns).bind(":id", id);
  return sql.next();
}

std::optional<Checkpoint> CheckpointTable::newest(ThreadId thread_id, const std::string& checkpoint_ns) const {
  return first_of(newest_, thread_id, checkpoint_ns, std::nullopt);
}

std::optional<CheckpointId> CheckpointTable::newest_id(ThreadId thread_id, const std::string& checkpoint_ns) const {
  Query sql(newest_id_);
  sql.bind(":thread_id", thread_id).bind(":checkpoint_ns", checkpoint_ns);
  std::optional<CheckpointId> id;
  if (sql.next()) sql >> id;
  return id;
}

std::optional<CheckpointHead> CheckpointTable::head(ThreadId thread_id, const std::string& checkpoint_ns) const {
  Query sql(head_);
  sql.bind(":thread_id", thread_id).bind(":checkpoint_ns", checkpoint_ns);
  if (!sql.next()) return std::nullopt;
  CheckpointHead head;
  sql >> head.id >> head.parent;
  return head;
}

std::optional<Checkpoint> CheckpointTable::newest_before(ThreadId thread_id, const std::string& checkpoint_ns,
                                                         CheckpointId bound) const {
  return first_of(newest_before_, thread_id, checkpoint_ns, bound);
}

std::optional<Checkpoint> CheckpointTable::first_of(Statement& statement, ThreadId thread_id,
                                                    const std::string& checkpoint_ns,
                                                    std::optional<CheckpointId> id) const {
  Query sql(statement);
  sql.bind(":thread_id", thread_id).bind(":checkpoint_ns", checkpoint_ns).bind(":id", id);
  if (!sql.next()) return std::nullopt;
  return checkpoint_from(sql);
}

std::vector<Checkpoint> CheckpointTable::list(const CheckpointQuery& query) const {
  std::vector<Checkpoint> found;
  Query sql(list_);
  sql.bind(":thread_id", query.thread_id).bind(":checkpoint_ns", query.checkpoint_ns);
  sql.bind(":before", query.before).bind(":only", query.only);
  sql.bind(":filter", query.metadata_filter_json).bind(":limit", query.limit);
  while (sql.next()) found.push_back(checkpoint_from(sql));
  return found;
}

std::vector<PendingWrites> CheckpointTable::pending_writes(ThreadId thread_id, const std::string& checkpoint_ns,
                                                           CheckpointId id) const {
  std::vector<PendingWrites> found;
  Query sql(pending_writes_);
  sql.bind(":thread_id", thread_id).bind(":checkpoint_ns", checkpoint_ns).bind(":id", id);
  while (sql.next()) {
    PendingWrites writes;
    sql >> writes.checkpoint_ns >> writes.checkpoint_id >> writes.task_id >> writes.task_path >> writes.writes;
    found.push_back(std::move(writes));
  }
  return found;
}

std::vector<ChannelValue> CheckpointTable::value(ThreadId thread_id, ValueId id, const FindKnownPart& known) const {
  std::vector<ChannelValue> parts;
  std::size_t followed = 0;
  for (std::optional<ValueId> next = id; next; ++followed) {
    if (const std::optional<KnownPart> part = known ? known(*next) : std::nullopt; part && followed < kPartsMax) {
      next = part->base;
      continue;
    }
    const std::string value_id = value_id_bytes(*next);
    Query sql(value_);
    sql.bind(":thread_id", thread_id).bind_blob(":value_id", value_id);
    if (followed == kPartsMax || !sql.next()) {
      if (followed == 0) return parts;
      const std::string channel = parts.empty() ? "a channel" : "the channel " + parts.back().channel;
      throw StorageError("thread " + thread_id.text() + " lacks a part of " + channel +
                         "; the database is damaged, restore a backup");
    }
    parts.push_back(value_from(sql, *next));
    next = parts.back().base;
  }
  std::ranges::reverse(parts);
  return parts;
}

std::vector<std::string> CheckpointTable::namespaces(ThreadId thread_id) const {
  std::vector<std::string> found;
  Query sql(namespaces_);
  sql.bind(":thread_id", thread_id);
  while (sql.next()) sql >> found.emplace_back();
  return found;
}

void CheckpointTable::insert(const Checkpoint& checkpoint, const std::vector<ChannelValue>& new_values) {
  for (const ChannelValue& value : new_values) insert_value(checkpoint.thread_id, value);

  std::optional<std::int64_t> shared_id;
  if (!checkpoint.shared_metadata_json.empty()) shared_id = shared_id_of(checkpoint);
  std::string value_ids;
  for (const ValueId id : checkpoint.value_ids) append_value_id(value_ids, id);

  Query sql(insert_);
  sql.bind(":thread_id", checkpoint.thread_id).bind(":checkpoint_ns", checkpoint.checkpoint_ns);
  sql.bind(":checkpoint_id", checkpoint.checkpoint_id).bind(":parent_id", checkpoint.parent_id);
  sql.bind(":run_id", checkpoint.run_id).bind(":created_at", checkpoint.created_at);
  sql.bind(":step", checkpoint.step).bind(":source", checkpoint.source).bind(":shared_id", shared_id);
  sql.bind_blob(":value_ids", value_ids).bind(":metadata_json", checkpoint.metadata_json);
  sql.bind(":channels_json", checkpoint.channels_json).bind(":seen_json", checkpoint.seen_json);
  sql.run();
}

void CheckpointTable::insert_value(ThreadId thread_id, const ChannelValue& value) {
  assert(value.base != value.value_id);
  const std::string value_id = value_id_bytes(value.value_id);
  const std::string base = value_id_bytes(value.base.value_or(0));
  Query sql(insert_value_);
  sql.bind(":thread_id", thread_id).bind_blob(":value_id", value_id);
  if (value.base) sql.bind_blob(":base", base);
  sql.bind(":level", value.level).bind(":items", value.items).bind(":checkpoint_ns", value.checkpoint_ns);
  sql.bind(":channel", value.channel).bind(":codec", value.codec).bind_blob(":data", value.data);
  sql.run();
}

StateSize CheckpointTable::size_of(ThreadId thread_id) const {
  StateSize size;
  Query rows(size_of_rows_);
  rows.bind(":thread_id", thread_id);
  if (rows.next()) {
    std::int64_t shared_bytes = 0;
    rows >> size.checkpoints.count >> size.checkpoints.bytes >> shared_bytes;
    rows >> size.pending_writes.count >> size.pending_writes.bytes;
    size.checkpoints.bytes += shared_bytes;
  }
  Query values(size_of_values_);
  values.bind(":thread_id", thread_id);
  while (values.next()) {
    std::string channel;
    StateSize::Part part;
    values >> channel >> part.count >> part.bytes;
    size.channel_values.count += part.count;
    size.channel_values.bytes += part.bytes;
    size.by_channel.emplace(std::move(channel), part);
  }
  return size;
}

// Finds the text under its hash, or under one of the numbers behind it when other texts are there.
std::int64_t CheckpointTable::shared_id_of(const Checkpoint& checkpoint) {
  const std::string& metadata_json = checkpoint.shared_metadata_json;
  const std::string run_id = run_key(checkpoint.run_id);
  for (std::uint64_t number = hash_of(metadata_json);; ++number) {
    const auto shared_id = static_cast<std::int64_t>(number);
    Query found(find_shared_);
    found.bind_blob(":run_id", run_id).bind(":thread_id", checkpoint.thread_id).bind(":shared_id", shared_id);
    found.bind(":metadata_json", metadata_json);
    if (!found.next()) {
      Query sql(insert_shared_);
      sql.bind_blob(":run_id", run_id).bind(":thread_id", checkpoint.thread_id).bind(":shared_id", shared_id);
      sql.bind(":metadata_json", metadata_json).run();
      return shared_id;
    }
    bool is_same = false;
    found >> is_same;
    if (is_same) return shared_id;
  }
}

void CheckpointTable::put_writes(ThreadId thread_id, const PendingWrites& writes) {
  Query sql(put_writes_);
  sql.bind(":thread_id", thread_id).bind(":checkpoint_ns", writes.checkpoint_ns);
  sql.bind(":checkpoint_id", writes.checkpoint_id).bind(":task_id", writes.task_id);
  sql.bind(":task_path", writes.task_path).bind(":writes", writes.writes);
  sql.run();
}

void CheckpointTable::erase_run(ThreadId thread_id, RunId run_id) {
  eraser_.erase_run(thread_id, run_id);
}

void CheckpointTable::keep_newest(ThreadId thread_id) {
  eraser_.keep_newest(thread_id);
}

void CheckpointTable::copy(ThreadId from, ThreadId to) {
  const std::string to_text = to.text();
  for (Statement& statement : copy_with_metadata_) {
    Query sql(statement);
    sql.bind(":thread_id", from).bind(":to", to).bind(":to_text", to_text).run();
  }
  for (Statement& statement : copy_) {
    Query sql(statement);
    sql.bind(":thread_id", from).bind(":to", to).run();
  }
}

}  // namespace heddle::storage::sqlite
