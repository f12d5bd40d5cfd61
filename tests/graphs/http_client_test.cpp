#include "graphs/http_client.h"

#include <stdlib.h>  // setenv is of POSIX

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <thread>

#include "graphs/url_parts.h"
#include "runtime/error.h"
#include "tests/graphs/tiny_server.h"
#include "tests/support/run.h"

namespace asio = boost::asio;
using namespace heddle::graphs;
using heddle::test::TinyConnection;
using heddle::test::TinyServer;
using namespace std::chrono_literals;

namespace {

HttpRequest get(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  return request;
}

std::string ok(const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

// Opens, and keeps the stream until it is let go.
asio::awaitable<void> open_into(HttpClient& client, HttpRequest request, std::unique_ptr<HttpStream>& kept) {
  HttpStream stream = co_await client.open(std::move(request));
  kept = std::make_unique<HttpStream>(std::move(stream));
}

asio::awaitable<void> count_answer(HttpClient& client, HttpRequest request, int& answers) {
  const HttpAnswer answer = co_await client.fetch(std::move(request));
  if (answer.body == "hi") ++answers;
}

struct HttpFixture {
  asio::io_context io;
  HttpClient client;

  HttpAnswer fetch(HttpRequest request) { return heddle::test::run(io, client.fetch(std::move(request))); }
  HttpFailure failure(HttpRequest request) {
    try {
      fetch(std::move(request));
    } catch (const HttpError& error) {
      text = error.what();
      name = heddle::runtime::error_info(error).name;
      return error.kind();
    }
    FAIL("the request did not fail");
    return HttpFailure::request;
  }
  std::string text;
  std::string name;  // under which a node that lets it pass fails
};

}  // namespace

TEST_CASE_METHOD(HttpFixture, "A fetched answer has status, headers and body") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send("HTTP/1.1 418 Teapot\r\nX-Kind:  green \r\nContent-Length: 5\r\n\r\nhello");
  });
  const HttpAnswer answer = fetch(get(server.url()));
  CHECK(answer.head.status == 418);
  CHECK(answer.head.find("x-kind") == "green");
  CHECK_FALSE(answer.head.find("x-other"));
  CHECK(answer.body == "hello");
}

TEST_CASE_METHOD(HttpFixture, "A request carries its method, headers, secrets and body") {
  TinyServer server([](TinyConnection& connection, const std::string&) { connection.send(ok("")); });
  HttpRequest request = get(server.url("/path?q=1"));
  request.method = "POST";
  request.headers.push_back({"Content-Type", "application/json"});
  request.secret_headers.push_back({"Authorization", "Bearer ", heddle::runtime::Secret(std::string("s3cret"))});
  request.body = R"({"a":1})";
  fetch(std::move(request));
  const std::string sent = server.requests().at(0);
  CHECK(sent.starts_with("POST /path?q=1 HTTP/1.1\r\n"));
  CHECK(sent.find("Content-Type: application/json\r\n") != std::string::npos);
  CHECK(sent.find("Authorization: Bearer s3cret\r\n") != std::string::npos);
  CHECK(sent.find("Expect:") == std::string::npos);
  CHECK(sent.ends_with("\r\n\r\n{\"a\":1}"));
}

TEST_CASE_METHOD(HttpFixture, "A streamed answer is read while it is still being sent") {
  std::promise<void> first_read;
  TinyServer server([&](TinyConnection& connection, const std::string&) {
    connection.send("HTTP/1.1 200 OK\r\n\r\none");
    first_read.get_future().wait();
    connection.send("two");
  });
  auto reading = [&]() -> asio::awaitable<std::string> {
    HttpRequest request = get(server.url());
    HttpStream stream = co_await client.open(std::move(request));
    const std::optional<std::string> one = co_await stream.next();
    first_read.set_value();
    const std::optional<std::string> two = co_await stream.next();
    const std::optional<std::string> end = co_await stream.next();
    co_return one.value_or("-") + "," + two.value_or("-") + "," + end.value_or("end");
  };
  CHECK(heddle::test::run(io, reading()) == "one,two,end");
}

