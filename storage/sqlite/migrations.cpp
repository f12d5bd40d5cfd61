#include "storage/sqlite/migrations.h"

#include <SQLiteCpp/Transaction.h>

#include <array>

#include "storage/error.h"
#include "storage/sqlite/schema.h"

namespace heddle::storage::sqlite {
namespace {

// "hedd": tells our files from other SQLite databases.
constexpr int kApplicationId = 0x68656464;

// What tables are for, and why they are as they are, is told in schema.cpp.
constexpr const char* kFirst = R"sql(
CREATE TABLE assistants (
  assistant_id BLOB PRIMARY KEY,
  owner TEXT NOT NULL,
  version INTEGER NOT NULL,        -- the current one of its versions
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX assistants_of_owner ON assistants (owner, created_at, assistant_id);

CREATE TABLE assistant_versions (
  assistant_id BLOB NOT NULL REFERENCES assistants ON DELETE CASCADE,
  version INTEGER NOT NULL,
  graph_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  config_json TEXT NOT NULL,
  context_json TEXT NOT NULL,
  metadata_json TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (assistant_id, version)
) WITHOUT ROWID;

CREATE TABLE threads (
  thread_id BLOB PRIMARY KEY,
  owner TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  status TEXT NOT NULL,
  metadata_json TEXT NOT NULL,
  config_json TEXT NOT NULL,
  values_checkpoint BLOB,
  interrupts_json TEXT,
  error_json TEXT,
  ttl_json TEXT,
  expires_at INTEGER
);
CREATE INDEX threads_of_owner ON threads (owner, created_at, thread_id);

CREATE TABLE runs (
  run_id BLOB PRIMARY KEY,
  thread_id BLOB NOT NULL,
  assistant_id BLOB NOT NULL,
  owner TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  status TEXT NOT NULL,
  multitask_strategy TEXT NOT NULL,
  on_completion TEXT NOT NULL,
  metadata_json TEXT NOT NULL,
  kwargs_json TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  error_json TEXT,
  had_hidden_keys INTEGER NOT NULL
);
CREATE INDEX runs_of_thread ON runs (thread_id, owner, created_at, run_id);
CREATE INDEX runs_in_flight ON runs (thread_id, created_at, run_id) WHERE status IN ('pending', 'running');

CREATE TABLE event_segments (
  thread_id BLOB NOT NULL,
  run_id BLOB NOT NULL,
  first_fact INTEGER NOT NULL,
  facts TEXT NOT NULL,
  PRIMARY KEY (thread_id, run_id, first_fact)
) WITHOUT ROWID;

CREATE TABLE items (
  owner TEXT NOT NULL,
  name_space TEXT NOT NULL,        -- labels, each followed by U+001F
  key TEXT NOT NULL,
  value_json TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (owner, name_space, key)
) WITHOUT ROWID;
CREATE INDEX items_by_expiry ON items (expires_at) WHERE expires_at IS NOT NULL;

-- Short columns first, so that relinking and collecting read no overflow pages.
CREATE TABLE checkpoints (
  thread_id BLOB NOT NULL,
  checkpoint_ns TEXT NOT NULL,
  checkpoint_id BLOB NOT NULL,
  parent_id BLOB,
  run_id BLOB,
  created_at INTEGER NOT NULL,
  step INTEGER NOT NULL,
  source TEXT NOT NULL,
  shared_id INTEGER,               -- into shared_metadata
  value_ids BLOB NOT NULL,         -- 8 bytes each
  metadata_json TEXT NOT NULL,
  channels_json TEXT NOT NULL,
  seen_json TEXT NOT NULL,
  PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id)
) WITHOUT ROWID;

CREATE TABLE shared_metadata (
  thread_id BLOB NOT NULL,
  shared_id INTEGER NOT NULL,      -- made from a hash of the text, to find it again
  metadata_json TEXT NOT NULL,
  PRIMARY KEY (thread_id, shared_id)
) WITHOUT ROWID;

CREATE TABLE channel_values (
  thread_id BLOB NOT NULL,
  value_id BLOB NOT NULL,
  base BLOB,                       -- the value_id of the parts before this one
  level INTEGER NOT NULL,
  items INTEGER NOT NULL,
  checkpoint_ns TEXT NOT NULL,
  channel TEXT NOT NULL,
  codec TEXT NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (thread_id, value_id)
) WITHOUT ROWID;

CREATE TABLE pending_writes (
  thread_id BLOB NOT NULL,
  checkpoint_ns TEXT NOT NULL,
  checkpoint_id BLOB NOT NULL,
  task_id BLOB NOT NULL,
  task_path TEXT NOT NULL,
  writes TEXT NOT NULL,
  PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id)
) WITHOUT ROWID;
)sql";

