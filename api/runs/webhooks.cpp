#include "api/runs/webhooks.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "api/outgoing/header_templates.h"
#include "api/outgoing/url_policy.h"
#include "api/runs/webhook_call.h"
#include "graphs/url_parts.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::chrono::milliseconds kBackoffMax = std::chrono::hours{1};
// After the storage has refused something: long enough not to fill the log, short enough not to be noticed.
constexpr std::chrono::seconds kStoragePause{5};

std::size_t size_of(const storage::Webhook& call) {
  return call.body.size() + call.url.size();
}

// Where the call goes, without user, path and query.
std::string place_of(const std::string& url) {
  const std::optional<graphs::UrlParts> parts = graphs::url_parts(url);
  if (!parts) return "an unreadable URL";
  return parts->scheme + "://" + parts->host + ":" + std::to_string(parts->port);
}

json::object fields_of(const storage::Webhook& call) {
  return {{"run_id", call.run_id.text()}, {"thread_id", call.thread_id.text()}, {"attempt", call.attempts + 1}};
}

}  // namespace

Webhooks::Webhooks(asio::any_io_executor executor, storage::Storage& storage, const runtime::Clock& clock,
                   runtime::Log& log, const WebhookSettings& settings)
    : executor_(executor),
      storage_(storage),
      clock_(clock),
      log_(log),
      settings_(settings),
      wake_(executor, asio::steady_timer::time_point::max()),
      idle_(executor, asio::steady_timer::time_point::max()) {}

Webhooks::~Webhooks() = default;

void Webhooks::start(std::string own_url) {
  own_url_ = std::move(own_url);
  is_working_ = true;
  auto done = [this](std::exception_ptr error) {
    is_working_ = false;
    idle_.cancel();
    if (error) pause_after(error);
  };
  asio::co_spawn(executor_, work(), std::move(done));
}

Webhooks::Hold::Hold(Webhooks& webhooks, storage::RunId id) : webhooks_(webhooks), id_(id) {
  webhooks_.held_.insert(id_);
}

Webhooks::Hold::~Hold() {
  webhooks_.held_.erase(id_);
  webhooks_.wake();
}

void Webhooks::wake() {
  is_woken_ = true;
  wake_.cancel();
}

void Webhooks::add_unstored(storage::Webhook call) {
  const std::size_t size = size_of(call);
  if (unstored_bytes_ + size > settings_.bytes_in_memory) {
    json::object fields = fields_of(call);
    fields["what"] =
        "webhooks_bytes_in_memory is reached; raise it, or keep the run's thread so that its call is stored";
    log_.warning("a webhook is given up", fields);
    return;
  }
  unstored_bytes_ += size;
  unstored_.push_back(std::make_shared<const storage::Webhook>(std::move(call)));
  wake();
}

void Webhooks::spawn(asio::awaitable<void> work) {
  ++under_way_;
  auto done = [this](std::exception_ptr error) {
    --under_way_;
    if (error) pause_after(error);
    idle_.cancel();
    wake();
  };
  asio::co_spawn(executor_, std::move(work), std::move(done));
}

void Webhooks::pause_after(const std::exception_ptr& error) {
  paused_until_ = clock_.now() + kStoragePause;
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& thrown) {
    log_.error("webhooks pause, because the database refused something", json::object{{"what", thrown.what()}});
  }
}

asio::awaitable<void> Webhooks::work() {
  while (!is_stopping_) {
    is_woken_ = false;
    std::optional<storage::Timestamp> next = paused_until_;
    if (clock_.now() >= paused_until_) {
      std::exception_ptr error;
      try {
        next = co_await start_due();
      } catch (const std::exception&) {
        error = std::current_exception();
      }
      if (error) pause_after(error);
      if (error) next = paused_until_;
    }
    co_await wait_until(next);
  }
}

// Returns early when something may have changed.
asio::awaitable<void> Webhooks::wait_until(std::optional<storage::Timestamp> time) {
  if (is_woken_ || is_stopping_) co_return;
  if (time) {
    wake_.expires_after(std::max(*time - clock_.now(), storage::Timestamp::duration{0}));
  } else {
    wake_.expires_at(asio::steady_timer::time_point::max());
  }
  co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
}

// Begins the calls whose time has come, as many as there is room for. Gives the time of the next one; nothing if there
// is none, or if the end of a call under way will tell.
asio::awaitable<std::optional<storage::Timestamp>> Webhooks::start_due() {
  const storage::Timestamp now = clock_.now();
  std::optional<storage::Timestamp> next = start_due_unstored(now);
  if (!has_room()) co_return next;
  // All that are held, all there is room for, and one to know when to wake.
  const std::size_t limit = held_.size() + settings_.at_once + 1;
  auto read = [limit](const storage::Snapshot& snapshot) {
    return snapshot.webhooks().next(static_cast<std::int64_t>(limit));
  };
  const std::vector<storage::WebhookTime> times = co_await storage_.read(std::move(read));
  for (const storage::WebhookTime& time : times) {
    if (is_stopping_ || !has_room()) break;
    if (held_.contains(time.run_id)) continue;
    if (time.next_attempt > now) {
      next = next ? std::min(*next, time.next_attempt) : time.next_attempt;
      break;
    }
    held_.insert(time.run_id);
    spawn(call_stored(time.run_id));
  }
  co_return next;
}

