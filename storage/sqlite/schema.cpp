#include "storage/sqlite/schema.h"

namespace heddle::storage::sqlite {

// Ids are 16-byte BLOBs, times INTEGER microseconds since 1970 UTC, value ids 8-byte BLOBs (big-endian).
//
// What runs add is appended: keys begin with what rises with time, the id of a run, a checkpoint or a value. Of that
// only checkpoints have an index by thread; what they lead to is found through them. A thread's records carry its id
// but no foreign key: they are erased with it by their key, and a check per checkpoint would be paid for on every
// superstep. Large columns of checkpoints and webhooks are the last of their rows, so that looking for rows reads no
// overflow pages.
const char* const kSchema = R"sql(
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
  expires_at INTEGER,
  time_to_live INTEGER             -- microseconds, so that what is used can live as long again
);
CREATE INDEX threads_of_owner ON threads (owner, created_at, thread_id);
CREATE INDEX threads_by_expiry ON threads (expires_at, thread_id) WHERE expires_at IS NOT NULL;

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
  had_hidden_keys INTEGER NOT NULL,
  started_at INTEGER,
  cancel_reason TEXT
);
CREATE INDEX runs_of_thread ON runs (thread_id, owner, created_at, run_id);
CREATE INDEX runs_in_flight ON runs (thread_id, created_at, run_id) WHERE status IN ('pending', 'running');
-- The stream of a thread reads its runs in the order in which they began, which is mostly that of runs_of_thread.
CREATE INDEX runs_by_start ON runs (thread_id, owner, started_at, run_id) WHERE started_at <> created_at;
CREATE INDEX runs_ended ON runs (updated_at) WHERE status NOT IN ('pending', 'running');

CREATE TABLE event_segments (
  run_id BLOB NOT NULL,
  first_fact INTEGER NOT NULL,
  thread_id BLOB NOT NULL,
  facts TEXT NOT NULL,
  PRIMARY KEY (run_id, first_fact)
) WITHOUT ROWID;

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
);

CREATE TABLE shared_metadata (
  run_id BLOB NOT NULL,            -- x'': of checkpoints that no run made
  thread_id BLOB NOT NULL,
  shared_id INTEGER NOT NULL,      -- made from a hash of the text, to find it again
  metadata_json TEXT NOT NULL,
  PRIMARY KEY (run_id, thread_id, shared_id)
) WITHOUT ROWID;

CREATE TABLE channel_values (
  value_id BLOB NOT NULL,
  thread_id BLOB NOT NULL,
  base BLOB,                       -- the value_id of the parts before this one
  level INTEGER NOT NULL,
  items INTEGER NOT NULL,
  checkpoint_ns TEXT NOT NULL,
  channel TEXT NOT NULL,
  codec TEXT NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (value_id, thread_id)
) WITHOUT ROWID;

CREATE TABLE pending_writes (
  checkpoint_id BLOB NOT NULL,
  thread_id BLOB NOT NULL,
  checkpoint_ns TEXT NOT NULL,
  task_id BLOB NOT NULL,
  task_path TEXT NOT NULL,
  writes TEXT NOT NULL,
  PRIMARY KEY (checkpoint_id, thread_id, checkpoint_ns, task_id)
) WITHOUT ROWID;

-- What interrupted threads wait for outside.
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

-- Secrets of runs in flight, under a key that is not in the file.
CREATE TABLE sealed_secrets (
  run_id BLOB PRIMARY KEY,
  thread_id BLOB NOT NULL,
  key_id BLOB NOT NULL,
  nonce BLOB NOT NULL,
  ciphertext BLOB NOT NULL
);
CREATE INDEX sealed_secrets_of_thread ON sealed_secrets (thread_id);

-- The outbox of webhooks.
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

CREATE TABLE items (
  owner TEXT NOT NULL,
  name_space TEXT NOT NULL,        -- labels, each followed by U+001F
  key TEXT NOT NULL,
  value_json TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER,
  time_to_live INTEGER,            -- as of threads
  PRIMARY KEY (owner, name_space, key)
) WITHOUT ROWID;
CREATE INDEX items_by_expiry ON items (expires_at) WHERE expires_at IS NOT NULL;

-- AUTOINCREMENT, because a vector is known by its id for as long as the process lives. place: of one item, from 0.
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

-- A row that is written to see whether commits get through.
CREATE TABLE mark (id INTEGER PRIMARY KEY CHECK (id = 1), made_at INTEGER NOT NULL);
)sql";

}  // namespace heddle::storage::sqlite