// The outbox of webhooks; the body last, so that looking for the next call reads no overflow pages.
constexpr const char* kWebhooks = R"sql(
ALTER TABLE runs ADD COLUMN started_at INTEGER;

CREATE TABLE webhooks (
  run_id BLOB PRIMARY KEY,
  thread_id BLOB NOT NULL,
  owner TEXT NOT NULL,
  ended_at INTEGER NOT NULL,
  next_attempt INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  url TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX webhooks_by_time ON webhooks (next_attempt, run_id, thread_id, ended_at);
CREATE INDEX webhooks_of_thread ON webhooks (thread_id, ended_at, run_id);
)sql";

constexpr const char* kCrons = R"sql(
CREATE TABLE crons (
  cron_id BLOB PRIMARY KEY,
  owner TEXT NOT NULL,
  assistant_id BLOB NOT NULL REFERENCES assistants ON DELETE CASCADE,
  thread_id BLOB,                  -- NULL: a new thread for every run
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  schedule TEXT NOT NULL,
  timezone TEXT,
  end_time INTEGER,
  enabled INTEGER NOT NULL,
  next_run_date INTEGER,           -- NULL: does not fire
  on_run_completed TEXT NOT NULL,
  payload_json TEXT NOT NULL,
  metadata_json TEXT NOT NULL
);
CREATE INDEX crons_of_owner ON crons (owner, created_at, cron_id);
CREATE INDEX crons_of_assistant ON crons (assistant_id);
CREATE INDEX crons_of_thread ON crons (thread_id) WHERE thread_id IS NOT NULL;
CREATE INDEX crons_due ON crons (next_run_date, cron_id) WHERE next_run_date IS NOT NULL;
)sql";

constexpr const char* kCancelReason = R"sql(
ALTER TABLE runs ADD COLUMN cancel_reason TEXT;
)sql";

// In microseconds, beside expires_at, so that what is used can live as long again. Threads have had one in ttl_json.
constexpr const char* kTimeToLive = R"sql(
ALTER TABLE items ADD COLUMN time_to_live INTEGER;
ALTER TABLE threads ADD COLUMN time_to_live INTEGER;
UPDATE threads
SET time_to_live = CAST(min(json_extract(ttl_json, '$.ttl_minutes'), 52596000.0) * 60000000 AS INTEGER)
WHERE ttl_json IS NOT NULL;
CREATE INDEX threads_by_expiry ON threads (expires_at, thread_id) WHERE expires_at IS NOT NULL;
)sql";

// AUTOINCREMENT, because a vector is known by its id for as long as the process lives. place: of one item, from 0.
constexpr const char* kItemVectors = R"sql(
CREATE TABLE item_vectors (
  vector_id INTEGER PRIMARY KEY AUTOINCREMENT,
  owner TEXT NOT NULL,
  name_space TEXT NOT NULL,
  key TEXT NOT NULL,
  place INTEGER NOT NULL,
  model TEXT NOT NULL,
  vector BLOB NOT NULL,            -- 32-bit floats, little-endian, of length one
  FOREIGN KEY (owner, name_space, key) REFERENCES items ON DELETE CASCADE
);
CREATE INDEX item_vectors_of_item ON item_vectors (owner, name_space, key, place, model);
)sql";

// What interrupted threads wait for outside.
constexpr const char* kAwaited = R"sql(
CREATE TABLE awaited (
  thread_id BLOB NOT NULL,
  interrupt_id TEXT NOT NULL,
  owner TEXT NOT NULL,
  run_id BLOB NOT NULL,
  probe TEXT NOT NULL,
  subject_json TEXT NOT NULL,
  interval_ms INTEGER NOT NULL,
  due INTEGER NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (thread_id, interrupt_id)
) WITHOUT ROWID;
CREATE INDEX awaited_by_time ON awaited (due, thread_id, interrupt_id);
)sql";

