#include "api/runs/resumer.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>
#include <vector>

#include "api/runs/awaited.h"
#include "api/runs/run_plan.h"
#include "api/runs/run_queue.h"
#include "api/runs/run_request.h"
#include "api/services/api_error.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using std::chrono::milliseconds;

// After everything due is being asked for, after a refusal, and after the wall clock was set forward.
constexpr milliseconds kLookAtLeast{5'000};

bool still_asks(const storage::Thread& thread, const std::string& interrupt_id) {
  if (thread.status != storage::ThreadStatus::interrupted || !thread.interrupts_json) return false;
  for (const auto& task : runtime::parse_json_object(*thread.interrupts_json)) {
    for (const json::value& interrupt : task.value().as_array()) {
      if (runtime::find_text(interrupt, "id") == interrupt_id) return true;
    }
  }
  return false;
}

// As a client would ask for it, with what the run that asked was told besides its input.
RunRequest request_to_go_on(const storage::Thread& thread, const storage::Run& asked, const ServerSettings& settings) {
  json::object body;
  body["assistant_id"] = asked.assistant_id.text();
  body["input"] = nullptr;
  body["config"] = runtime::parse_json(thread.config_json);
  body["metadata"] = json::object{{"resumed_run_id", asked.run_id.text()}};
  const json::object kwargs = runtime::parse_json_object(asked.kwargs_json);
  for (const char* key : {"context", "webhook", "durability", "interrupt_before", "interrupt_after"}) {
    const auto said = kwargs.find(key);
    if (said != kwargs.end() && !said->value().is_null()) body[key] = said->value();
  }
  const Headers no_headers;
  RunRequest request = run_request_from(std::move(body), no_headers, settings);
  request.multitask_strategy = storage::MultitaskStrategy::reject;
  return request;
}

}  // namespace

// One question under way.
struct Resumer::Asking {
  storage::Awaited awaited;
  asio::cancellation_signal stop;
  bool is_in_probe = false;  // else it must not be cancelled
};

// What it is about.
struct Resumer::Place {
  std::optional<storage::Thread> thread;
  std::optional<storage::Run> asked;
};

Resumer::Resumer(ServiceParts parts, RunService& runs)
    : parts_(parts),
      runs_(runs),
      settled_(parts.queue.executor(), asio::steady_timer::time_point::max()),
      work_(parts.queue.executor(), parts.clock, parts.log,
            {"what interrupted runs wait for could not be looked through", kLookAtLeast, kLookAtLeast}) {}

Resumer::~Resumer() = default;

void Resumer::start() {
  if (!parts_.settings.async_resume) return;
  parts_.queue.when_awaiting([this] { look_again(); });
  work_.start([this] { return look(); });
}

asio::awaitable<void> Resumer::stop() {
  co_await work_.stop();
  for (Asking& asking : asking_) {
    if (asking.is_in_probe) asking.stop.emit(asio::cancellation_type::terminal);
  }
  co_await settled();
  parts_.queue.when_awaiting({});
}

asio::awaitable<void> Resumer::settled() {
  while (!asking_.empty()) co_await settled_.async_wait(asio::as_tuple(asio::use_awaitable));
}

void Resumer::look_again() {
  work_.wake();
}

bool Resumer::is_asked(const storage::Awaited& awaited) const {
  return std::ranges::any_of(asking_, [&](const Asking& asking) {
    return asking.awaited.thread_id == awaited.thread_id && asking.awaited.interrupt_id == awaited.interrupt_id;
  });
}

asio::awaitable<std::optional<storage::Timestamp>> Resumer::look() {
  const storage::Timestamp now = parts_.clock.now();
  const std::size_t polls_max = parts_.settings.async_resume_polls_max;
  // Those under way are due still, so that as many more are found.
  const auto limit = static_cast<std::int64_t>(2 * polls_max);
  struct Look {
    std::vector<storage::Awaited> due;
    std::optional<storage::Timestamp> earliest;
  };
  auto read = [now, limit](const storage::Snapshot& snapshot) {
    return Look{snapshot.awaited().due(now, limit), snapshot.awaited().earliest()};
  };
  const Look found = co_await parts_.storage.read(std::move(read));
  for (const storage::Awaited& awaited : found.due) {
    if (work_.stopping() || asking_.size() >= polls_max) break;
    if (is_asked(awaited)) continue;
    const auto asking = asking_.emplace(asking_.end());
    asking->awaited = awaited;
    auto ended = [this, asking](std::exception_ptr error) {
      // Not before the handler is done with the slot of the signal, which goes too.
      asio::post(parts_.queue.executor(), [this, asking, has_failed = error != nullptr] {
        asking_.erase(asking);
        settled_.cancel();
        if (!has_failed) look_again();  // else the next look is soon enough
      });
    };
    asio::co_spawn(parts_.queue.executor(), ask(*asking),
                   asio::bind_cancellation_slot(asking->stop.slot(), std::move(ended)));
  }
  if (!found.earliest) co_return std::nullopt;
  if (*found.earliest > now) co_return found.earliest;
  co_return now + kLookAtLeast;
}

