#include "api/services/readiness.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <exception>
#include <set>
#include <utility>

#include "api/runs/engine_threads.h"
#include "api/runs/run_queue.h"

namespace heddle::api {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

// Probers ask every few seconds; more often would be commits for nothing.
constexpr std::chrono::seconds kAnswerHolds{1};

}  // namespace

// One time of asking everything. Belongs to the I/O thread.
struct Readiness::Round {
  Clock::time_point began = Clock::now();
  std::set<std::string> open;             // have not answered
  std::set<std::string> failed;           // have answered that they cannot
  std::set<asio::steady_timer*> waiting;  // of those who asked

  void answered(const std::string& name, bool is_well) {
    open.erase(name);
    if (!is_well) failed.insert(name);
    if (!open.empty()) return;
    for (asio::steady_timer* timer : waiting) timer->cancel();
  }
};

Readiness::Readiness(ServiceParts parts) : parts_(parts) {}

void Readiness::ask_database(const std::shared_ptr<Round>& round) {
  round->open.insert("database");
  auto done = [io = parts_.queue.executor(), round, &log = parts_.log](std::exception_ptr error) {
    asio::post(io, [round, &log, error] {
      round->answered("database", !error);
      if (!error) return;
      try {
        std::rethrow_exception(error);
      } catch (const std::exception& thrown) {
        log.error("the server is not ready: nothing can be stored", boost::json::object{{"what", thrown.what()}});
      }
    });
  };
  auto write = [now = parts_.clock.now()](storage::Transaction& transaction) { transaction.leave_mark(now); };
  parts_.storage.submit(std::move(write), std::move(done));
}

void Readiness::ask_engines(const std::shared_ptr<Round>& round) {
  int number = 0;
  for (const asio::any_io_executor& engine : parts_.queue.engines().executors()) {
    const std::string name = "engine " + std::to_string(++number);
    round->open.insert(name);
    asio::post(engine, [io = parts_.queue.executor(), round, name] {
      asio::post(io, [round, name] { round->answered(name, true); });
    });
  }
}

std::shared_ptr<Readiness::Round> Readiness::begin_round() {
  auto round = std::make_shared<Round>();
  ask_database(round);
  ask_engines(round);
  return round;
}

asio::awaitable<std::vector<std::string>> Readiness::stuck() {
  if (parts_.queue.is_draining()) co_return std::vector<std::string>{"stopping"};
  // A round that is not answered goes on: what is stuck is not given more to do.
  const bool is_over = round_ && round_->open.empty() && Clock::now() >= round_->began + kAnswerHolds;
  if (!round_ || is_over) round_ = begin_round();
  const std::shared_ptr<Round> round = round_;
  asio::steady_timer limit(parts_.queue.executor(), round->began + parts_.settings.ready_timeout);
  round->waiting.insert(&limit);
  while (!round->open.empty() && Clock::now() < limit.expiry()) {
    co_await limit.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  round->waiting.erase(&limit);
  std::vector<std::string> stuck(round->open.begin(), round->open.end());
  stuck.insert(stuck.end(), round->failed.begin(), round->failed.end());
  co_return stuck;
}

}  // namespace heddle::api
