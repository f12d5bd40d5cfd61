#pragma once
// Threads: creating, finding, changing, copying, deleting (http-api.md 6).

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/services/if_exists.h"
#include "api/services/service_parts.h"
#include "api/services/state_service.h"
#include "api/services/thread_ttl.h"
#include "runtime/state_api.h"
#include "storage/checkpoints.h"
#include "storage/threads.h"

namespace heddle::api {

struct NewThread {
  std::optional<storage::ThreadId> thread_id;  // none: a new one
  boost::json::object metadata;
  IfExists if_exists = IfExists::raise;
  std::vector<std::vector<runtime::StateUpdate>> supersteps;  // each becomes one checkpoint
  std::optional<ThreadTtl> ttl;
};

struct ThreadChange {
  std::optional<boost::json::object> metadata;  // merged one level deep; a null is stored
  std::optional<ThreadTtl> ttl;
};

struct ThreadSearch {
  storage::ThreadQuery query;
  boost::json::object values;  // containment; with a filter every other match is read to be counted
};

struct ThreadView {
  storage::Thread thread;
  std::optional<std::string> values_json;  // none before the first run has ended, or if it was not asked for
};

// Belongs to the I/O thread. Threads of somebody else are not there.
class ThreadService {
 public:
  // `states` outlives this object.
  ThreadService(ServiceParts parts, const StateService& states) : parts_(parts), states_(states) {}

  // Throws ApiError: 409 for an id that is taken, 400 for supersteps without a graph, and what StateService::update
  // throws; then nothing is created.
  boost::asio::awaitable<ThreadView> create(storage::Owner owner, NewThread wanted);

  // Also the thread of a run without one, while it is in flight. Throws ApiError 404 `Thread with ID <id> not found`.
  boost::asio::awaitable<ThreadView> get(storage::Owner owner, storage::ThreadId id) const;

  // Without values, which may be large: with_values() reads those of one thread.
  boost::asio::awaitable<storage::Found<storage::Thread>> search(ThreadSearch wanted) const;
  boost::asio::awaitable<ThreadView> with_values(storage::Thread thread) const;
  boost::asio::awaitable<std::int64_t> count(ThreadSearch wanted) const;

  // Throws ApiError 404 `Thread not found`.
  boost::asio::awaitable<ThreadView> patch(storage::Owner owner, storage::ThreadId id, ThreadChange change);

  // Its runs are stopped first. Throws ApiError 404 `Thread with ID <id> not found`.
  boost::asio::awaitable<void> erase(storage::Owner owner, storage::ThreadId id);

  // Throws ApiError 409 `Thread not found`.
  boost::asio::awaitable<ThreadView> copy(storage::Owner owner, storage::ThreadId id);

  // What its state takes in the database. Throws ApiError 404 `Thread with ID <id> not found`.
  boost::asio::awaitable<storage::StateSize> size_of(storage::Owner owner, storage::ThreadId id) const;

  // Returns how many threads were pruned; unknown ids, and with keep_latest threads with a run in flight, are skipped.
  boost::asio::awaitable<std::int64_t> prune(storage::Owner owner, std::vector<storage::ThreadId> ids,
                                             PruneStrategy strategy);

  // Does with threads of all owners that have expired what their strategy says, with at most `limit` of them. One with
  // a run in flight is left alone. Returns how many it looked at: less than `limit`, and there were no more.
  boost::asio::awaitable<std::int64_t> expire(std::int64_t limit);

 private:
  struct Creation {
    std::optional<storage::Thread> thread;  // none: the id is taken
    bool is_new = false;
  };

  boost::asio::awaitable<Creation> insert(storage::Thread thread, IfExists if_exists);
  boost::asio::awaitable<void> add_history(storage::Thread thread,
                                           std::vector<std::vector<runtime::StateUpdate>> supersteps);
  boost::asio::awaitable<std::optional<storage::Thread>> find(storage::Owner owner, storage::ThreadId id) const;
  boost::asio::awaitable<storage::Found<storage::Thread>> search_values(ThreadSearch wanted) const;
  boost::asio::awaitable<void> stop_and_erase(storage::ThreadId id);
  // What is in memory of a thread that was erased.
  void forget_in_memory(storage::ThreadId id);

  ServiceParts parts_;
  const StateService& states_;
};

}  // namespace heddle::api