std::optional<storage::Timestamp> Webhooks::start_due_unstored(storage::Timestamp now) {
  std::optional<storage::Timestamp> next;
  std::deque<Call> waiting;
  for (Call& call : unstored_) {
    if (has_room() && call->next_attempt <= now) {
      spawn(call_unstored(std::move(call)));
      continue;
    }
    if (call->next_attempt > now) next = next ? std::min(*next, call->next_attempt) : call->next_attempt;
    waiting.push_back(std::move(call));
  }
  unstored_ = std::move(waiting);
  return next;
}

asio::awaitable<void> Webhooks::call_stored(storage::RunId id) {
  // Was put among those held when this was begun.
  const Hold hold(*this, id);
  auto read = [id](const storage::Snapshot& snapshot) { return snapshot.webhooks().find(id); };
  std::optional<storage::Webhook> found = co_await storage_.read(std::move(read));
  if (!found) co_return;
  const Call call = std::make_shared<const storage::Webhook>(std::move(*found));
  const Attempt result = co_await attempt(call);
  if (result == Attempt::cut_off) co_return;
  const std::optional<storage::Timestamp> next = next_attempt(*call, result);
  auto store = [id, next, attempts = call->attempts + 1](storage::Transaction& transaction) {
    if (next) {
      transaction.webhooks().postpone(id, attempts, *next);
    } else {
      transaction.webhooks().erase(id);
    }
  };
  co_await storage_.commit(std::move(store));
}

asio::awaitable<void> Webhooks::call_unstored(Call call) {
  const Attempt result = co_await attempt(call);
  const std::optional<storage::Timestamp> next = next_attempt(*call, result);
  unstored_bytes_ -= size_of(*call);
  if (result == Attempt::cut_off) log_.warning("a webhook is given up, because the server stops", fields_of(*call));
  if (!next) co_return;
  auto again = std::make_shared<storage::Webhook>(*call);
  again->attempts += 1;
  again->next_attempt = *next;
  unstored_bytes_ += size_of(*again);
  unstored_.push_back(std::move(again));
}

asio::awaitable<Webhooks::Attempt> Webhooks::attempt(Call call) {
  if (is_stopping_) co_return Attempt::cut_off;
  const std::string url = call->url.starts_with('/') ? own_url_ + call->url : call->url;
  json::object fields = fields_of(*call);
  fields["to"] = place_of(url);
  // The settings may be others than when the run was made.
  std::optional<std::string> refusal = refusal_of(settings_.url, call->url);
  if (!settings_.enabled) refusal = "is switched off (http.disable_webhooks)";
  if (refusal) {
    fields["what"] = "the webhook " + *refusal;
    log_.warning("a webhook is not called", fields);
    co_return Attempt::hopeless;
  }

  graphs::HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.headers.push_back({"Content-Type", "application/json"});
  if (settings_.headers) request.secret_headers = settings_.headers->clone();
  request.body = sent_body(*call, clock_.now());
  request.connect_timeout = settings_.timeout;
  request.total_timeout = settings_.timeout;
  request.idle_timeout = std::chrono::milliseconds{0};
  std::optional<graphs::HttpFailure> failure;
  graphs::HttpClient& caller = client();
  try {
    // The body of the answer is not read; the stream closes the connection if there is one.
    const graphs::HttpStream answer = co_await caller.open(std::move(request));
    fields["status"] = answer.head().status;
    if (answer.head().status >= 200 && answer.head().status < 300) {
      log_.debug("a webhook was called", fields);
      co_return Attempt::succeeded;
    }
    fields["what"] = "the receiver did not answer with 2xx";
  } catch (const graphs::HttpError& error) {
    failure = error.kind();
    fields["what"] = error.what();
  }
  if (failure == graphs::HttpFailure::stopped) co_return Attempt::cut_off;
  log_.warning("a webhook could not be called", fields);
  const bool is_hopeless = failure == graphs::HttpFailure::refused || failure == graphs::HttpFailure::request;
  co_return is_hopeless ? Attempt::hopeless : Attempt::failed;
}

std::optional<storage::Timestamp> Webhooks::next_attempt(const storage::Webhook& call, Attempt attempt) {
  if (attempt == Attempt::succeeded || attempt == Attempt::cut_off) return std::nullopt;
  if (attempt == Attempt::hopeless || call.attempts + 1 >= settings_.attempts) {
    log_.warning("a webhook is given up", fields_of(call));
    return std::nullopt;
  }
  std::chrono::milliseconds wait = settings_.backoff;
  for (std::int64_t i = 0; i < call.attempts; ++i) wait = std::min(wait * 2, kBackoffMax);
  return clock_.now() + wait;
}

graphs::HttpClient& Webhooks::client() {
  if (!client_) client_.emplace(client_settings(settings_.url, own_url_));
  return *client_;
}

asio::awaitable<void> Webhooks::stop(std::chrono::milliseconds patience) {
  is_stopping_ = true;
  wake();
  asio::steady_timer limit(executor_, patience);
  limit.async_wait([this](boost::system::error_code error) {
    if (!error) client_.reset();
  });
  while (under_way_ > 0 || is_working_) co_await idle_.async_wait(asio::as_tuple(asio::use_awaitable));
  limit.cancel();
  client_.reset();
  for (const Call& call : unstored_) log_.warning("a webhook is given up, because the server stops", fields_of(*call));
  unstored_.clear();
}

}  // namespace heddle::api
