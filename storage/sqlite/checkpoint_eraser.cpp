#include "storage/sqlite/checkpoint_eraser.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "storage/sqlite/rows_of_checkpoints.h"

namespace heddle::storage::sqlite {
namespace {

// From the nearest ancestor of every remaining checkpoint whose parent belongs to the run. Only
// remaining rows are changed and only erased ones are climbed, so the order does not matter.
constexpr const char* kRelinkAroundRun = R"sql(
  UPDATE checkpoints AS c
  SET parent_id = (
    WITH RECURSIVE line(id) AS (
      VALUES (c.parent_id)
      UNION ALL
      SELECT p.parent_id FROM line JOIN checkpoints p
        ON p.thread_id = c.thread_id AND p.checkpoint_ns = c.checkpoint_ns AND p.checkpoint_id = line.id
      WHERE p.run_id = :run_id)
    SELECT id FROM line
    WHERE id IS NULL OR NOT EXISTS (
      SELECT 1 FROM checkpoints e
      WHERE e.thread_id = c.thread_id AND e.checkpoint_ns = c.checkpoint_ns AND e.checkpoint_id = line.id
        AND e.run_id = :run_id))
  WHERE c.thread_id = :thread_id AND c.run_id IS NOT :run_id AND EXISTS (
    SELECT 1 FROM checkpoints e
    WHERE e.thread_id = c.thread_id AND e.checkpoint_ns = c.checkpoint_ns AND e.checkpoint_id = c.parent_id
      AND e.run_id = :run_id)
)sql";

constexpr const char* kUnlinkNewest = R"sql(
  UPDATE checkpoints AS c SET parent_id = NULL
  WHERE c.thread_id = :thread_id AND c.parent_id IS NOT NULL AND c.checkpoint_id = (
    SELECT max(n.checkpoint_id) FROM checkpoints n
    WHERE n.thread_id = c.thread_id AND n.checkpoint_ns = c.checkpoint_ns)
)sql";

constexpr const char* kEraseOlder = R"sql(
  DELETE FROM checkpoints
  WHERE thread_id = :thread_id AND (checkpoint_ns, checkpoint_id) NOT IN (
    SELECT checkpoint_ns, max(checkpoint_id) FROM checkpoints WHERE thread_id = :thread_id GROUP BY checkpoint_ns)
)sql";

template <class Key>
std::vector<Key> gone(const std::vector<Key>& before, const std::vector<Key>& after) {
  std::vector<Key> found;
  std::ranges::set_difference(before, after, std::back_inserter(found));
  return found;
}

}  // namespace

// What the checkpoints of a thread lead to. Sorted, and each once.
struct CheckpointEraser::Reached {
  std::vector<std::pair<std::string, CheckpointId>> checkpoints;  // namespace and id
  std::vector<std::string> values;
  std::vector<std::pair<std::string, std::int64_t>> shared;  // run and id
};

CheckpointEraser::CheckpointEraser(const SQLite::Database& database)
    : checkpoints_(database, R"sql(
        SELECT checkpoint_ns, checkpoint_id FROM checkpoints WHERE thread_id = :thread_id
      )sql"),
      values_(database, kReachedValues + "SELECT id FROM reached"),
      shared_(database, R"sql(
        SELECT DISTINCT coalesce(run_id, x''), shared_id FROM checkpoints
        WHERE thread_id = :thread_id AND shared_id IS NOT NULL
      )sql"),
      relink_around_run_(database, kRelinkAroundRun),
      erase_run_(database, "DELETE FROM checkpoints WHERE thread_id = :thread_id AND run_id = :run_id"),
      unlink_newest_(database, kUnlinkNewest),
      erase_older_(database, kEraseOlder),
      erase_writes_(database, R"sql(
        DELETE FROM pending_writes
        WHERE checkpoint_id = :checkpoint_id AND thread_id = :thread_id AND checkpoint_ns = :checkpoint_ns
      )sql"),
      erase_value_(database, "DELETE FROM channel_values WHERE value_id = :value_id AND thread_id = :thread_id"),
      erase_shared_(database, R"sql(
        DELETE FROM shared_metadata WHERE run_id = :run_id AND thread_id = :thread_id AND shared_id = :shared_id
      )sql") {}

void CheckpointEraser::erase_run(ThreadId thread_id, RunId run_id) {
  const Reached before = reached(thread_id);
  for (Statement* statement : {&relink_around_run_, &erase_run_}) {
    Query sql(*statement);
    sql.bind(":thread_id", thread_id).bind(":run_id", run_id).run();
  }
  erase_all_but(reached(thread_id), before, thread_id);
}

void CheckpointEraser::keep_newest(ThreadId thread_id) {
  const Reached before = reached(thread_id);
  for (Statement* statement : {&unlink_newest_, &erase_older_}) {
    Query sql(*statement);
    sql.bind(":thread_id", thread_id).run();
  }
  erase_all_but(reached(thread_id), before, thread_id);
}

CheckpointEraser::Reached CheckpointEraser::reached(ThreadId thread_id) {
  Reached found;
  Query checkpoints(checkpoints_);
  checkpoints.bind(":thread_id", thread_id);
  while (checkpoints.next()) {
    auto& [checkpoint_ns, id] = found.checkpoints.emplace_back();
    checkpoints >> checkpoint_ns >> id;
  }
  Query values(values_);
  values.bind(":thread_id", thread_id);
  while (values.next()) values >> found.values.emplace_back();
  Query shared(shared_);
  shared.bind(":thread_id", thread_id);
  while (shared.next()) {
    auto& [run_id, shared_id] = found.shared.emplace_back();
    shared >> run_id >> shared_id;
  }
  std::ranges::sort(found.checkpoints);
  std::ranges::sort(found.values);
  std::ranges::sort(found.shared);
  return found;
}

void CheckpointEraser::erase_all_but(const Reached& kept, const Reached& before, ThreadId thread_id) {
  for (const auto& [checkpoint_ns, id] : gone(before.checkpoints, kept.checkpoints)) {
    Query sql(erase_writes_);
    sql.bind(":checkpoint_id", id).bind(":thread_id", thread_id).bind(":checkpoint_ns", checkpoint_ns).run();
  }
  for (const std::string& value_id : gone(before.values, kept.values)) {
    Query sql(erase_value_);
    sql.bind_blob(":value_id", value_id).bind(":thread_id", thread_id).run();
  }
  for (const auto& [run_id, shared_id] : gone(before.shared, kept.shared)) {
    Query sql(erase_shared_);
    sql.bind_blob(":run_id", run_id).bind(":thread_id", thread_id).bind(":shared_id", shared_id).run();
  }
}

}  // namespace heddle::storage::sqlite
