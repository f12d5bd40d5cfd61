#include "bench/load/client.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <charconv>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace heddle::load {

namespace asio = boost::asio;

Endpoint Endpoint::parse(std::string_view url) {
  const auto refuse = [&](const std::string& what) {
    return std::invalid_argument("the URL \"" + std::string(url) + "\": " + what);
  };
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) throw refuse("begins with http://, other schemes are not spoken");
  std::string_view rest = url.substr(kScheme.size());
  Endpoint endpoint;
  const std::size_t slash = rest.find('/');
  if (slash != std::string_view::npos) {
    endpoint.path = rest.substr(slash);
    while (endpoint.path.ends_with('/')) endpoint.path.pop_back();
    rest = rest.substr(0, slash);
  }
  const std::size_t colon = rest.find(':');
  endpoint.host = rest.substr(0, colon);
  if (endpoint.host == "localhost") endpoint.host = "127.0.0.1";
  boost::system::error_code failed;
  asio::ip::make_address_v4(endpoint.host, failed);
  if (failed) throw refuse("names an IPv4 address or localhost");
  endpoint.port = 80;
  if (colon != std::string_view::npos) {
    const std::string_view port = rest.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
    if (error != std::errc{} || end != port.data() + port.size() || endpoint.port == 0) {
      throw refuse("has a port from 1 to 65535");
    }
  }
  return endpoint;
}

std::string request_text(const Endpoint& endpoint, std::string_view method, std::string_view path,
                         std::string_view body) {
  std::string text(method);
  text.append(" ").append(endpoint.path).append(path).append(" HTTP/1.1\r\nhost: ").append(endpoint.host);
  text.append(":").append(std::to_string(endpoint.port)).append("\r\n");
  if (!body.empty()) {
    text.append("content-type: application/json\r\ncontent-length: ").append(std::to_string(body.size()));
    text.append("\r\n");
  }
  return text.append("\r\n").append(body);
}

namespace {

// Closes a connection that is not known to be of further use. One that could not be made, or failed, stays open
// otherwise, and the next write to it waits for a readiness that was told of already.
class Connected {
 public:
  explicit Connected(asio::ip::tcp::socket& socket) : socket_(socket) {}
  ~Connected() {
    boost::system::error_code ignored;  // it is given up in any case
    if (!is_kept_) socket_.close(ignored);
  }
  Connected(const Connected&) = delete;
  Connected& operator=(const Connected&) = delete;
  void keep() { is_kept_ = true; }

 private:
  asio::ip::tcp::socket& socket_;
  bool is_kept_ = false;
};

}  // namespace

Client::Client(asio::any_io_executor executor, const Endpoint& endpoint, std::size_t read_bytes)
    : socket_(std::move(executor)),
      address_(asio::ip::make_address_v4(endpoint.host), endpoint.port),
      buffer_(read_bytes, '\0') {}

asio::awaitable<Answer> Client::call(std::string_view request, ResponseReader::Sink sink) {
  Connected connected(socket_);
  Answer answer;
  bool has_body = false;
  ResponseReader reader([&](std::string_view bytes) {
    if (!has_body) answer.first_byte = Clock::now();
    has_body = true;
    if (sink) {
      sink(bytes);
    } else {
      answer.body.append(bytes);
    }
  });
  if (!socket_.is_open()) co_await connect();
  const asio::const_buffer bytes = asio::buffer(request);
  co_await asio::async_write(socket_, bytes, asio::use_awaitable);
  co_await read_answer(reader);
  answer.status = reader.status();
  if (!has_body) answer.first_byte = Clock::now();
  if (reader.keeps_alive()) connected.keep();
  co_return answer;
}

asio::awaitable<void> Client::connect() {
  co_await socket_.async_connect(address_, asio::use_awaitable);
  socket_.set_option(asio::ip::tcp::no_delay(true));
}

asio::awaitable<void> Client::read_answer(ResponseReader& reader) {
  while (!reader.is_done()) {
    const asio::mutable_buffer room = asio::buffer(buffer_);
    const std::tuple<boost::system::error_code, std::size_t> read =
        co_await socket_.async_read_some(room, asio::as_tuple(asio::use_awaitable));
    const auto [error, count] = read;
    if (error) socket_.close();
    if (error == asio::error::eof) {
      reader.closed();
    } else if (error) {
      throw boost::system::system_error(error);
    } else {
      const std::size_t taken = reader.take(std::string_view(buffer_).substr(0, count));
      if (taken < count) throw BadAnswer("bytes behind the end of an answer");
    }
  }
}

}  // namespace heddle::load
