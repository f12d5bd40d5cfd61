#pragma once
// Savers to try things on, and checkpoints to put into them.

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/json.h"
#include "runtime/memory_saver.h"
#include "runtime/stored_saver.h"
#include "runtime/uuid.h"
#include "tests/storage/storage_fixture.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run.h"

namespace heddle::runtime::test {

using storage::test::id;

// Everything in it as text, so that two can be compared and a difference can be read.
inline std::string dump(const Checkpoint& checkpoint) {
  std::string text = checkpoint.checkpoint_ns + " " + checkpoint.id.text();
  text += " parent " + (checkpoint.parent ? checkpoint.parent->text() : "none");
  text += " run " + (checkpoint.run_id ? checkpoint.run_id->text() : "none");
  text += " at " + storage::to_rfc3339(checkpoint.created_at);
  text += " metadata " + to_text(to_json(checkpoint.metadata)) + "\n";
  for (const auto& [channel, value] : checkpoint.values) text += channel + " = " + value.text() + "\n";
  for (const auto& [channel, version] : checkpoint.versions) text += channel + " @ " + std::to_string(version) + "\n";
  for (const auto& [node, versions] : checkpoint.seen) {
    for (const auto& [channel, version] : versions) {
      text += node + " saw " + channel + " @ " + std::to_string(version) + "\n";
    }
  }
  return text;
}

inline std::string dump(const LoadedCheckpoint& loaded) {
  std::string text = dump(loaded.checkpoint);
  for (const TaskWrites& task : loaded.pending) {
    text += "task " + task.task_id.text() + " " + task.task_path + "\n";
    for (const ChannelWrite& write : task.writes) text += "  " + write.channel + " = " + write.value.text() + "\n";
  }
  return text;
}

// Makes checkpoints, each with an id of its own; the clock stands, which is the hardest case for ids.
class CheckpointMaker {
 public:
  Checkpoint make(std::map<std::string, Value> values = {}, std::optional<CheckpointId> parent = std::nullopt) {
    Checkpoint checkpoint;
    checkpoint.id = ids_.next(clock_.now(), step_);
    checkpoint.parent = parent;
    checkpoint.created_at = clock_.now();
    checkpoint.metadata.step = step_++;
    checkpoint.values = std::move(values);
    return checkpoint;
  }

 private:
  heddle::test::ManualClock clock_;
  CheckpointIds ids_;
  std::int64_t step_ = -1;
};

inline const ThreadId kThread = id<ThreadId>(7);

// Too long to stand in a checkpoint's row.
inline Value long_text(char c) {
  return json::value(std::string(1000, c));
}

class MemorySaverFixture {
 public:
  CheckpointSaver& saver() { return saver_; }
  // As after a restart of the server, where that makes a difference.
  void reopen() {}

  template <class T>
  T run(boost::asio::awaitable<T> coroutine) {
    return heddle::test::run(io_, std::move(coroutine));
  }

 private:
  boost::asio::io_context io_;
  MemorySaver saver_;
};

class StoredSaverFixture : public storage::test::FileFixture {
 public:
  StoredSaverFixture() { renew(); }

  CheckpointSaver& saver() { return *saver_; }
  // Another saver, as the next run of the thread has it.
  void renew() { saver_.emplace(*storage, kThread, io.get_executor()); }
  void reopen() {
    run(saver_->flush());
    saver_.reset();
    storage.reset();
    open(path());
    renew();
  }

  template <class T>
  T run(boost::asio::awaitable<T> coroutine) {
    return heddle::test::run(io, std::move(coroutine));
  }

 private:
  std::optional<StoredSaver> saver_;
};

}  // namespace heddle::runtime::test
