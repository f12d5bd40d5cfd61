#include <boost/asio/this_coro.hpp>
#include <catch2/catch.hpp>
#include <stdexcept>

#include "tests/api/http/loopback.h"

using namespace heddle;
using api::BodyWriter;
using api::Request;
using api::Response;
using test::Answer;
using test::Client;
using test::Loopback;
namespace asio = boost::asio;

namespace {

// A stream that sends `head`, waits until it is let go and sends `tail`.
class HeldStream {
 public:
  explicit HeldStream(asio::io_context& io) : gate_(io, std::chrono::steady_clock::time_point::max()) {}

  api::Handler handler() {
    Response response;
    response.stream = [this](BodyWriter& writer) { return write(writer); };
    return [response](Request) -> asio::awaitable<Response> { co_return response; };
  }
  void let_go() { gate_.cancel(); }

  std::string head = "head";
  std::string tail = "tail";
  int begun = 0;
  int cancelled = 0;
  int ended = 0;

 private:
  asio::awaitable<void> write(BodyWriter& writer) {
    ++begun;
    co_await writer.write(head);
    boost::system::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await gate_.async_wait(token);
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) ++cancelled;
    co_await writer.write(tail);
    ++ended;
  }

  asio::steady_timer gate_;
};

struct StreamFixture : Loopback {
  HeldStream stream{io};
};

constexpr const char* kGet = "GET /s HTTP/1.1\r\n\r\n";

}  // namespace

TEST_CASE_METHOD(StreamFixture, "A streamed answer begins with its header block before the first byte of its body") {
  stream.head = "";
  serve(stream.handler());
  Client client = this->client();
  client.send(kGet);
  const Answer answer = client.read_head();
  CHECK(answer.status == 200);
  CHECK(answer.headers.at("transfer-encoding") == "chunked");
  CHECK(answer.headers.at("connection") == "keep-alive");
  CHECK_FALSE(answer.headers.contains("content-length"));
  wait_until([this] { return stream.begun == 1; });
  stream.let_go();
  CHECK(client.read_chunk() == "tail");
  CHECK(client.read_chunk().empty());
}

TEST_CASE_METHOD(StreamFixture, "Each write is one chunk, sent at once, and the connection goes on after the last") {
  serve(stream.handler());
  Client client = this->client();
  for (int i = 1; i <= 3; ++i) {
    client.send(kGet);
    client.read_head();
    CHECK(client.read_chunk() == "head");
    wait_until([this, i] { return stream.begun == i; });
    stream.let_go();
    CHECK(client.read_chunk() == "tail");
    CHECK(client.read_chunk().empty());
  }
  CHECK(stream.ended == 3);
  CHECK(listener->open_connections() == 1);
}

TEST_CASE_METHOD(StreamFixture, "A client that closes its connection cancels the stream at once") {
  serve(stream.handler());
  {
    Client client = this->client();
    client.send(kGet);
    client.read_head();
    client.read_chunk();
    if (GENERATE(false, true)) client.socket().set_option(asio::socket_base::linger(true, 0));  // a reset
  }
  const auto closed_at = std::chrono::steady_clock::now();
  wait_until([this] { return listener->open_connections() == 0; });
  CHECK(std::chrono::steady_clock::now() - closed_at < std::chrono::seconds{1});
  CHECK(stream.cancelled == 1);
  CHECK(stream.ended == 0);
  CHECK(logged.empty());
}

TEST_CASE_METHOD(StreamFixture, "A client that left while the handler worked cancels the stream as it begins") {
  asio::steady_timer handler_gate(io, std::chrono::steady_clock::time_point::max());
  const api::Handler streaming = stream.handler();
  bool is_called = false;
  serve([&](Request request) -> asio::awaitable<Response> {
    is_called = true;
    boost::system::error_code ignored;
    auto token = asio::redirect_error(asio::use_awaitable, ignored);
    co_await handler_gate.async_wait(token);
    Response response = co_await streaming(std::move(request));
    co_return response;
  });
  {
    Client client = this->client();
    client.send(kGet);
    wait_until([&is_called] { return is_called; });
  }
  handler_gate.cancel();
  wait_until([this] { return listener->open_connections() == 0; });
  CHECK(stream.ended == 0);
}

