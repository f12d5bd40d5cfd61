#include "api/auth/jwks.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/api/auth/test_key.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::key_set;
using test::TestKey;

const TestKey& key() {
  return TestKey::for_algorithm(JwtAlgorithm::es256);
}

// An issuer whose answers wait until the test lets them go.
class Issuer {
 public:
  explicit Issuer(asio::io_context& io) : gate_(io, asio::steady_timer::time_point::max()) {}

  JwksFetch fetch() {
    return [this] { return answer(); };
  }
  void open() {
    is_open = true;
    gate_.cancel();
  }

  bool is_open = true;
  bool is_down = false;
  std::string text = key_set(key().jwk("k1"));
  int asked = 0;
  int cancelled = 0;

 private:
  asio::awaitable<std::string> answer() {
    ++asked;
    try {
      while (!is_open) co_await gate_.async_wait(asio::as_tuple(asio::use_awaitable));
    } catch (const boost::system::system_error&) {
      ++cancelled;
      throw;
    }
    if (is_down) throw std::runtime_error("GET https://issuer.example: no answer");
    co_return text;
  }

  asio::steady_timer gate_;
};

struct JwksFixture {
  asio::io_context io;
  test::ManualClock clock;
  std::string logged;
  runtime::Log log{clock, runtime::LogLevel::debug, [this](std::string_view line) { logged += line; }};
  Issuer issuer{io};
  Jwks jwks{io.get_executor(), issuer.fetch(), clock, log};

  ~JwksFixture() { test::run(io, jwks.stop()); }

  Jwks::Answer keys() { return test::run(io, jwks.keys()); }
  Jwks::Answer after(const Jwks::Keys& known) { return test::run(io, jwks.keys_after(known)); }
  Jwks::Keys good(const Jwks::Answer& answer) {
    REQUIRE(std::holds_alternative<Jwks::Keys>(answer));
    return std::get<Jwks::Keys>(answer);
  }
  std::int64_t retry_after(const Jwks::Answer& answer) {
    REQUIRE(std::holds_alternative<Jwks::Unavailable>(answer));
    return std::get<Jwks::Unavailable>(answer).retry_after.count();
  }
};

TEST_CASE_METHOD(JwksFixture, "Keys are fetched at first use and once in ten minutes") {
  CHECK(issuer.asked == 0);
  CHECK(good(keys())->size() == 1);
  clock.advance(599s);
  keys();
  CHECK(issuer.asked == 1);
  clock.advance(1s);
  issuer.text = key_set(key().jwk("k1") + "," + key().jwk("k2"));
  CHECK(good(keys())->size() == 2);
  CHECK(issuer.asked == 2);
}

TEST_CASE_METHOD(JwksFixture, "All who ask at the same time wait for one fetch") {
  issuer.is_open = false;
  int answered = 0;
  for (int i = 0; i < 100; ++i) {
    asio::co_spawn(io, jwks.keys(), [&](std::exception_ptr error, Jwks::Answer answer) {
      if (!error && std::holds_alternative<Jwks::Keys>(answer)) ++answered;
    });
  }
  io.poll();
  CHECK(issuer.asked == 1);
  CHECK(answered == 0);
  issuer.open();
  io.restart();
  io.poll();
  CHECK(answered == 100);
  CHECK(issuer.asked == 1);
}

TEST_CASE_METHOD(JwksFixture, "When the one who asked first goes away, the others get their keys") {
  issuer.is_open = false;
  asio::cancellation_signal leaves;
  std::exception_ptr left;
  int answered = 0;
  auto note_left = [&](std::exception_ptr error, Jwks::Answer) { left = error; };
  asio::co_spawn(io, jwks.keys(), asio::bind_cancellation_slot(leaves.slot(), note_left));
  asio::co_spawn(io, jwks.keys(), [&](std::exception_ptr error, Jwks::Answer) { answered += error ? 0 : 1; });
  io.poll();
  leaves.emit(asio::cancellation_type::terminal);
  io.restart();
  io.poll();
  CHECK(left);
  CHECK(issuer.cancelled == 0);
  issuer.open();
  io.restart();
  io.poll();
  CHECK(answered == 1);
  CHECK(issuer.asked == 1);
}

