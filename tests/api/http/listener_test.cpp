#include "api/http/listener.h"

#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/api/http/loopback.h"

using namespace heddle;
using namespace std::chrono_literals;
using api::BodyWriter;
using api::Request;
using api::Response;
using test::Client;
using test::Loopback;
namespace asio = boost::asio;

namespace {

asio::awaitable<void> forever() {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  asio::steady_timer never(executor, std::chrono::steady_clock::time_point::max());
  co_await never.async_wait(asio::use_awaitable);
}

Response endless_stream() {
  Response response;
  response.stream = [](BodyWriter& writer) -> asio::awaitable<void> {
    co_await writer.write("begun");
    co_await forever();
  };
  return response;
}

void stop(Loopback& loopback, std::chrono::milliseconds patience) {
  auto stopping = loopback.listener->stop(patience);
  test::run(loopback.io, std::move(stopping));
}

// While it lives this process can open no further file.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    getrlimit(RLIMIT_NOFILE, &usual_);
    const int next = dup(0);
    close(next);
    rlimit none = usual_;
    none.rlim_cur = static_cast<rlim_t>(next);
    setrlimit(RLIMIT_NOFILE, &none);
  }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;
  ~NoMoreFiles() { setrlimit(RLIMIT_NOFILE, &usual_); }

 private:
  rlimit usual_{};
};

}  // namespace

TEST_CASE_METHOD(Loopback, "localhost means both loopback addresses, on one free port") {
  serve(test::echo);
  const std::vector<api::BoundAddress> bound = listener->listen("localhost", 0);
  REQUIRE(!bound.empty());
  CHECK(bound.at(0).host == "127.0.0.1");
  CHECK(bound.at(0).port != 0);
  for (const api::BoundAddress& address : bound) {
    CHECK(address.port == bound.at(0).port);
    asio::ip::tcp::socket socket(io);
    socket.connect({asio::ip::make_address(address.host), address.port});
  }
}

TEST_CASE_METHOD(Loopback, "An address that is taken is named in the error") {
  serve(test::echo);
  api::Listener second(io.get_executor(), test::echo, {});
  try {
    second.listen("127.0.0.1", port);
    FAIL("two listeners on one port");
  } catch (const boost::system::system_error& error) {
    CHECK(error.code() == boost::system::errc::address_in_use);
    CHECK(std::string(error.what()).find("127.0.0.1:" + std::to_string(port)) != std::string::npos);
  }
}

TEST_CASE_METHOD(Loopback, "A host that does not exist is named in the error") {
  serve(test::echo);
  CHECK_THROWS_WITH(listener->listen("192.0.2.1", 0), Catch::Contains("192.0.2.1"));
  CHECK_THROWS_WITH(listener->listen("not a host", 0), Catch::Contains("not a host"));
}

TEST_CASE_METHOD(Loopback, "Connections beyond the limit are answered with 503") {
  limits.connections_max = 2;
  serve(test::echo);
  Client first = client();
  Client second = client();
  CHECK(first.ask("GET /a HTTP/1.1\r\n\r\n").status == 200);
  CHECK(second.ask("GET /a HTTP/1.1\r\n\r\n").status == 200);
  {
    Client third = client();
    const test::Answer answer = third.ask("GET /a HTTP/1.1\r\n\r\n");
    CHECK(answer.status == 503);
    CHECK(answer.body == R"({"detail":"Too many connections"})");
    CHECK(third.read_to_end().empty());
    CHECK(listener->open_connections() == 2);
  }
  first.socket().close();
  wait_until([this] { return listener->open_connections() == 1; });
  CHECK(client().ask("GET /a HTTP/1.1\r\n\r\n").status == 200);
}

// Not with clang's sanitizers: their check of object types opens a pipe to see whether memory can be read, and takes
// the lack of descriptors for a broken object.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEDDLE_NEEDS_DESCRIPTORS
#endif
#endif
#ifndef HEDDLE_NEEDS_DESCRIPTORS
TEST_CASE_METHOD(Loopback, "Accepting survives that there is no file descriptor left") {
  serve(test::echo);
  Client client = this->client();
  {
    const NoMoreFiles no_more_files;
    wait_until([this] { return !logged.empty(); });
  }
  CHECK(client.ask("GET /a HTTP/1.1\r\n\r\n").body == "/a|");
  CHECK(logged.size() == 1);
  CHECK(logged.at(0).starts_with("accepting connections: "));
}
#endif

