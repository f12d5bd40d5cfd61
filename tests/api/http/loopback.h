#pragma once
// A listener on a free loopback port and clients that speak to it byte by byte. The server runs only
// while a client waits for something.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/http/listener.h"
#include "tests/support/run.h"

namespace heddle::test {

namespace asio = boost::asio;

struct Answer {
  int status = 0;
  std::map<std::string, std::string> headers;
  std::string body;
  std::vector<std::string> chunks;  // of a chunked body
};

class Client {
 public:
  Client(asio::io_context& io, std::uint16_t port) : io_(io), socket_(io) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
  }

  asio::ip::tcp::socket& socket() { return socket_; }

  void send(std::string_view text) {
    auto sending = write(text);
    run(io_, std::move(sending));
  }
  // Up to and including `end`; throws if the connection ends before.
  std::string read_until(std::string_view end) {
    auto reading = read(end);
    return run(io_, std::move(reading));
  }
  // What comes until the connection is closed.
  std::string read_to_end() {
    auto reading = read_all();
    return run(io_, std::move(reading));
  }
  Answer read_head() {
    Answer answer;
    std::string head = read_until("\r\n\r\n");
    answer.status = std::stoi(head.substr(9, 3));
    std::size_t at = head.find("\r\n") + 2;
    while (head.compare(at, 2, "\r\n") != 0) {
      const std::size_t end = head.find("\r\n", at);
      const std::size_t colon = head.find(": ", at);
      answer.headers[head.substr(at, colon - at)] = head.substr(colon + 2, end - colon - 2);
      at = end + 2;
    }
    return answer;
  }
  // One chunk; empty for the last.
  std::string read_chunk() {
    const std::size_t size = std::stoul(read_until("\r\n"), nullptr, 16);
    const std::string chunk = read_bytes(size + 2);
    return chunk.substr(0, size);
  }
  Answer read_answer() {
    Answer answer = read_head();
    if (answer.headers.contains("transfer-encoding")) {
      for (std::string chunk = read_chunk(); !chunk.empty(); chunk = read_chunk()) {
        answer.body += chunk;
        answer.chunks.push_back(std::move(chunk));
      }
    } else if (answer.headers.contains("content-length")) {
      answer.body = read_bytes(std::stoul(answer.headers.at("content-length")));
    }
    return answer;
  }
  Answer ask(std::string_view request) {
    send(request);
    return read_answer();
  }

 private:
  std::string read_bytes(std::size_t count) {
    auto reading = read(count);
    return run(io_, std::move(reading));
  }
  asio::awaitable<void> write(std::string_view text) {
    co_await asio::async_write(socket_, asio::buffer(text), asio::use_awaitable);
  }
  std::string taken(std::size_t count) {
    std::string text = received_.substr(0, count);
    received_.erase(0, count);
    return text;
  }
  asio::awaitable<std::string> read(std::string_view end) {
    auto buffer = asio::dynamic_buffer(received_);
    const std::size_t count = co_await asio::async_read_until(socket_, buffer, end, asio::use_awaitable);
    co_return taken(count);
  }
  asio::awaitable<std::string> read(std::size_t count) {
    auto buffer = asio::dynamic_buffer(received_);
    if (received_.size() < count) {
      const std::size_t missing = count - received_.size();
      auto enough = asio::transfer_at_least(missing);
      co_await asio::async_read(socket_, buffer, enough, asio::use_awaitable);
    }
    co_return taken(count);
  }
  asio::awaitable<std::string> read_all() {
    auto buffer = asio::dynamic_buffer(received_);
    boost::system::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await asio::async_read(socket_, buffer, token);
    co_return taken(received_.size());
  }

  asio::io_context& io_;
  asio::ip::tcp::socket socket_;
  std::string received_;
};

class Loopback {
 public:
  Loopback() = default;
  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;
  ~Loopback() {
    if (!listener) return;
    auto stopping = listener->stop(std::chrono::milliseconds{0});
    run(io, std::move(stopping));
  }

  void serve(api::Handler handler) {
    hooks.log = [this](std::string text) { logged.push_back(std::move(text)); };
    listener.emplace(io.get_executor(), std::move(handler), limits, hooks);
    port = listener->listen("127.0.0.1", 0).at(0).port;
  }
  Client client() { return Client(io, port); }

  // Runs the server until `holds`; fails instead of hanging.
  void wait_until(const std::function<bool()>& holds) {
    auto waiting = turns_until(holds);
    run(io, std::move(waiting));
  }

  asio::io_context io{1};
  api::HttpLimits limits;
  api::ListenerHooks hooks;
  std::vector<std::string> logged;
  std::uint16_t port = 0;
  std::optional<api::Listener> listener;

 private:
  asio::awaitable<void> turns_until(const std::function<bool()>& holds) {
    while (!holds()) co_await asio::post(asio::use_awaitable);
  }
};

// Answers with what it was asked.
inline asio::awaitable<api::Response> echo(api::Request request) {
  api::Response response;
  response.headers.add("content-type", "text/plain");
  response.body = request.target + "|" + request.body;
  co_return response;
}

// A handler that gives back a copy of `response`.
inline api::Handler always(api::Response response) {
  return [response](api::Request) -> asio::awaitable<api::Response> { co_return response; };
}

}  // namespace heddle::test
