// Encrypted connections: the listener on a thread of its own, and clients of OpenSSL that wait as clients do.

#include "api/http/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "api/http/listener.h"
#include "tests/api/http/certificate.h"
#include "tests/support/folder.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Catch::Contains;

struct TlsServer {
  test::Folder folder;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(io);
  std::optional<Listener> listener;
  HttpLimits limits;
  std::uint16_t port = 0;
  std::atomic<bool> stream_ended = false;
  std::thread thread{[this] { io.run(); }};

  TlsServer() { test::make_certificate(folder.path(), "server"); }
  ~TlsServer() {
    if (listener) on_io([this] { return listener->stop(0ms); });
    on_io([this]() -> asio::awaitable<void> {
      listener.reset();
      co_return;
    });
    work.reset();
    thread.join();
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  template <class Make>
  void on_io(Make make) {
    asio::co_spawn(io, std::move(make), asio::use_future).get();
  }

  TlsSettings files(const std::string& name) const {
    return {(folder.path() / (name + ".pem")).string(), (folder.path() / (name + ".key")).string()};
  }

  void serve() {
    on_io([this]() -> asio::awaitable<void> {
      Handler handler = [this](Request request) { return answer(std::move(request)); };
      listener.emplace(io.get_executor(), std::move(handler), limits);
      listener->encrypt(std::make_shared<const TlsIdentity>(files("server")));
      port = listener->listen("127.0.0.1", 0).at(0).port;
      co_return;
    });
  }

  void exchange(const std::string& name) {
    on_io([this, name]() -> asio::awaitable<void> {
      listener->encrypt(std::make_shared<const TlsIdentity>(files(name)));
      co_return;
    });
  }

  asio::awaitable<Response> answer(Request request) {
    Response response;
    response.headers.add("content-type", "text/plain");
    if (request.target == "/events") {
      response.stream = [this](BodyWriter& writer) { return tick(writer); };
    } else if (request.target == "/large") {
      response.body = std::string(std::size_t{3} << 20, 'x');
    } else {
      response.body = request.target + "|" + std::to_string(request.body.size()) + "|" + request.peer;
    }
    co_return response;
  }

  // Until the client leaves.
  asio::awaitable<void> tick(BodyWriter& writer) {
    asio::steady_timer pause(io);
    std::exception_ptr ended;
    try {
      for (int i = 0;; ++i) {
        const std::string event = "data: " + std::to_string(i) + "\n\n";
        co_await writer.write(event);
        pause.expires_after(5ms);
        co_await pause.async_wait(asio::use_awaitable);
      }
    } catch (...) {
      ended = std::current_exception();
    }
    stream_ended = true;
    std::rethrow_exception(ended);
  }
};

// Waits for at most ten seconds for whatever it waits for.
class TlsClient {
 public:
  // `version`: the highest that it speaks.
  explicit TlsClient(const TlsServer& server, int version = TLS1_3_VERSION) : socket_(io_) {
    socket_.connect({asio::ip::address_v4::loopback(), server.port});
    context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_security_level(context_.get(), version < TLS1_2_VERSION ? 0 : 1);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_load_verify_locations(context_.get(), (server.folder.path() / "ca.pem").c_str(), nullptr);
    session_.reset(SSL_new(context_.get()));
    timeval patience{10, 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    SSL_set_fd(session_.get(), socket_.native_handle());
    SSL_set1_host(session_.get(), "localhost");
    is_connected_ = SSL_connect(session_.get()) == 1;
    ERR_clear_error();
  }

  bool is_connected() const { return is_connected_; }
  SSL* session() { return session_.get(); }
  void send(std::string_view text) {
    std::size_t written = 0;
    REQUIRE(SSL_write_ex(session_.get(), text.data(), text.size(), &written) == 1);
  }
  // Until `text` has come.
  std::string read_until(const std::string& text) {
    std::string all;
    while (all.find(text) == std::string::npos && read_some(all)) continue;
    return all;
  }
  std::string read_to_end() {
    std::string all;
    while (read_some(all)) continue;
    return all;
  }
  // Whether the server said that it closes, so that nothing can have been cut off.
  bool was_told_the_end() const { return (SSL_get_shutdown(session_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  void leave() { socket_.close(); }

 private:
  bool read_some(std::string& all) {
    char bytes[4096];
    std::size_t count = 0;
    ERR_clear_error();
    if (SSL_read_ex(session_.get(), bytes, sizeof(bytes), &count) != 1) return false;
    all.append(bytes, count);
    return true;
  }

  asio::io_context io_;
  asio::ip::tcp::socket socket_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> session_{nullptr, SSL_free};
  bool is_connected_ = false;
};

// What comes back until the server closes, which it does within ten seconds.
std::string sent_in_clear(const TlsServer& server, const std::string& bytes) {
  std::string all;
  bool is_closed = false;
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  socket.connect({asio::ip::address_v4::loopback(), server.port});
  boost::system::error_code ignored;
  // The server need not read it all before it closes.
  asio::write(socket, asio::buffer(bytes), ignored);
  asio::async_read(socket, asio::dynamic_buffer(all),
                   [&is_closed](const boost::system::error_code&, std::size_t) { is_closed = true; });
  io.run_for(10s);
  INFO("the server neither answers nor closes; so far came: " << all);
  REQUIRE(is_closed);
  return all;
}

bool comes_true(const std::atomic<bool>& flag) {
  for (int i = 0; i < 1000 && !flag; ++i) std::this_thread::sleep_for(5ms);
  return flag;
}

std::string fault_of(const TlsSettings& settings) {
  try {
    const TlsIdentity identity(settings);
  } catch (const TlsError& error) {
    return error.what();
  }
  return "was taken";
}

TEST_CASE_METHOD(TlsServer, "Requests and answers are the same over TLS, one after the other and large") {
  serve();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(*this, version);
    REQUIRE(client.is_connected());
    client.send("GET /a HTTP/1.1\r\nhost: x\r\n\r\n");
    CHECK_THAT(client.read_until("/a|0|127.0.0.1"), Contains("HTTP/1.1 200 OK") && Contains("keep-alive"));
    // Headers and body come in records of their own, and two requests in one.
    client.send("POST /b HTTP/1.1\r\nhost: x\r\n");
    client.send("content-length: 100000\r\n\r\n");
    client.send(std::string(100'000, 'y'));
    CHECK_THAT(client.read_until("/b|100000|"), Contains("200 OK"));
    client.send("GET /c HTTP/1.1\r\nhost: x\r\n\r\nGET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    const std::string rest = client.read_to_end();
    CHECK_THAT(rest.substr(0, 1000), Contains("/c|0|"));
    CHECK(std::count(rest.begin(), rest.end(), 'x') > (3 << 20));
    CHECK(client.was_told_the_end());
  }
}

TEST_CASE_METHOD(TlsServer, "A stream of events comes piece by piece over TLS, and ends when the client leaves") {
  serve();
  TlsClient client(*this);
  client.send("GET /events HTTP/1.1\r\nhost: x\r\n\r\n");
  CHECK_THAT(client.read_until("data: 3"), Contains("transfer-encoding: chunked") && Contains("data: 0"));
  CHECK_FALSE(stream_ended);
  // What the client sends meanwhile is no end.
  client.send("GET /a HTTP/1.1\r\nhost: x\r\n\r\n");
  CHECK_THAT(client.read_until("data: 9"), Contains("data: 9"));
  CHECK_FALSE(stream_ended);
  client.leave();
  CHECK(comes_true(stream_ended));
}

TEST_CASE_METHOD(TlsServer, "A client that only says goodbye ends its stream, too") {
  serve();
  TlsClient client(*this);
  client.send("GET /events HTTP/1.1\r\nhost: x\r\n\r\n");
  client.read_until("data: 1");
  SSL_shutdown(client.session());
  CHECK(comes_true(stream_ended));
}

TEST_CASE_METHOD(TlsServer, "Plain HTTP on an encrypted port is told so, and garbage is closed") {
  serve();
  const std::string told = sent_in_clear(*this, "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  CHECK_THAT(told, Contains("HTTP/1.1 400") && Contains("This port speaks HTTPS only"));
  const std::string garbage =
      sent_in_clear(*this, std::string("\x16\x03\x01\xff\xff", 5) + std::string(70'000, '\xff'));
  CHECK(garbage.find("HTTP") == std::string::npos);
  TlsClient next(*this);
  CHECK(next.is_connected());
}

// Takes the second after which the handshake is given up.
TEST_CASE_METHOD(TlsServer, "A handshake that does not come to its end is given up") {
  limits.header_timeout = 1s;
  serve();
  const auto begun = std::chrono::steady_clock::now();
  CHECK(sent_in_clear(*this, std::string("\x16\x03\x01\x02", 4)).empty());
  CHECK(sent_in_clear(*this, "").empty());
  CHECK(std::chrono::steady_clock::now() - begun < 9s);
}

TEST_CASE_METHOD(TlsServer, "Old versions of the protocol are not spoken") {
  serve();
  CHECK_FALSE(TlsClient(*this, TLS1_1_VERSION).is_connected());
}

TEST_CASE_METHOD(TlsServer, "A connection beyond the limit is told so over TLS") {
  limits.connections_max = 1;
  serve();
  TlsClient first(*this);
  first.send("GET /a HTTP/1.1\r\nhost: x\r\n\r\n");
  first.read_until("/a|");
  TlsClient second(*this);
  CHECK_THAT(second.read_to_end(), Contains("HTTP/1.1 503") && Contains("Too many connections"));
}

TEST_CASE_METHOD(TlsServer,
                 "A certificate that is exchanged holds for connections that come, and not for those that are there") {
  serve();
  TlsClient before(*this);
  test::make_certificate(folder.path(), "next");  // of another authority, which ca.pem is now
  CHECK_FALSE(TlsClient(*this).is_connected());
  exchange("next");
  CHECK(TlsClient(*this).is_connected());
  before.send("GET /a HTTP/1.1\r\nhost: x\r\n\r\n");
  CHECK_THAT(before.read_until("/a|"), Contains("200 OK"));
}

TEST_CASE("What is wrong with certificate and key is one line with the setting and the file") {
  const test::Folder folder;
  const auto path = [&](const std::string& name) { return (folder.path() / name).string(); };
  test::make_certificate(folder.path(), "a");
  test::make_certificate(folder.path(), "b");
  test::make_locked_key(folder.path(), "locked");
  std::ofstream(path("text.pem")) << "no certificate\n";
  CHECK(fault_of({path("a.pem"), path("a.key")}) == "was taken");
  CHECK_THAT(fault_of({path("none.pem"), path("a.key")}),
             Contains("tls.certificate \"" + path("none.pem") + "\": cannot be read"));
  CHECK_THAT(fault_of({path("text.pem"), path("a.key")}), Contains("tls.certificate") && Contains("PEM"));
  CHECK_THAT(fault_of({path("a.pem"), path("none.key")}),
             Contains("tls.key \"" + path("none.key") + "\": cannot be read"));
  CHECK_THAT(fault_of({path("a.pem"), path("b.key")}),
             Contains("tls.key") && Contains("is not the key of the certificate"));
  CHECK_THAT(fault_of({path("a.pem"), path("locked.key")}), Contains("tls.key") && Contains("without a password"));
  CHECK(fault_of({path("none.pem"), path("a.key")}).find('\n') == std::string::npos);
}

}  // namespace
}  // namespace heddle::api