asio::awaitable<Resumer::Place> Resumer::place_of(const storage::Awaited& awaited) const {
  auto read = [awaited](const storage::Snapshot& snapshot) {
    return Place{snapshot.threads().find(awaited.owner, awaited.thread_id),
                 snapshot.runs().find(awaited.owner, awaited.run_id)};
  };
  Place place = co_await parts_.storage.read(std::move(read));
  co_return place;
}

asio::awaitable<void> Resumer::ask(Asking& asking) {
  const storage::Awaited awaited = asking.awaited;
  std::string failure;
  try {
    co_await ask_once(asking);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (failure.empty() || work_.stopping()) co_return;
  parts_.log.error("an interrupted run could not be asked after; it is tried again",
                   json::object{{"thread_id", awaited.thread_id.text()}, {"what", failure}});
  co_await postpone(awaited, awaited.interval);
}

asio::awaitable<void> Resumer::ask_once(Asking& asking) {
  const storage::Awaited awaited = asking.awaited;
  const Place place = co_await place_of(awaited);
  if (place.thread && place.thread->status == storage::ThreadStatus::busy) {
    co_await postpone(awaited, awaited.interval);
    co_return;
  }
  if (!place.thread || !place.asked || !still_asks(*place.thread, awaited.interrupt_id)) {
    co_await give_up(awaited, nullptr);
    co_return;
  }
  const std::shared_ptr<const runtime::CompiledGraph> graph = parts_.graphs.find(graph_id_of(*place.asked));
  const runtime::Probe* probe = graph == nullptr ? nullptr : graph->find_probe(awaited.probe);
  if (probe == nullptr) {
    co_await give_up(awaited, "its graph cannot tell any more whether the answer has come");
    co_return;
  }
  if (parts_.clock.now() >= awaited.until + kAwaitedLongest) {
    co_await give_up(awaited, "it could not go on for a day");
    co_return;
  }
  runtime::Sign sign;
  sign.has_come = parts_.clock.now() >= awaited.until;
  if (!sign.has_come) sign = co_await sign_of(asking, *probe);
  if (!sign.has_come) {
    const milliseconds interval = fit_interval(awaited.interval + sign.longer_by);
    co_await postpone(awaited, interval);
    co_return;
  }
  co_await resume(awaited, place);
}

asio::awaitable<runtime::Sign> Resumer::sign_of(Asking& asking, const runtime::Probe& probe) {
  json::value subject = runtime::parse_json(asking.awaited.subject_json);
  asking.is_in_probe = true;
  runtime::Sign sign;
  try {
    sign = co_await probe(std::move(subject));
  } catch (const std::exception& error) {
    if (work_.stopping()) throw;
    parts_.log.warning("a probe failed; it is called again",
                       json::object{{"thread_id", asking.awaited.thread_id.text()}, {"what", error.what()}});
  }
  asking.is_in_probe = false;
  co_return sign;
}

asio::awaitable<void> Resumer::postpone(const storage::Awaited& awaited, milliseconds interval) {
  const storage::Timestamp now = parts_.clock.now();
  storage::Timestamp due = now + interval;
  if (now < awaited.until) due = std::min(due, awaited.until);
  auto work = [awaited, interval, due](storage::Transaction& transaction) {
    transaction.awaited().postpone(awaited.thread_id, awaited.interrupt_id, interval, due);
  };
  co_await parts_.storage.commit(std::move(work));
}

// `why`: for the log; null if the thread has gone on in another way.
asio::awaitable<void> Resumer::give_up(const storage::Awaited& awaited, const char* why) {
  if (why != nullptr) {
    parts_.log.warning("an interrupted run is not asked after any more",
                       json::object{{"thread_id", awaited.thread_id.text()}, {"why", why}});
  }
  auto work = [awaited](storage::Transaction& transaction) {
    transaction.awaited().claim(awaited.thread_id, awaited.interrupt_id, awaited.run_id);
  };
  co_await parts_.storage.commit(std::move(work));
}

asio::awaitable<void> Resumer::resume(const storage::Awaited& awaited, const Place& place) {
  std::string refusal;
  bool may_try_again = false;
  try {
    RunRequest request = request_to_go_on(*place.thread, *place.asked, parts_.settings);
    RunOrigin origin;
    origin.thread_id = awaited.thread_id;
    origin.resumed = ResumeClaim{awaited.interrupt_id, awaited.run_id};
    const Caller caller{awaited.owner};
    const std::shared_ptr<ActiveRun> run = co_await runs_.create(caller, origin, std::move(request));
    co_return;
  } catch (const ApiError& error) {
    refusal = error.what();
    // 404: its assistant or graph is gone. Otherwise the thread is busy or has gone on, or too many runs wait.
    may_try_again = error.status() != 404;
  } catch (const storage::StorageBusy& error) {
    refusal = error.what();
    may_try_again = true;
  }
  if (may_try_again) {
    co_await postpone(awaited, awaited.interval);
  } else {
    co_await give_up(awaited, refusal.c_str());
  }
}

}  // namespace heddle::api