TEST_CASE_METHOD(HttpFixture, "The text of an error names the host and neither path nor query") {
  std::string url;
  {
    TinyServer server([](TinyConnection&, const std::string&) {});
    url = server.url("/private?token=abc");
  }
  CHECK(failure(get(url)) == HttpFailure::connection);
  CHECK(text.starts_with("GET http://127.0.0.1:"));
  CHECK(text.find("private") == std::string::npos);
  CHECK(text.find("abc") == std::string::npos);
  CHECK(name == "ConnectionError");
}

TEST_CASE_METHOD(HttpFixture, "An answer that ends too early is an error") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  CHECK(failure(get(server.url())) == HttpFailure::connection);
}

TEST_CASE_METHOD(HttpFixture, "A server that falls silent is given up after the idle timeout") {
  TinyServer silent([](TinyConnection& connection, const std::string&) { connection.wait_until_closed(); });
  HttpRequest request = get(silent.url());
  request.idle_timeout = 30ms;
  CHECK(failure(std::move(request)) == HttpFailure::timeout);
  TinyServer halting([](TinyConnection& connection, const std::string&) {
    connection.send("HTTP/1.1 200 OK\r\n\r\none");
    connection.wait_until_closed();
  });
  request = get(halting.url());
  request.idle_timeout = 30ms;
  CHECK(failure(std::move(request)) == HttpFailure::timeout);
}

TEST_CASE_METHOD(HttpFixture, "A transfer that takes too long in all is given up") {
  TinyServer server([](TinyConnection& connection, const std::string&) { connection.wait_until_closed(); });
  HttpRequest request = get(server.url());
  request.total_timeout = 30ms;
  CHECK(failure(std::move(request)) == HttpFailure::timeout);
  CHECK(name == "ConnectionTimeoutError");
}

TEST_CASE_METHOD(HttpFixture, "An answer that is larger than wanted is refused") {
  TinyServer server(
      [](TinyConnection& connection, const std::string&) { connection.send(ok(std::string(2000, 'x'))); });
  HttpRequest request = get(server.url());
  request.body_bytes_max = 1999;
  CHECK(failure(std::move(request)) == HttpFailure::too_large);
}

