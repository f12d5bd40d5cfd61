#pragma once
// One connection to a server, one request at a time.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <string>
#include <string_view>

#include "bench/load/response_reader.h"

namespace heddle::load {

using Clock = std::chrono::steady_clock;

// Where a server is: http over IPv4. The path is what stands in front of every route, "" for none.
struct Endpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string path;

  // "http://127.0.0.1:2024/api". Throws std::invalid_argument with a text that says what is wrong.
  static Endpoint parse(std::string_view url);
};

// A request as bytes. `body` is JSON; "" for none.
std::string request_text(const Endpoint& endpoint, std::string_view method, std::string_view path,
                         std::string_view body);

struct Answer {
  int status = 0;
  std::string body;              // empty if a sink took it
  Clock::time_point first_byte;  // of the body
};

// Belongs to its executor. Not for requests at the same time.
class Client {
 public:
  // `read_bytes`: taken from the socket at once at most. 64 KiB are what a loopback socket hands over; thousands of
  // idle connections want less.
  Client(boost::asio::any_io_executor executor, const Endpoint& endpoint, std::size_t read_bytes = 64 * 1024);

  // Sends `request` and reads the answer; connects first where there is no connection. The body goes to `sink` if there
  // is one. Throws boost::system::system_error and BadAnswer; then the connection is closed.
  boost::asio::awaitable<Answer> call(std::string_view request, ResponseReader::Sink sink = nullptr);

 private:
  boost::asio::awaitable<void> connect();
  boost::asio::awaitable<void> read_answer(ResponseReader& reader);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::ip::tcp::endpoint address_;
  std::string buffer_;
};

}  // namespace heddle::load
