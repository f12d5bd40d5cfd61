#pragma once
// Takes away what has expired: items of the store, threads (http-api.md 13.6), and runs that ended long ago.
//
// Nobody sees an expired item, so when it goes matters to the disk only. Work is done in portions with other work in
// between, and what fails is logged and tried again at the next sweep.

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>

#include "api/runs/timed_work.h"
#include "api/services/service_parts.h"
#include "api/services/store_service.h"
#include "api/services/thread_service.h"

namespace heddle::api {

// Belongs to the I/O thread.
class ExpirySweeper {
 public:
  // `store` and `threads` outlive this object.
  ExpirySweeper(ServiceParts parts, StoreService& store, ThreadService& threads);
  // Precondition: never started, or stop() has returned.
  ~ExpirySweeper();
  ExpirySweeper(const ExpirySweeper&) = delete;
  ExpirySweeper& operator=(const ExpirySweeper&) = delete;

  // Sweeps at once, and then at the intervals of the settings. Called once.
  void start();
  // Returns when nothing more is taken away.
  boost::asio::awaitable<void> stop();

  // Sweeps what is due. Returns when to call again.
  boost::asio::awaitable<std::optional<storage::Timestamp>> sweep_due();

 private:
  // When one kind of things is swept.
  class Turn {
   public:
    // Whether it is time; then the next turn is one `interval` later.
    bool comes(storage::Timestamp now, std::chrono::minutes interval);
    storage::Timestamp next() const { return *next_; }

   private:
    std::optional<storage::Timestamp> next_;  // none before the first one
  };

  boost::asio::awaitable<void> sweep_items();
  boost::asio::awaitable<void> sweep_threads();
  boost::asio::awaitable<void> sweep_runs(storage::Timestamp now);

  ServiceParts parts_;
  StoreService& store_;
  ThreadService& threads_;
  Turn items_;
  Turn of_threads_;
  TimedWork work_;
};

}  // namespace heddle::api
