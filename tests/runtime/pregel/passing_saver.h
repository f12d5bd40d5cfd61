#pragma once
// A saver in front of another one. A test overrides what it wants to watch or to break.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/checkpoint_saver.h"

namespace heddle::runtime {

class PassingSaver : public CheckpointSaver {
 public:
  // `kept` outlives its use here.
  explicit PassingSaver(CheckpointSaver& kept) : kept_(&kept) {}
  // Of one that pass_to() is still to be called for.
  PassingSaver() = default;

  void pass_to(CheckpointSaver& kept) { kept_ = &kept; }

  boost::asio::awaitable<std::optional<LoadedCheckpoint>> find(std::string ns, CheckpointId id) override {
    return kept_->find(std::move(ns), id);
  }
  boost::asio::awaitable<std::optional<LoadedCheckpoint>> newest(std::string ns) override {
    return kept_->newest(std::move(ns));
  }
  boost::asio::awaitable<std::optional<LoadedCheckpoint>> newest_before(std::string ns, CheckpointId bound) override {
    return kept_->newest_before(std::move(ns), bound);
  }
  boost::asio::awaitable<std::vector<LoadedCheckpoint>> history(HistoryQuery query) override {
    return kept_->history(std::move(query));
  }
  void put(Checkpoint checkpoint) override { kept_->put(std::move(checkpoint)); }
  void put_writes(std::string ns, CheckpointId id, TaskWrites writes) override {
    kept_->put_writes(std::move(ns), id, std::move(writes));
  }
  boost::asio::awaitable<void> wait_for_room() override { return kept_->wait_for_room(); }
  boost::asio::awaitable<void> flush() override { return kept_->flush(); }

 private:
  CheckpointSaver* kept_ = nullptr;
};

}  // namespace heddle::runtime
