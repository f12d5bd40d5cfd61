#include "api/routes/run_bodies.h"

#include <chrono>
#include <utility>

#include "api/runs/run_queue.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;

// Cancels the run if it is left before finished() was said: the client is gone (http-api.md 8.12).
class DisconnectGuard {
 public:
  DisconnectGuard(RunQueue& queue, std::shared_ptr<ActiveRun> run, bool cancels)
      : queue_(queue), run_(std::move(run)), armed_(cancels) {}
  ~DisconnectGuard() {
    if (armed_ && run_) queue_.cancel(run_, CancelAction::interrupt);
  }
  DisconnectGuard(const DisconnectGuard&) = delete;
  DisconnectGuard& operator=(const DisconnectGuard&) = delete;
  void finished() { armed_ = false; }

 private:
  RunQueue& queue_;
  std::shared_ptr<ActiveRun> run_;
  bool armed_;
};

// An answer that begins before its end is known takes three packets, a watch over its client and chunks. So long nobody
// misses what its head says, such as where the run is.
constexpr std::chrono::milliseconds kMoment{100};

BodyStream waiting_body(Services& services, std::shared_ptr<ActiveRun> run, OnDisconnect on_disconnect, TellEnd told) {
  return [&services, run, on_disconnect, told = std::move(told)](BodyWriter& writer) -> asio::awaitable<void> {
    DisconnectGuard guard(services.parts.queue, run, on_disconnect == OnDisconnect::cancel);
    for (;;) {
      const bool has_ended = co_await run->ended_within(services.parts.settings.wait_heartbeat);
      if (has_ended) break;
      co_await writer.write("\n");
    }
    guard.finished();
    const std::string text = told(*run);
    co_await writer.write(text);
  };
}

}  // namespace

std::string result_text(const ActiveRun& run) {
  return run.result.text();
}

asio::awaitable<Response> answer_at_end(Services& services, std::shared_ptr<ActiveRun> run, OnDisconnect on_disconnect,
                                        Response response, TellEnd told) {
  const bool has_ended = co_await run->ended_within(kMoment);
  if (has_ended) {
    response.body = told(*run);
  } else {
    response.stream = waiting_body(services, std::move(run), on_disconnect, std::move(told));
  }
  co_return response;
}

BodyStream event_body(Services& services, std::shared_ptr<ActiveRun> run, StreamSource source, StreamWish wish,
                      OnDisconnect on_disconnect) {
  return [&services, run = std::move(run), source = std::move(source), wish = std::move(wish),
          on_disconnect](BodyWriter& writer) -> asio::awaitable<void> {
    DisconnectGuard guard(services.parts.queue, run, on_disconnect == OnDisconnect::cancel);
    co_await send_stream(source, wish, services.parts.storage, services.parts.settings, writer);
    guard.finished();
  };
}

}  // namespace heddle::api
