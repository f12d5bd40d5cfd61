#pragma once
// The stream of a thread: the events of its runs, one run after the other, for as long as the thread is there
// (http-api.md 11.1).
//
// It is a reading of what the runs have stored and of the one that works, so a slow reader holds no more than what it
// is sending, and a reader that comes back goes on where it was.

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/http/message.h"
#include "api/runs/active_run.h"
#include "api/runs/thread_news.h"
#include "api/services/service_parts.h"
#include "api/services/state_service.h"
#include "storage/storage.h"

namespace heddle::api {

// A place in the stream, from which events are still to be sent. Its event id is `<milliseconds>-<sequence>`: when the
// run began, and in the sequence the microseconds of that and the number of the event in its run. So ids are unique in
// the thread, grow, and are the same in every reading.
struct ThreadPlace {
  storage::Timestamp begun;
  std::uint64_t next = 0;
};

// Where a reader goes on that names this id; nothing for a text that is none.
std::optional<ThreadPlace> place_after(std::string_view event_id);

struct ThreadStreamWish {
  bool events = true;               // all of the runs, and a `run_done` for each
  bool lifecycle = true;            // only their starts and ends
  bool states = false;              // a `state_update` for the state that a run or an update by hand leaves
  std::optional<ThreadPlace> from;  // none: what happens from now on
};

// One reading. Belongs to the I/O thread.
class ThreadStream {
 public:
  ThreadStream(ServiceParts parts, const StateService& states, storage::Owner owner, storage::ThreadId id,
               ThreadStreamWish wish);

  // From here on nothing is missed. Throws ApiError 404 `Thread with ID <id> not found`.
  boost::asio::awaitable<void> open();
  // Sends until the thread is deleted, which is noticed after one heartbeat at the latest, or the server stops.
  // Cancellable.
  boost::asio::awaitable<void> send(BodyWriter& writer);

 private:
  struct Found {
    std::optional<storage::Thread> thread;
    std::vector<storage::Run> runs;  // that are not behind, oldest first
  };
  boost::asio::awaitable<Found> look() const;
  bool wants_runs() const { return wish_.events || wish_.lifecycle; }
  // Return whether there was something to send.
  boost::asio::awaitable<bool> send_next_run(std::vector<storage::Run> runs, BodyWriter& writer);
  boost::asio::awaitable<bool> send_state(Found found, BodyWriter& writer);
  boost::asio::awaitable<void> follow(std::shared_ptr<ActiveRun> active, storage::Run record, BodyWriter& writer);
  boost::asio::awaitable<void> send_event(std::string name, std::string data, BodyWriter& writer) const;

  ServiceParts parts_;
  const StateService& states_;
  storage::Owner owner_;
  storage::ThreadId id_;
  ThreadStreamWish wish_;
  ThreadPlace place_;
  std::optional<storage::CheckpointId> shown_state_;
  ThreadNews::Watch watch_;
};

}  // namespace heddle::api
