#include "runtime/erased_run.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/checkpoint_codec.h"
#include "runtime/json.h"
#include "runtime/pregel/checkpointing.h"
#include "runtime/pregel/reserved.h"

namespace heddle::runtime {
namespace {

// The writes of Commands without those of one run: each Command begins with the name of its run.
std::vector<ChannelWrite> without_run(std::vector<ChannelWrite> writes, std::string_view run_id) {
  std::vector<ChannelWrite> kept;
  bool is_of_run = false;
  for (ChannelWrite& write : writes) {
    if (write.channel == reserved::kCommandRun) is_of_run = find_text(write.value.json(), "run_id") == run_id;
    if (!is_of_run) kept.push_back(std::move(write));
  }
  return kept;
}

}  // namespace

void erase_run(storage::Transaction& transaction, const storage::ThreadId& thread_id, const storage::RunId& run_id) {
  storage::Checkpoints& checkpoints = transaction.checkpoints();
  checkpoints.erase_run(thread_id, run_id);
  const std::optional<storage::Checkpoint> head = checkpoints.newest(thread_id, "");
  if (!head) return;
  for (storage::PendingWrites& pending : checkpoints.pending_writes(thread_id, "", head->checkpoint_id)) {
    if (pending.task_id != kNullTask) continue;
    std::vector<ChannelWrite> writes = decode_writes(pending).writes;
    const std::size_t before = writes.size();
    writes = without_run(std::move(writes), run_id.text());
    if (writes.size() == before) continue;
    pending.writes = encode_writes(writes);
    checkpoints.put_writes(thread_id, pending);
  }
}

std::optional<storage::RunId> run_in_the_way(storage::Transaction& transaction, const storage::ThreadId& thread_id,
                                             const storage::RunId& run_id) {
  for (const storage::Run& run : transaction.runs().in_flight(thread_id)) {
    if (run.run_id == run_id || run.status != storage::RunStatus::running) continue;
    const std::optional<storage::Checkpoint> head = transaction.checkpoints().newest(thread_id, "");
    // What it stores of the graph itself is the newest there is.
    if (head && head->run_id != run.run_id) return run.run_id;
  }
  return std::nullopt;
}

}  // namespace heddle::runtime
