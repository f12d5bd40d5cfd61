#pragma once
// The state of threads: reading, history, changing by hand (http-api.md 7).

#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <vector>

#include "api/services/history_pages.h"
#include "api/services/service_parts.h"
#include "runtime/spliced_text.h"
#include "runtime/state_api.h"
#include "storage/threads.h"

namespace heddle::api {

// What values are read for.
enum class Purpose {
  shown,     // large parts stay in memory for the next time
  searched,  // those of many threads, which would drive out what is shown
};

// Belongs to the I/O thread.
class StateService {
 public:
  explicit StateService(ServiceParts parts) : parts_(parts) {}

  // Throws ApiError 404 `Thread with ID <id> not found`.
  boost::asio::awaitable<storage::Thread> thread(storage::Owner owner, storage::ThreadId id) const;

  // The state at an address; the empty state for a thread that no graph ran on. Throws ApiError (validation) for the
  // namespace of a subgraph that is not there.
  boost::asio::awaitable<runtime::StateSnapshot> state(storage::Thread thread, runtime::CheckpointAddress address,
                                                       runtime::Subgraphs subgraphs) const;
  // Nothing is read yet.
  HistoryPages history(const storage::Thread& thread, runtime::HistoryQuery query) const;

  // Applies supersteps of updates and sets the thread's values to the new state. Throws ApiError: 409 while a run is in
  // flight, or if the thread or the checkpoint is deleted meanwhile, 400 without a graph or for an update that the
  // graph refuses.
  boost::asio::awaitable<runtime::CheckpointAddress> update(
      storage::Thread thread, runtime::CheckpointAddress address,
      std::vector<std::vector<runtime::StateUpdate>> supersteps) const;

  // The text of `values` of a thread: a JSON object, or nothing before the first run has ended.
  boost::asio::awaitable<std::optional<std::string>> values_text(storage::Thread thread,
                                                                 Purpose purpose = Purpose::shown) const;

  // The graph that the state of the thread belongs to; null pointer without one.
  std::shared_ptr<const runtime::CompiledGraph> graph_of(const storage::Thread& thread) const;

 private:
  ServiceParts parts_;
};

// ThreadState as JSON text appended to `out` (http-api.md 3.5). `select`: keys to show, all if empty.
void print_state(const runtime::StateSnapshot& snapshot, storage::ThreadId thread_id,
                 const std::vector<std::string>& select, Compat compat, runtime::SplicedText& out);

}  // namespace heddle::api
