#pragma once
// Threads: one row beside the checkpoints that make up their state (http-api.md 3.3).
// Fields named *_json hold JSON text that storage neither reads nor changes.

#include <optional>
#include <string>
#include <vector>

#include "storage/filter.h"
#include "storage/ids.h"
#include "storage/timestamp.h"

namespace heddle::storage {

enum class ThreadStatus { idle, busy, interrupted, error };

// `values` of a thread are not stored here: they are those of `values_checkpoint`, the head of the
// root namespace when the last run ended or the state was last updated by hand.
struct Thread {
  ThreadId thread_id;
  Owner owner;
  Timestamp created_at;
  Timestamp updated_at;
  ThreadStatus status = ThreadStatus::idle;
  std::string metadata_json = "{}";
  std::string config_json = "{}";
  std::optional<CheckpointId> values_checkpoint;
  std::optional<std::string> interrupts_json;  // task id -> list of interrupts; none before the first run ends
  std::optional<std::string> error_json;       // why the last run failed
  std::optional<std::string> ttl_json;
  std::optional<Timestamp> expires_at;
  std::optional<Timestamp::duration> time_to_live;  // from the last change to expires_at

  // Every change of a thread goes through here, so that one that is used does not expire.
  void changed(Timestamp now) {
    updated_at = now;
    if (time_to_live) expires_at = now + *time_to_live;
  }
};

enum class ThreadSort { thread_id, status, created_at, updated_at };

struct ThreadQuery {
  Owner owner;
  Containment metadata;
  std::vector<ThreadId> ids;  // empty: all
  std::optional<ThreadStatus> status;
  ThreadSort sort_by = ThreadSort::created_at;
  SortOrder order = SortOrder::descending;
  Page page;
};

// Every query names an owner; a thread of somebody else is not found.
class ThreadReads {
 public:
  virtual ~ThreadReads() = default;
  virtual std::optional<Thread> find(const Owner& owner, ThreadId id) const = 0;
  // Whether the id is taken, whoever owns it.
  virtual bool exists(ThreadId id) const = 0;
  virtual Found<Thread> search(const ThreadQuery& query) const = 0;
  virtual std::int64_t count(const ThreadQuery& query) const = 0;
  // Of all owners: those that have expired and have no run in flight, longest expired first, at most `limit`.
  virtual std::vector<Thread> expired(Timestamp now, std::int64_t limit) const = 0;
};

class Threads : public ThreadReads {
 public:
  virtual bool insert(const Thread& thread) = 0;  // false if the id exists
  virtual void update(const Thread& thread) = 0;  // all fields but id, owner and created_at
  // The thread with its runs, crons, events, checkpoints, pending writes, sealed secrets and what it waits for.
  virtual void erase(ThreadId id) = 0;
};

}  // namespace heddle::storage