TEST_CASE_METHOD(Loopback, "Stopping closes idle connections and the port at once") {
  serve(test::echo);
  Client used = client();
  used.ask("GET /a HTTP/1.1\r\n\r\n");
  Client unused = client();
  wait_until([this] { return listener->open_connections() == 2; });
  const auto begun = std::chrono::steady_clock::now();
  stop(*this, 10s);
  CHECK(std::chrono::steady_clock::now() - begun < 1s);
  CHECK(listener->open_connections() == 0);
  CHECK(used.read_to_end().empty());
  CHECK(unused.read_to_end().empty());
  CHECK_THROWS(client());
}

TEST_CASE_METHOD(Loopback, "Stopping lets a request in flight finish and then closes its connection") {
  asio::steady_timer gate(io, std::chrono::steady_clock::time_point::max());
  bool is_called = false;
  serve([&](Request) -> asio::awaitable<Response> {
    is_called = true;
    boost::system::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await gate.async_wait(token);
    Response response;
    response.body = "finished";
    co_return response;
  });
  Client client = this->client();
  client.send("GET /a HTTP/1.1\r\n\r\n");
  wait_until([&is_called] { return is_called; });
  asio::post(io, [&gate] { gate.cancel(); });
  stop(*this, 10s);
  const test::Answer answer = client.read_answer();
  CHECK(answer.body == "finished");
  CHECK(answer.headers.at("connection") == "close");
  CHECK(client.read_to_end().empty());
}

TEST_CASE_METHOD(Loopback, "Stopping while an answer is being sent closes the connection after it") {
  Response large;
  large.body.assign(std::size_t{32} << 20, 'x');
  serve(test::always(large));
  Client client = this->client();
  client.send("GET /a HTTP/1.1\r\n\r\n");
  client.read_head();
  const auto begun = std::chrono::steady_clock::now();
  bool has_stopped = false;
  auto stopping = listener->stop(10s);
  asio::co_spawn(io, std::move(stopping), [&has_stopped](const std::exception_ptr&) { has_stopped = true; });
  CHECK(client.read_to_end() == large.body);
  wait_until([&has_stopped] { return has_stopped; });
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

TEST_CASE_METHOD(Loopback, "Stopping cancels an open stream when patience is at its end") {
  serve(test::always(endless_stream()));
  Client client = this->client();
  client.send("GET /a HTTP/1.1\r\n\r\n");
  client.read_head();
  client.read_chunk();
  stop(*this, 20ms);
  CHECK(listener->open_connections() == 0);
  CHECK(client.read_to_end().empty());  // no last chunk: the client can tell that it is not the whole
  CHECK(logged.empty());
}

TEST_CASE_METHOD(Loopback, "Stopping cancels a handler when patience is at its end") {
  bool is_called = false;
  serve([&is_called](Request) -> asio::awaitable<Response> {
    is_called = true;
    co_await forever();
    co_return Response{};
  });
  Client client = this->client();
  client.send("GET /a HTTP/1.1\r\n\r\n");
  wait_until([&is_called] { return is_called; });
  stop(*this, 20ms);
  CHECK(client.read_to_end().empty());
  CHECK(logged.empty());
}

TEST_CASE_METHOD(Loopback, "Stopping twice, and without a connection, is done at once") {
  serve(test::echo);
  stop(*this, 10s);
  stop(*this, 10s);
  CHECK(listener->open_connections() == 0);
}

TEST_CASE("A listener that is destroyed with open connections takes them along") {
  const bool runs_on = GENERATE(false, true);
  Loopback loopback;
  loopback.serve(test::always(endless_stream()));
  Client streaming = loopback.client();
  streaming.send("GET /a HTTP/1.1\r\n\r\n");
  streaming.read_head();
  Client idle = loopback.client();
  loopback.wait_until([&loopback] { return loopback.listener->open_connections() == 2; });
  loopback.listener.reset();
  if (!runs_on) return;  // then the connections end with the executor
  streaming.read_to_end();
  CHECK(idle.read_to_end().empty());
}