// The stream of a thread reads its runs in the order in which they began.
constexpr const char* kRunsByStart = R"sql(
CREATE INDEX runs_by_start ON runs (thread_id, owner, started_at, run_id) WHERE started_at IS NOT NULL;
)sql";

// Secrets of runs in flight under a key that is not in the file; how long ago runs ended; and a row that is
// written to see whether commits get through.
constexpr const char* kSealedAndMarks = R"sql(
CREATE TABLE sealed_secrets (
  run_id BLOB PRIMARY KEY,
  thread_id BLOB NOT NULL,
  key_id BLOB NOT NULL,
  nonce BLOB NOT NULL,
  ciphertext BLOB NOT NULL
);
CREATE INDEX sealed_secrets_of_thread ON sealed_secrets (thread_id);
CREATE TABLE mark (id INTEGER PRIMARY KEY CHECK (id = 1), made_at INTEGER NOT NULL);
CREATE INDEX runs_ended ON runs (updated_at) WHERE status NOT IN ('pending', 'running');
)sql";

// What runs add is appended: keys begin with what rises with time, the id of a run, a checkpoint or a value. Rows that
// stood by thread in the middle of a table had a page of their own for every thread that wrote, and filled pages were
// divided among their neighbours. Only checkpoints have an index by thread; what they lead to is found through them.
constexpr const char* kAppended = R"sql(
CREATE TABLE appended_segments (
  run_id BLOB NOT NULL,
  first_fact INTEGER NOT NULL,
  thread_id BLOB NOT NULL,
  facts TEXT NOT NULL,
  PRIMARY KEY (run_id, first_fact)
) WITHOUT ROWID;
-- By the key of runs, so that nothing has to be sorted in memory.
INSERT INTO appended_segments (run_id, first_fact, thread_id, facts)
SELECT e.run_id, e.first_fact, e.thread_id, e.facts
FROM runs AS r CROSS JOIN event_segments AS e ON e.thread_id = r.thread_id AND e.run_id = r.run_id
ORDER BY r.run_id;
DROP TABLE event_segments;
ALTER TABLE appended_segments RENAME TO event_segments;

CREATE TABLE appended_checkpoints (
  thread_id BLOB NOT NULL,
  checkpoint_ns TEXT NOT NULL,
  checkpoint_id BLOB NOT NULL,
  parent_id BLOB,
  run_id BLOB,
  created_at INTEGER NOT NULL,
  step INTEGER NOT NULL,
  source TEXT NOT NULL,
  shared_id INTEGER,
  value_ids BLOB NOT NULL,
  metadata_json TEXT NOT NULL,
  channels_json TEXT NOT NULL,
  seen_json TEXT NOT NULL,
  PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id)
);
INSERT INTO appended_checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_id, run_id, created_at, step, source,
                                  shared_id, value_ids, metadata_json, channels_json, seen_json)
SELECT thread_id, checkpoint_ns, checkpoint_id, parent_id, run_id, created_at, step, source,
       shared_id, value_ids, metadata_json, channels_json, seen_json
FROM checkpoints ORDER BY thread_id, checkpoint_ns, checkpoint_id;
DROP TABLE checkpoints;
ALTER TABLE appended_checkpoints RENAME TO checkpoints;

CREATE TABLE appended_writes (
  checkpoint_id BLOB NOT NULL,
  thread_id BLOB NOT NULL,
  checkpoint_ns TEXT NOT NULL,
  task_id BLOB NOT NULL,
  task_path TEXT NOT NULL,
  writes TEXT NOT NULL,
  PRIMARY KEY (checkpoint_id, thread_id, checkpoint_ns, task_id)
) WITHOUT ROWID;
-- Sorted without their contents. LIMIT -1 keeps SQLite from leaving the order of a subquery out.
INSERT INTO appended_writes (checkpoint_id, thread_id, checkpoint_ns, task_id, task_path, writes)
SELECT w.checkpoint_id, w.thread_id, w.checkpoint_ns, w.task_id, w.task_path, w.writes
FROM (SELECT checkpoint_id, thread_id, checkpoint_ns, task_id FROM pending_writes
      ORDER BY checkpoint_id, thread_id, checkpoint_ns, task_id LIMIT -1)
  CROSS JOIN pending_writes AS w USING (checkpoint_id, thread_id, checkpoint_ns, task_id);
