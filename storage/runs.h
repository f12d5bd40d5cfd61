#pragma once
// Runs: one execution of a graph each (http-api.md 3.8).
// Fields named *_json hold JSON text that storage neither reads nor changes; hidden keys have been
// taken out before (http-api.md 18).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/filter.h"
#include "storage/ids.h"
#include "storage/timestamp.h"

namespace heddle::storage {

enum class RunStatus { pending, running, success, error, interrupted, timeout };
enum class MultitaskStrategy { reject, rollback, interrupt, enqueue };
enum class OnCompletion { keep, delete_thread };

struct Run {
  RunId run_id;
  ThreadId thread_id;
  AssistantId assistant_id;
  Owner owner;
  Timestamp created_at;  // a delayed run lies in the future
  Timestamp updated_at;
  std::optional<Timestamp> started_at;  // of its first attempt, or its end if there was none (attempt 0); none before
  RunStatus status = RunStatus::pending;
  MultitaskStrategy multitask_strategy = MultitaskStrategy::reject;
  OnCompletion on_completion = OnCompletion::keep;
  std::string metadata_json = "{}";
  std::string kwargs_json = "{}";            // as shown to clients
  std::int64_t attempt = 0;                  // the number of its last start, from 1; 0 before
  std::optional<std::string> error_json;     // {"error","message"} of a failed run
  bool had_hidden_keys = false;              // cannot be taken up after a restart unless they are sealed
  std::optional<std::string> cancel_reason;  // of one that was cancelled, if whoever did so gave one
};

struct RunQuery {
  Owner owner;
  ThreadId thread_id;
  std::optional<RunStatus> status;
  Containment metadata;
  Page page;
};

class RunReads {
 public:
  virtual ~RunReads() = default;
  virtual std::optional<Run> find(const Owner& owner, RunId id) const = 0;
  virtual bool exists(RunId id) const = 0;                         // whoever owns it
  virtual std::vector<Run> list(const RunQuery& query) const = 0;  // newest first
  // Those of a thread that began at `since` or later, in the order in which they did, at most `limit` of them.
  virtual std::vector<Run> started_since(const Owner& owner, ThreadId thread_id, Timestamp since,
                                         std::int64_t limit) const = 0;
  // Pending and running ones of a thread, oldest first.
  virtual std::vector<Run> in_flight(ThreadId thread_id) const = 0;
  // Pending and running ones of all threads, oldest first: what a start takes up again.
  virtual std::vector<Run> all_in_flight() const = 0;
};

class Runs : public RunReads {
 public:
  virtual void insert(const Run& run) = 0;
  // status, started_at, attempt, error_json, kwargs_json, metadata_json, cancel_reason and updated_at. With a status
  // that is final, what is sealed for the run is erased.
  virtual void update(const Run& run) = 0;
  // The run, its events and what is sealed for it. Its checkpoints are erased through Checkpoints.
  virtual void erase(RunId id) = 0;
  // Of all owners: runs that ended before then, oldest first, at most `limit`, but for those whose thread waits for
  // something outside because of them. Returns how many.
  virtual std::int64_t erase_ended(Timestamp before, std::int64_t limit) = 0;
};

}  // namespace heddle::storage
