#pragma once
// The history of a thread, newest first, a page at a time.
//
// A client may ask for 1,000 states of a thread whose state is large (useStream of SDK 0.0.x does so after every run:
// 8 MB at 100 turns). They are never all in memory, and no snapshot of the database is held between two pages.

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/part_cache.h"
#include "runtime/state_api.h"
#include "storage/storage.h"

namespace heddle::api {

// States that are read and rendered together. 32: what a thread of 100 turns needs for them is a quarter of a
// megabyte, and a page takes the I/O thread about a millisecond.
inline constexpr std::int64_t kHistoryPage = 32;
// What the states of a page may be as text, together, judged by those before it. 8 MiB: two pages of usual states, and
// little beside one state of a thread that holds files.
inline constexpr std::size_t kHistoryPageBytes = 8 << 20;

// Belongs to the coroutine that reads it.
class HistoryPages {
 public:
  // A null `graph` has no states. `storage` outlives the pages; `shown` outlives what they read.
  HistoryPages(storage::Storage& storage, runtime::PartCache& shown, storage::ThreadId thread_id,
               std::shared_ptr<const runtime::CompiledGraph> graph, runtime::HistoryQuery query);

  // The next states; fewer than a page, or none, at the end. Throws storage::StorageError.
  boost::asio::awaitable<std::vector<runtime::StateSnapshot>> next();
  bool at_end() const { return at_end_; }
  // Tells how large the states of the last page were as text, so that the next page has fewer of large ones.
  void rendered(std::size_t states, std::size_t bytes);

 private:
  storage::Storage& storage_;
  runtime::PartCache& shown_;
  storage::ThreadId thread_id_;
  std::shared_ptr<const runtime::CompiledGraph> graph_;
  runtime::HistoryQuery query_;  // what is left to read
  std::int64_t page_ = 4;        // states of the next page; few as long as nothing is known of their size
  bool at_end_;
};

}  // namespace heddle::api