DROP TABLE pending_writes;
ALTER TABLE appended_writes RENAME TO pending_writes;

CREATE TABLE appended_values (
  value_id BLOB NOT NULL,
  thread_id BLOB NOT NULL,
  base BLOB,
  level INTEGER NOT NULL,
  items INTEGER NOT NULL,
  checkpoint_ns TEXT NOT NULL,
  channel TEXT NOT NULL,
  codec TEXT NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (value_id, thread_id)
) WITHOUT ROWID;
INSERT INTO appended_values (value_id, thread_id, base, level, items, checkpoint_ns, channel, codec, data)
SELECT v.value_id, v.thread_id, v.base, v.level, v.items, v.checkpoint_ns, v.channel, v.codec, v.data
FROM (SELECT value_id, thread_id FROM channel_values ORDER BY value_id, thread_id LIMIT -1)
  CROSS JOIN channel_values AS v USING (value_id, thread_id);
DROP TABLE channel_values;
ALTER TABLE appended_values RENAME TO channel_values;

CREATE TABLE appended_metadata (
  run_id BLOB NOT NULL,            -- x'': of checkpoints that no run made
  thread_id BLOB NOT NULL,
  shared_id INTEGER NOT NULL,
  metadata_json TEXT NOT NULL,
  PRIMARY KEY (run_id, thread_id, shared_id)
) WITHOUT ROWID;
INSERT INTO appended_metadata (run_id, thread_id, shared_id, metadata_json)
SELECT k.run_id, k.thread_id, k.shared_id, s.metadata_json
FROM (SELECT DISTINCT coalesce(run_id, x'') AS run_id, thread_id, shared_id FROM checkpoints
      WHERE shared_id IS NOT NULL ORDER BY 1, 2, 3 LIMIT -1) AS k
  CROSS JOIN shared_metadata AS s ON s.thread_id = k.thread_id AND s.shared_id = k.shared_id;
DROP TABLE shared_metadata;
ALTER TABLE appended_metadata RENAME TO shared_metadata;

-- A run that began when it was made, as most do, stands in runs_of_thread in the right order.
DROP INDEX runs_by_start;
CREATE INDEX runs_by_start ON runs (thread_id, owner, started_at, run_id) WHERE started_at <> created_at;
)sql";

// Step n leads from version n to n + 1. A step that has been released is never edited.
constexpr std::array<const char*, 10> kSteps = {kFirst,       kWebhooks, kCrons,       kCancelReason,   kTimeToLive,
                                                kItemVectors, kAwaited,  kRunsByStart, kSealedAndMarks, kAppended};

void note_version(SQLite::Database& database, int version) {
  database.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
  database.exec("PRAGMA user_version = " + std::to_string(version));
}

}  // namespace

int newest_schema_version() {
  return static_cast<int>(kSteps.size());
}

bool is_ours(SQLite::Database& database) {
  return database.execAndGet("PRAGMA application_id").getInt() == kApplicationId;
}

void migrate(SQLite::Database& database, const std::string& path) {
  const int version = database.execAndGet("PRAGMA user_version").getInt();
  const int application = database.execAndGet("PRAGMA application_id").getInt();
  const bool is_new = database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
  // Without a table there is nothing that a version could be of.
  const bool is_ours_or_empty = application == kApplicationId || (is_new && version == 0);
  if (!is_ours_or_empty) {
    throw StorageError("database \"" + path + "\" belongs to another program; name another file");
  }
  if (version > newest_schema_version()) {
    throw StorageError("database \"" + path + "\" was written by a newer heddle (schema " + std::to_string(version) +
                       ", this one knows " + std::to_string(newest_schema_version()) +
                       "); use that version or restore a backup");
  }
  if (version > 0) {
    take_steps(database, version);
    return;
  }
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  database.exec(kSchema);
  note_version(database, newest_schema_version());
  transaction.commit();
}

void take_steps(SQLite::Database& database, int version) {
  // Each is kept when it is done, so that a large database that is interrupted goes on from there.
  for (int step = version; step < newest_schema_version(); ++step) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    database.exec(kSteps[static_cast<std::size_t>(step)]);
    note_version(database, step + 1);
    transaction.commit();
  }
}

}  // namespace heddle::storage::sqlite
