#include "api/auth/jwks.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <stdexcept>
#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds kFetchTimeout{5'000};  // a request waits for it; the library of the sample does so
constexpr std::size_t kKeySetBytesMax = std::size_t{256} << 10;  // that of a tenant has 3 KiB

asio::awaitable<std::string> fetch_over_http(graphs::HttpClient& client, std::string url) {
  graphs::HttpRequest request;
  request.url = std::move(url);
  request.headers.push_back({"Accept", "application/json"});
  request.connect_timeout = kFetchTimeout;
  request.idle_timeout = kFetchTimeout;
  request.total_timeout = kFetchTimeout;
  request.body_bytes_max = kKeySetBytesMax;
  graphs::HttpAnswer answer = co_await client.fetch(std::move(request));
  if (answer.head.status != 200) {
    throw std::runtime_error("the issuer answered with status " + std::to_string(answer.head.status));
  }
  co_return std::move(answer.body);
}

}  // namespace

JwksFetch jwks_over_http(graphs::HttpClient& client, std::string url) {
  return [&client, url = std::move(url)] { return fetch_over_http(client, url); };
}

Jwks::Jwks(asio::any_io_executor executor, JwksFetch fetch, const runtime::Clock& clock, runtime::Log& log,
           JwksLimits limits)
    : executor_(executor),
      fetch_(std::move(fetch)),
      clock_(clock),
      log_(log),
      limits_(limits),
      changed_(executor, asio::steady_timer::time_point::max()) {}

Jwks::~Jwks() = default;

asio::awaitable<Jwks::Answer> Jwks::keys() {
  if (!keys_ || is_older_than(limits_.refreshed_after)) {
    start_fetch();
    co_await fetched();
  }
  co_return present();
}

asio::awaitable<Jwks::Answer> Jwks::keys_after(Keys known) {
  const bool are_new = keys_ != known || !is_older_than(limits_.unknown_key_pause);
  if (are_new) co_return present();
  start_fetch();
  co_await fetched();
  if (keys_ == known) co_return unavailable();
  co_return present();
}

// A clock that was set back makes everything old rather than young for ever.
bool Jwks::is_older_than(std::chrono::seconds age) const {
  const auto passed = clock_.now() - fetched_at_;
  return passed >= age || passed < std::chrono::seconds{0};
}

// From the last failed fetch to the next one.
std::chrono::seconds Jwks::pause() const {
  std::chrono::seconds pause = limits_.backoff_first;
  for (std::size_t i = 1; i < failures_ && pause < limits_.backoff_max; ++i) pause *= 2;
  return std::min(pause, limits_.backoff_max);
}

Jwks::Unavailable Jwks::unavailable() const {
  if (failures_ == 0) return {limits_.backoff_first};
  const auto left = std::chrono::ceil<std::chrono::seconds>(failed_at_ + pause() - clock_.now());
  return {std::clamp(left, std::chrono::seconds{1}, limits_.backoff_max)};
}

bool Jwks::may_fetch() const {
  if (is_fetching_ || stopped_) return false;
  if (failures_ == 0) return true;
  const auto passed = clock_.now() - failed_at_;
  return passed >= pause() || passed < std::chrono::seconds{0};
}

Jwks::Answer Jwks::present() const {
  if (!keys_ || is_older_than(limits_.kept_max)) return unavailable();
  return keys_;
}

// In a coroutine of its own, because the request that asked first may go away while others wait.
void Jwks::start_fetch() {
  if (!may_fetch()) return;
  is_fetching_ = true;
  auto done = [this](std::exception_ptr error) {
    is_fetching_ = false;
    if (error && !stopped_) {
      try {
        std::rethrow_exception(error);
      } catch (const std::exception& thrown) {
        note_failure(thrown.what());
      }
    }
    changed_.cancel();
  };
  asio::co_spawn(executor_, fetch(), asio::bind_cancellation_slot(cancel_.slot(), std::move(done)));
}

asio::awaitable<void> Jwks::fetch() {
  const std::string text = co_await fetch_();
  std::optional<JwtKeys> keys = jwt_keys_from(text);
  if (!keys || keys->empty()) throw std::runtime_error("the answer is no key set, or holds no key that can be used");
  keys_ = std::make_shared<const JwtKeys>(*std::move(keys));
  fetched_at_ = clock_.now();
  failures_ = 0;
}

void Jwks::note_failure(const std::string& what) {
  ++failures_;
  failed_at_ = clock_.now();
  log_.warning("the keys of the issuer of tokens could not be fetched",
               boost::json::object{{"what", what},
                                   {"old_keys_are_used", std::holds_alternative<Keys>(present())},
                                   {"next_in_seconds", unavailable().retry_after.count()}});
}

asio::awaitable<void> Jwks::fetched() {
  while (is_fetching_) co_await changed_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> Jwks::stop() {
  stopped_ = true;
  if (is_fetching_) cancel_.emit(asio::cancellation_type::terminal);
  co_await fetched();
}

}  // namespace heddle::api