TEST_CASE_METHOD(HttpFixture, "Redirects are answers unless they are to be followed") {
  TinyServer server([](TinyConnection& connection, const std::string& request) {
    if (request.starts_with("GET /there")) {
      connection.send(ok("here"));
    } else {
      connection.send("HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
  });
  CHECK(fetch(get(server.url())).head.status == 302);
  HttpRequest request = get(server.url());
  request.redirects = Redirects::followed;
  const HttpAnswer answer = fetch(std::move(request));
  CHECK(answer.head.status == 200);
  CHECK(answer.body == "here");
}

TEST_CASE_METHOD(HttpFixture, "A header with a line break in it is not sent") {
  HttpRequest request = get("http://127.0.0.1:1/");
  request.headers.push_back({"X-Name", "a\r\nX-Other: b"});
  CHECK(failure(std::move(request)) == HttpFailure::request);
}

TEST_CASE_METHOD(HttpFixture, "Only http and https are spoken") {
  CHECK(failure(get("file:///etc/hostname")) == HttpFailure::request);
  CHECK(failure(get("not a url")) == HttpFailure::request);
}

TEST_CASE_METHOD(HttpFixture, "Cancelling the reader closes the connection") {
  std::promise<void> asked;
  std::promise<void> closed;
  TinyServer server([&](TinyConnection& connection, const std::string&) {
    asked.set_value();
    connection.wait_until_closed();
    closed.set_value();
  });
  asio::cancellation_signal stop;
  std::exception_ptr thrown;
  auto ended = [&](std::exception_ptr error, const HttpAnswer&) { thrown = error; };
  asio::co_spawn(io, client.fetch(get(server.url())), asio::bind_cancellation_slot(stop.slot(), ended));
  io.poll();
  REQUIRE(asked.get_future().wait_for(5s) == std::future_status::ready);
  stop.emit(asio::cancellation_type::terminal);
  io.restart();
  io.poll();
  REQUIRE(thrown != nullptr);
  CHECK_THROWS_AS(std::rethrow_exception(thrown), boost::system::system_error);
  CHECK(closed.get_future().wait_for(5s) == std::future_status::ready);
}

TEST_CASE_METHOD(HttpFixture, "Letting a stream go closes the connection") {
  std::promise<void> closed;
  TinyServer server([&](TinyConnection& connection, const std::string&) {
    connection.send("HTTP/1.1 200 OK\r\n\r\none");
    connection.wait_until_closed();
    closed.set_value();
  });
  std::unique_ptr<HttpStream> stream;
  HttpRequest request = get(server.url());
  heddle::test::run(io, open_into(client, std::move(request), stream));
  REQUIRE(stream != nullptr);
  stream.reset();
  CHECK(closed.get_future().wait_for(5s) == std::future_status::ready);
}

TEST_CASE("A reader that does not read makes the sender wait, and misses nothing") {
  constexpr std::size_t kTotal = 64UL * 1024 * 1024;
  std::atomic<std::size_t> sent{0};
  TinyServer server([&](TinyConnection& connection, const std::string&) {
    connection.send("HTTP/1.1 200 OK\r\n\r\n");
    const std::string part(64UL * 1024, 'x');
    while (sent < kTotal && connection.send(part)) sent += part.size();
  });
  asio::io_context io;
  HttpClientSettings settings;
  settings.unread_bytes_max = 64UL * 1024;
  HttpClient client(std::move(settings));
  std::unique_ptr<HttpStream> stream;
  HttpRequest request = get(server.url());
  heddle::test::run(io, open_into(client, std::move(request), stream));
  // The sender stands still when the buffers of the sockets are full as well.
  std::size_t before = 1;
  while (sent != before) {
    before = sent;
    std::this_thread::sleep_for(100ms);
  }
  CHECK(sent < kTotal / 2);
  auto rest = [&]() -> asio::awaitable<std::size_t> {
    std::size_t bytes = 0;
    for (;;) {
      const std::optional<std::string> part = co_await stream->next();
      if (!part) break;
      bytes += part->size();
    }
    co_return bytes;
  };
  CHECK(heddle::test::run(io, rest()) == kTotal);
}

TEST_CASE_METHOD(HttpFixture, "Many transfers wait at the same time on one thread") {
  constexpr int kMany = 200;
  std::atomic<int> asked{0};
  TinyServer server([&](TinyConnection& connection, const std::string&) {
    ++asked;
    while (asked < kMany) std::this_thread::yield();  // nobody is answered before all have asked
    connection.send(ok("hi"));
  });
  int answers = 0;
  auto all = [&]() -> asio::awaitable<void> {
    HttpRequest request = get(server.url());
    co_await count_answer(client, std::move(request), answers);
  };
  for (int i = 0; i < kMany; ++i) {
    asio::co_spawn(io, all(), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
  }
  io.run_for(20s);
  CHECK(answers == kMany);
}

TEST_CASE("Ending the client ends its transfers") {
  std::promise<void> asked;
  TinyServer server([&](TinyConnection& connection, const std::string&) {
    asked.set_value();
    connection.wait_until_closed();
  });
  asio::io_context io;
  auto client = std::make_unique<HttpClient>();
  std::exception_ptr thrown;
  asio::co_spawn(io, client->fetch(get(server.url())),
                 [&](std::exception_ptr error, const HttpAnswer&) { thrown = error; });
  io.poll();
  REQUIRE(asked.get_future().wait_for(5s) == std::future_status::ready);
  client.reset();
  io.restart();
  io.run_for(5s);
  REQUIRE(thrown != nullptr);
  CHECK_THROWS_WITH(std::rethrow_exception(thrown), Catch::EndsWith("the HTTP client has been stopped"));
}

TEST_CASE("A URL is read as the client reads it") {
  const auto host = [](const std::string& url) {
    const std::optional<UrlParts> parts = url_parts(url);
    return parts ? parts->scheme + " " + parts->host + " " + std::to_string(parts->port) : "none";
  };
  CHECK(host("HTTPS://User:Word@Example.COM/a?b#c") == "https example.com 443");
  CHECK(host("http://2130706433:81/") == "http 127.0.0.1 81");
  CHECK(host("http://0177.1/") == "http 127.0.0.1 80");
  CHECK(host("http://[::1]/") == "http [::1] 80");
  CHECK(host("example.com/a") == "none");
  CHECK(host("/a") == "none");
  CHECK(host("") == "none");
}

TEST_CASE("A client that may not connect to an address says so, and does not") {
  asio::io_context io;
  TinyServer server([](TinyConnection& connection, const std::string&) { connection.send(ok("hi")); });
  std::atomic<bool> allowed{false};
  std::atomic<int> asked_port{0};
  HttpClientSettings settings;
  settings.may_connect = [&](const PeerAddress& peer) {
    asked_port = peer.port;
    const bool is_loopback = peer.bytes[15] == 1 && (peer.bytes[12] == 127 || peer.bytes[12] == 0);
    return allowed && is_loopback;
  };
  HttpClient client(std::move(settings));
  const auto fetch = [&] { return heddle::test::run(io, client.fetch(get(server.url("/s3cret")))).body; };
  try {
    fetch();
    FAIL("it connected");
  } catch (const HttpError& error) {
    CHECK(error.kind() == HttpFailure::refused);
    CHECK(std::string(error.what()).find("s3cret") == std::string::npos);
  }
  CHECK(server.requests().empty());
  CHECK(server.url().find(":" + std::to_string(asked_port) + "/") != std::string::npos);
  allowed = true;
  CHECK(fetch() == "hi");
}

TEST_CASE("A redirect does not lead where the client may not connect") {
  asio::io_context io;
  TinyServer inside([](TinyConnection& connection, const std::string&) { connection.send(ok("secret")); });
  TinyServer outside([&](TinyConnection& connection, const std::string&) {
    connection.send("HTTP/1.1 302 Found\r\nLocation: " + inside.url() + "\r\nContent-Length: 0\r\n\r\n");
  });
  const std::string port = outside.url().substr(outside.url().rfind(':') + 1);
  HttpClientSettings settings;
  settings.may_connect = [port](const PeerAddress& peer) { return std::to_string(peer.port) + "/" == port; };
  HttpClient client(std::move(settings));
  HttpRequest request = get(outside.url());
  request.redirects = Redirects::followed;
  CHECK_THROWS_AS(heddle::test::run(io, client.fetch(std::move(request))), HttpError);
  CHECK(outside.requests().size() == 1);
  CHECK(inside.requests().empty());
}

TEST_CASE("Behind a proxy a client that may not connect everywhere asks the proxy for everything") {
  asio::io_context io;
  TinyServer proxy([](TinyConnection& connection, const std::string&) { connection.send(ok("of the proxy")); });
  const auto set = [](const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); };
  set("http_proxy", proxy.url());
  set("no_proxy", "inside.invalid");
  HttpClientSettings settings;
  settings.may_connect = [](const PeerAddress&) { return false; };
  HttpClient client(std::move(settings));
  std::string body;
  try {
    body = heddle::test::run(io, client.fetch(get("http://inside.invalid/a"))).body;
  } catch (const HttpError& error) {
    body = error.what();
  }
  ::unsetenv("http_proxy");
  ::unsetenv("no_proxy");
  CHECK(body == "of the proxy");
  REQUIRE(proxy.requests().size() == 1);
  CHECK(proxy.requests().front().starts_with("GET http://inside.invalid/a HTTP/1.1\r\n"));
}
