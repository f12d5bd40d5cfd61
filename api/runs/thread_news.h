#pragma once
// Who wants to know when something happens on a thread: a run began or ended, the state was changed, the thread went.
//
// It says that there is news, not what: whoever is woken looks into the database. So nothing is queued for a reader
// that is slow, and what happens twice before it looks is one piece of news.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <unordered_map>

#include "storage/ids.h"

namespace heddle::api {

// Belongs to the I/O thread.
class ThreadNews {
 public:
  // One reader's place, for as long as it reads. `news` outlives it.
  class Watch {
   public:
    Watch(ThreadNews& news, storage::ThreadId id, boost::asio::any_io_executor executor);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    // Returns at once if something has happened since the last call. False: nothing did for so long. Cancellable.
    boost::asio::awaitable<bool> wait(std::chrono::milliseconds patience);

   private:
    friend class ThreadNews;
    void tell();

    ThreadNews& news_;
    storage::ThreadId id_;
    boost::asio::steady_timer timer_;
    bool has_news_ = true;  // whatever happened before it came
  };

  ThreadNews() = default;
  ThreadNews(const ThreadNews&) = delete;
  ThreadNews& operator=(const ThreadNews&) = delete;

  void tell(storage::ThreadId id);
  // The server stops: no thread has news any more, and every reader is to leave.
  void close();
  bool closed() const { return closed_; }

 private:
  std::unordered_multimap<storage::ThreadId, Watch*> watches_;
  bool closed_ = false;
};

}  // namespace heddle::api
