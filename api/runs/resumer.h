#pragma once
// Lets interrupted runs go on whose answer no client brings (runtime/awaited.h): asks the probes of graphs for it at
// their intervals, and makes a run without input when the answer has come or its time is over. No run and no checkpoint
// is made for a question in between.
//
// What threads wait for is stored with the end of the run that asked, so a restart goes on asking. It is taken in the
// transaction that makes the run that goes on; a thread that a client has let go on meanwhile, or that is deleted,
// changed or busy, is left alone. The run belongs to the owner of the thread and has the thread's config and the
// context and webhook of the run that asked, but no credentials: they ended with that run.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>
#include <optional>
#include <string>

#include "api/runs/timed_work.h"
#include "api/services/run_service.h"
#include "api/services/service_parts.h"
#include "runtime/awaited.h"
#include "storage/awaited.h"

namespace heddle::api {

// Belongs to the I/O thread. Probes are called there.
class Resumer {
 public:
  // `runs` outlives this object.
  Resumer(ServiceParts parts, RunService& runs);
  // Precondition: never started, or stop() has returned.
  ~Resumer();
  Resumer(const Resumer&) = delete;
  Resumer& operator=(const Resumer&) = delete;

  // From now on probes are called, unless `async_resume` is off. Called once.
  void start();
  // Ends the calls under way. Returns when nothing more is done.
  boost::asio::awaitable<void> stop();

  // Something new is awaited.
  void look_again();

  // Begins to ask for everything that is due, `async_resume_polls_max` at a time. Returns when to call again; none: not
  // before look_again(). Throws what storage throws.
  boost::asio::awaitable<std::optional<storage::Timestamp>> look();
  // Returns when nothing is being asked for.
  boost::asio::awaitable<void> settled();

 private:
  struct Asking;
  struct Place;

  boost::asio::awaitable<void> ask(Asking& asking);
  boost::asio::awaitable<void> ask_once(Asking& asking);
  boost::asio::awaitable<Place> place_of(const storage::Awaited& awaited) const;
  boost::asio::awaitable<runtime::Sign> sign_of(Asking& asking, const runtime::Probe& probe);
  boost::asio::awaitable<void> resume(const storage::Awaited& awaited, const Place& place);
  boost::asio::awaitable<void> postpone(const storage::Awaited& awaited, std::chrono::milliseconds interval);
  boost::asio::awaitable<void> give_up(const storage::Awaited& awaited, const char* why);
  bool is_asked(const storage::Awaited& awaited) const;

  ServiceParts parts_;
  RunService& runs_;
  std::list<Asking> asking_;           // each has a coroutine
  boost::asio::steady_timer settled_;  // never expires; cancelled when a coroutine has ended
  TimedWork work_;
};

}  // namespace heddle::api
