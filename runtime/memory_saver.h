#pragma once
// Checkpoints of a run that is thrown away, and of tests: in memory, gone with the object.

#include <map>
#include <string>
#include <vector>

#include "runtime/checkpoint_saver.h"

namespace heddle::runtime {

class MemorySaver final : public CheckpointSaver {
 public:
  MemorySaver() = default;
  MemorySaver(const MemorySaver&) = delete;
  MemorySaver& operator=(const MemorySaver&) = delete;

  boost::asio::awaitable<std::optional<LoadedCheckpoint>> find(std::string checkpoint_ns, CheckpointId id) override;
  boost::asio::awaitable<std::optional<LoadedCheckpoint>> newest(std::string checkpoint_ns) override;
  boost::asio::awaitable<std::optional<LoadedCheckpoint>> newest_before(std::string checkpoint_ns,
                                                                        CheckpointId bound) override;
  boost::asio::awaitable<std::vector<LoadedCheckpoint>> history(HistoryQuery query) override;

  void put(Checkpoint checkpoint) override;
  void put_writes(std::string checkpoint_ns, CheckpointId id, TaskWrites writes) override;

  boost::asio::awaitable<void> wait_for_room() override;
  boost::asio::awaitable<void> flush() override;

 private:
  struct Place {
    std::string checkpoint_ns;
    CheckpointId id;
    auto operator<=>(const Place&) const = default;
  };
  LoadedCheckpoint loaded(const Checkpoint& checkpoint) const;

  std::map<std::string, std::map<CheckpointId, Checkpoint>> checkpoints_;  // by namespace
  // Writes may come before their checkpoint, so they are kept apart from it.
  std::map<Place, std::vector<TaskWrites>> pending_;  // by task path, then task id
};

}  // namespace heddle::runtime
