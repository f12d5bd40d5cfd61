#pragma once
// A client of an event stream that does not end by itself: it reads as far as a test wants to see.

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "api/server.h"
#include "tests/api/runs/seen_events.h"

namespace heddle::test {

class EventReader {
 public:
  // `headers`: lines with CRLF. With a body it is a POST.
  EventReader(const api::Server& server, const std::string& path, const std::string& headers = "",
              const std::string& body = "")
      : socket_(io_) {
    socket_.connect({boost::asio::ip::make_address("127.0.0.1"), server.addresses().at(0).port});
    const std::string request = (body.empty() ? "GET " : "POST ") + path + " HTTP/1.1\r\nhost: x\r\n" + headers +
                                "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    boost::asio::write(socket_, boost::asio::buffer(request));
    while (raw_.find("\r\n\r\n") == std::string::npos) {
      if (!receive()) throw std::runtime_error("the connection ended before the answer began");
    }
    head = raw_.substr(0, raw_.find("\r\n\r\n") + 4);
    raw_.erase(0, head.size());
  }

  // The events so far, once there are `count` events of this name; throws if the stream ends before.
  std::vector<SeenEvent> until(const std::string& name, std::size_t count = 1) {
    for (;;) {
      const std::vector<SeenEvent> events = seen();
      std::size_t found = 0;
      for (const SeenEvent& event : events) found += event.name == name ? 1 : 0;
      if (found >= count) return events;
      if (!receive()) throw std::runtime_error("the stream ended before " + name);
    }
  }
  // All events, once the server has ended the answer.
  std::vector<SeenEvent> to_end() {
    while (!ended_ && receive()) seen();
    if (!ended_) throw std::runtime_error("the connection broke in the middle of the stream");
    return seen();
  }

  std::string head;

 private:
  // Takes the coding of chunks off what has come.
  std::vector<SeenEvent> seen() {
    for (;;) {
      const std::size_t line = raw_.find("\r\n");
      if (line == std::string::npos) break;
      const std::size_t size = std::stoul(raw_, nullptr, 16);
      if (size == 0) ended_ = true;
      if (size == 0 || raw_.size() < line + 2 + size + 2) break;
      body_.append(raw_, line + 2, size);
      raw_.erase(0, line + 2 + size + 2);
    }
    return events_of(body_);
  }

  // False at the end of the connection. Fails instead of hanging.
  bool receive() {
    constexpr int kMillisecondsMax = 30'000;
    pollfd waiting{socket_.native_handle(), POLLIN, 0};
    if (::poll(&waiting, 1, kMillisecondsMax) != 1) throw std::runtime_error("nothing came; so far:\n" + body_);
    std::array<char, 4096> bytes{};
    const auto received = ::recv(socket_.native_handle(), bytes.data(), bytes.size(), 0);
    if (received <= 0) return false;
    raw_.append(bytes.data(), static_cast<std::size_t>(received));
    return true;
  }

  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_;
  std::string raw_;
  std::string body_;
  bool ended_ = false;
};

}  // namespace heddle::test
