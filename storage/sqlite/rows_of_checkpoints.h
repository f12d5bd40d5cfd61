#pragma once
// SQL for the rows that checkpoints lead to. They stand in the order in which they were made, so that what runs write
// is appended, and are not found by their thread alone.

#include <string>

namespace heddle::storage::sqlite {

// A table `reached` with the ids of all values of :thread_id: takes the value ids of each checkpoint apart, and follows
// each value to the parts below it. Begins a statement.
inline const std::string kReachedValues = R"sql(
  WITH RECURSIVE
    place(at) AS (
      VALUES (1)
      UNION ALL
      SELECT at + 8 FROM place
      WHERE at + 8 < (SELECT max(length(value_ids)) FROM checkpoints WHERE thread_id = :thread_id)),
    reached(id) AS (
      SELECT substr(c.value_ids, place.at, 8) FROM checkpoints AS c JOIN place ON place.at < length(c.value_ids)
      WHERE c.thread_id = :thread_id
      UNION
      SELECT v.base FROM reached JOIN channel_values AS v ON v.value_id = reached.id AND v.thread_id = :thread_id
      WHERE v.base IS NOT NULL)
)sql";

// Conditions: the rows of :thread_id, in each table.
inline const std::string kValuesOfThread = " WHERE thread_id = :thread_id AND value_id IN (SELECT id FROM reached) ";
inline const std::string kWritesOfThread = R"sql(
  WHERE (checkpoint_id, thread_id, checkpoint_ns) IN (
    SELECT checkpoint_id, thread_id, checkpoint_ns FROM checkpoints WHERE thread_id = :thread_id)
)sql";
// Of checkpoints that no run made, the run is x'' here.
inline const std::string kSharedOfThread = R"sql(
  WHERE thread_id = :thread_id
    AND run_id IN (SELECT coalesce(run_id, x'') FROM checkpoints WHERE thread_id = :thread_id)
)sql";

}  // namespace heddle::storage::sqlite