TEST_CASE_METHOD(JwksFixture, "A new key is found when a token names it, at most every thirty seconds") {
  const Jwks::Keys first = good(keys());
  CHECK(good(after(first)) == first);
  CHECK(issuer.asked == 1);
  clock.advance(29s);
  CHECK(good(after(first)) == first);
  CHECK(issuer.asked == 1);
  clock.advance(1s);
  issuer.text = key_set(key().jwk("k2"));
  const Jwks::Keys second = good(after(first));
  CHECK(second != first);
  CHECK(second->front().id == "k2");
  // Somebody who still holds the old ones gets the newer without a further fetch.
  clock.advance(60s);
  CHECK(good(after(first)) == second);
  CHECK(issuer.asked == 2);
  CHECK(good(keys()) == second);
}

TEST_CASE_METHOD(JwksFixture, "An issuer that is down at first use is asked again with growing pauses") {
  issuer.is_down = true;
  CHECK(retry_after(keys()) == 1);
  CHECK(retry_after(keys()) == 1);
  CHECK(issuer.asked == 1);
  std::vector<std::int64_t> pauses;
  for (int i = 0; i < 7; ++i) {
    clock.advance(std::chrono::seconds{retry_after(keys())});
    const int before = issuer.asked;
    pauses.push_back(retry_after(keys()));
    CHECK(issuer.asked == before + 1);
  }
  CHECK(pauses == std::vector<std::int64_t>{2, 4, 8, 16, 30, 30, 30});
  clock.advance(10s);
  CHECK(retry_after(keys()) == 20);
  issuer.is_down = false;
  CHECK(retry_after(keys()) == 20);
  clock.advance(20s);
  CHECK(good(keys())->size() == 1);
}

TEST_CASE_METHOD(JwksFixture, "While the issuer is down the old keys are used, for a day and no longer") {
  const Jwks::Keys old = good(keys());
  issuer.is_down = true;
  clock.advance(11min);
  CHECK(good(keys()) == old);
  CHECK(issuer.asked == 2);
  CHECK(good(keys()) == old);
  CHECK(issuer.asked == 2);
  clock.advance(23h);
  CHECK(good(keys()) == old);
  clock.advance(1h);
  CHECK(retry_after(keys()) >= 1);
  issuer.is_down = false;
  clock.advance(1min);
  CHECK(good(keys()) != old);
}

TEST_CASE_METHOD(JwksFixture, "Whether a key is new cannot be said while the issuer is down") {
  const Jwks::Keys old = good(keys());
  issuer.is_down = true;
  clock.advance(30s);
  CHECK(retry_after(after(old)) == 1);
  CHECK(issuer.asked == 2);
  CHECK(retry_after(after(old)) == 1);
  CHECK(issuer.asked == 2);
  CHECK(good(keys()) == old);
}

TEST_CASE_METHOD(JwksFixture, "An answer without a usable key is a failure, told in the log without its text") {
  for (const char* wrong : {"<html>canary</html>", R"({"keys":[]})", R"({"keys":[{"kty":"oct","k":"canary"}]})"}) {
    issuer.text = wrong;
    CHECK(retry_after(keys()) >= 1);
    clock.advance(1min);
  }
  CHECK(logged.find("could not be fetched") != std::string::npos);
  CHECK(logged.find("canary") == std::string::npos);
}

TEST_CASE_METHOD(JwksFixture, "A clock that is set back makes keys old") {
  keys();
  clock.advance(-24h);
  keys();
  CHECK(issuer.asked == 2);
}

TEST_CASE_METHOD(JwksFixture, "Stopping ends a fetch, and whoever waits for it is answered") {
  issuer.is_open = false;
  bool is_unavailable = false;
  asio::co_spawn(io, jwks.keys(), [&](std::exception_ptr, Jwks::Answer answer) {
    is_unavailable = std::holds_alternative<Jwks::Unavailable>(answer);
  });
  io.poll();
  io.restart();
  test::run(io, jwks.stop());
  io.restart();
  io.poll();
  CHECK(is_unavailable);
  CHECK(issuer.cancelled == 1);
}

}  // namespace
}  // namespace heddle::api
