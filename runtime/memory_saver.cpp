#include "runtime/memory_saver.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "runtime/containment.h"
#include "runtime/json.h"

namespace heddle::runtime {
namespace {

auto order_of(const TaskWrites& writes) {
  return std::tie(writes.task_path, writes.task_id);
}

}  // namespace

LoadedCheckpoint MemorySaver::loaded(const Checkpoint& checkpoint) const {
  const auto pending = pending_.find(Place{checkpoint.checkpoint_ns, checkpoint.id});
  return {checkpoint, pending == pending_.end() ? std::vector<TaskWrites>() : pending->second};
}

boost::asio::awaitable<std::optional<LoadedCheckpoint>> MemorySaver::find(std::string checkpoint_ns, CheckpointId id) {
  const auto in_namespace = checkpoints_.find(checkpoint_ns);
  if (in_namespace == checkpoints_.end()) co_return std::nullopt;
  const auto found = in_namespace->second.find(id);
  if (found == in_namespace->second.end()) co_return std::nullopt;
  co_return loaded(found->second);
}

boost::asio::awaitable<std::optional<LoadedCheckpoint>> MemorySaver::newest(std::string checkpoint_ns) {
  const auto found = checkpoints_.find(checkpoint_ns);
  if (found == checkpoints_.end()) co_return std::nullopt;
  co_return loaded(std::prev(found->second.end())->second);
}

boost::asio::awaitable<std::optional<LoadedCheckpoint>> MemorySaver::newest_before(std::string checkpoint_ns,
                                                                                   CheckpointId bound) {
  const auto found = checkpoints_.find(checkpoint_ns);
  if (found == checkpoints_.end()) co_return std::nullopt;
  const auto end = found->second.lower_bound(bound);
  if (end == found->second.begin()) co_return std::nullopt;
  co_return loaded(std::prev(end)->second);
}

boost::asio::awaitable<std::vector<LoadedCheckpoint>> MemorySaver::history(HistoryQuery query) {
  std::vector<LoadedCheckpoint> found;
  const auto in_namespace = checkpoints_.find(query.checkpoint_ns);
  if (in_namespace == checkpoints_.end()) co_return found;
  const json::value filter(query.metadata);
  const auto& all = in_namespace->second;
  for (auto next = all.rbegin(); next != all.rend() && std::ssize(found) < query.limit; ++next) {
    const auto& [id, checkpoint] = *next;
    if ((query.before && id >= *query.before) || (query.only && id != *query.only)) continue;
    if (contains_json(to_json(checkpoint.metadata), filter)) found.push_back(loaded(checkpoint));
  }
  co_return found;
}

void MemorySaver::put(Checkpoint checkpoint) {
  const CheckpointId id = checkpoint.id;
  checkpoints_[checkpoint.checkpoint_ns].insert_or_assign(id, std::move(checkpoint));
}

void MemorySaver::put_writes(std::string checkpoint_ns, CheckpointId id, TaskWrites writes) {
  std::vector<TaskWrites>& pending = pending_[Place{std::move(checkpoint_ns), id}];
  std::erase_if(pending, [&](const TaskWrites& known) { return known.task_id == writes.task_id; });
  const auto later = std::upper_bound(
      pending.begin(), pending.end(), writes,
      [](const TaskWrites& left, const TaskWrites& right) { return order_of(left) < order_of(right); });
  pending.insert(later, std::move(writes));
}

boost::asio::awaitable<void> MemorySaver::wait_for_room() {
  co_return;
}
boost::asio::awaitable<void> MemorySaver::flush() {
  co_return;
}

}  // namespace heddle::runtime