TEST_CASE_METHOD(StreamFixture, "A request that arrives during a stream waits for its end") {
  serve(stream.handler());
  Client client = this->client();
  client.send(kGet);
  client.read_head();
  client.read_chunk();
  client.send("GET /s HT");
  wait_until([turns = 10]() mutable { return turns-- == 0; });
  client.send("TP/1.1\r\n\r\n");
  wait_until([turns = 10]() mutable { return turns-- == 0; });
  CHECK(stream.begun == 1);
  CHECK(stream.cancelled == 0);

  stream.let_go();
  CHECK(client.read_chunk() == "tail");
  CHECK(client.read_chunk().empty());
  client.read_head();
  CHECK(client.read_chunk() == "head");
  CHECK(stream.begun == 2);
}

TEST_CASE_METHOD(StreamFixture, "More pipelined bytes than are kept wait in the socket and are not lost") {
  serve(stream.handler());
  Client client = this->client();
  client.send(kGet);
  client.read_head();
  client.read_chunk();
  const std::string body(100'000, 'x');
  client.send("POST /s HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  wait_until([turns = 100]() mutable { return turns-- == 0; });
  stream.let_go();
  CHECK(client.read_chunk() == "tail");
  CHECK(client.read_chunk().empty());
  CHECK(client.read_head().status == 200);
}

TEST_CASE_METHOD(StreamFixture, "A client cannot fill the server's memory while a stream runs") {
  serve(stream.handler());
  Client client = this->client();
  client.send(kGet);
  client.read_head();
  client.read_chunk();
  client.socket().non_blocking(true);
  const std::string part(100'000, 'x');
  std::size_t sent = 0;
  int idle_rounds = 0;  // in which the server took nothing
  while (idle_rounds < 5 && sent < std::size_t{64} << 20) {
    boost::system::error_code error;
    const std::size_t taken = client.socket().write_some(asio::buffer(part), error);
    sent += taken;
    idle_rounds = taken > 0 ? 0 : idle_rounds + 1;
    wait_until([turns = 200]() mutable { return turns-- == 0; });
  }
  CHECK(idle_rounds == 5);
}

TEST_CASE_METHOD(Loopback, "A stream that throws ends the connection without the last chunk") {
  Response response;
  response.stream = [](BodyWriter& writer) -> asio::awaitable<void> {
    co_await writer.write("some");
    throw std::runtime_error("the model is gone");
  };
  serve(test::always(response));
  Client client = this->client();
  client.send("GET /s?token=1 HTTP/1.1\r\nX-Request-Id: id-1\r\n\r\n");
  client.read_head();
  CHECK(client.read_to_end() == "4\r\nsome\r\n");
  CHECK(logged == std::vector<std::string>{"stream of /s (id-1): the model is gone"});
}

TEST_CASE_METHOD(Loopback, "An empty write is no end of the body") {
  Response response;
  response.stream = [](BodyWriter& writer) -> asio::awaitable<void> {
    co_await writer.write("a");
    co_await writer.write("");
    co_await writer.write("b");
  };
  serve(test::always(response));
  CHECK(client().ask(kGet).chunks == std::vector<std::string>{"a", "b"});
}

TEST_CASE_METHOD(Loopback, "HEAD of a streamed answer gives the header block and does not run the stream") {
  Response response;
  bool has_run = false;
  response.stream = [&has_run](BodyWriter&) -> asio::awaitable<void> {
    has_run = true;
    co_return;
  };
  serve(test::always(response));
  Client client = this->client();
  client.send("HEAD /s HTTP/1.1\r\n\r\n");
  CHECK(client.read_head().headers.at("transfer-encoding") == "chunked");
  CHECK_FALSE(has_run);
  CHECK(client.ask(kGet).status == 200);
  CHECK(has_run);
}

TEST_CASE_METHOD(Loopback, "A client of HTTP/1.0 gets a stream without chunks, ended by the end of the connection") {
  Response response;
  response.stream = [](BodyWriter& writer) -> asio::awaitable<void> {
    co_await writer.write("a");
    co_await writer.write("b");
  };
  serve(test::always(response));
  Client client = this->client();
  client.send("GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const Answer answer = client.read_head();
  CHECK(answer.headers.at("connection") == "close");
  CHECK_FALSE(answer.headers.contains("transfer-encoding"));
  CHECK(client.read_to_end() == "ab");
}

TEST_CASE_METHOD(Loopback, "A stream that tells how much it writes is sent with a length, and the connection goes on") {
  Response response;
  response.stream_bytes = 3;
  response.stream = [](BodyWriter& writer) -> asio::awaitable<void> {
    co_await writer.write("ab");
    co_await writer.write("c");
  };
  serve(test::always(response));
  Client client = this->client();
  for (const char* version : {"1.1", "1.0"}) {
    const Answer answer = client.ask("GET /s HTTP/" + std::string(version) + "\r\nConnection: keep-alive\r\n\r\n");
    CHECK(answer.headers.at("content-length") == "3");
    CHECK_FALSE(answer.headers.contains("transfer-encoding"));
    CHECK(answer.body == "abc");
  }
  client.send("HEAD /s HTTP/1.1\r\n\r\n");
  CHECK(client.read_head().headers.at("content-length") == "3");
  CHECK(client.ask(kGet).body == "abc");
}

TEST_CASE_METHOD(Loopback, "A stream that writes less than it has told ends the connection") {
  Response response;
  response.stream_bytes = 3;
  response.stream = [](BodyWriter& writer) -> asio::awaitable<void> { co_await writer.write("ab"); };
  serve(test::always(response));
  Client client = this->client();
  client.send("GET /s HTTP/1.1\r\nX-Request-Id: id-1\r\n\r\n");
  client.read_head();
  CHECK(client.read_to_end() == "ab");
  CHECK(logged == std::vector<std::string>{"stream of /s (id-1): it wrote 2 bytes and had told 3"});
}

TEST_CASE_METHOD(Loopback, "A stream of many megabytes arrives whole at a client that reads slowly") {
  const std::string part(100'000, 'x');
  Response response;
  response.stream = [&part](BodyWriter& writer) -> asio::awaitable<void> {
    for (int i = 0; i < 200; ++i) co_await writer.write(part);
  };
  serve(test::always(response));
  CHECK(client().ask(kGet).body.size() == 200 * part.size());
}

TEST_CASE_METHOD(Loopback, "Many writes of any size arrive whole and in order") {
  std::string all;
  Response response;
  response.stream = [&all](BodyWriter& writer) -> asio::awaitable<void> {
    // Below and above all sizes that are sent in another way, and more than the socket takes.
    for (int i = 0; i < 3'000; ++i) {
      const std::size_t bytes = i % 100 == 0 ? 200'000 : static_cast<std::size_t>(1 + i * 37 % 5'000);
      const std::string text(bytes, static_cast<char>('a' + i % 26));
      all += text;
      co_await writer.write(text);
    }
  };
  serve(test::always(response));
  const Answer answer = client().ask(kGet);
  CHECK(answer.body.size() == all.size());
  CHECK(answer.body == all);
}

TEST_CASE_METHOD(Loopback, "A stream that never waits lets others have their turn") {
  int written = 0;
  int others_turn_after = -1;
  Response response;
  response.stream = [&](BodyWriter& writer) -> asio::awaitable<void> {
    asio::post(io, [&] { others_turn_after = written; });
    for (; written < 1'000; ++written) co_await writer.write("x");
  };
  serve(test::always(response));
  CHECK(client().ask(kGet).body.size() == 1'000);
  CHECK(others_turn_after >= 0);
  CHECK(others_turn_after <= 20);
}

TEST_CASE_METHOD(Loopback, "A client that stays but takes nothing for too long ends the stream") {
  limits.write_timeout = std::chrono::seconds{1};
  const std::string part(100'000, 'x');
  bool has_failed = false;
  Response response;
  response.stream = [&](BodyWriter& writer) -> asio::awaitable<void> {
    try {
      for (;;) co_await writer.write(part);
    } catch (const boost::system::system_error&) {
      has_failed = true;
      throw;
    }
  };
  serve(test::always(response));
  Client client = this->client();
  client.send(kGet);
  wait_until([&has_failed] { return has_failed; });
  wait_until([this] { return listener->open_connections() == 0; });
  CHECK(logged.empty());
}
