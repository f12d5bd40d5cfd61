#include "bench/load/slow_model.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <csignal>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "bench/load/lanes.h"

namespace heddle::load {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

// Without a length, so the end of the connection is the end of the answer.
constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
constexpr std::string_view kEnd = "data: [DONE]\n\n";

std::string piece(std::string_view delta, std::string_view finish_reason) {
  std::string text = R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"slow",)";
  text.append(R"("choices":[{"index":0,"delta":)").append(delta).append(R"(,"finish_reason":)").append(finish_reason);
  return text + "}]}\n\n";
}

asio::awaitable<bool> send(asio::ip::tcp::socket& socket, std::string_view text) {
  const auto buffer = asio::buffer(text.data(), text.size());
  const std::tuple<boost::system::error_code, std::size_t> written =
      co_await asio::async_write(socket, buffer, asio::as_tuple(asio::use_awaitable));
  co_return !std::get<0>(written);
}

asio::awaitable<void> stream_answer(asio::ip::tcp::socket& socket, SlowModel model) {
  bool is_open = co_await send(socket, kHead);
  asio::steady_timer next(socket.get_executor());
  next.expires_after(model.between_tokens);
  for (std::size_t token = 0; token < model.tokens && is_open; ++token) {
    co_await next.async_wait(asio::use_awaitable);
    next.expires_at(next.expiry() + model.between_tokens);
    const std::string text = piece(R"({"content":"word )" + std::to_string(token) + R"( "})", "null");
    is_open = co_await send(socket, text);
  }
  if (!is_open) co_return;
  const std::string last = piece("{}", R"("stop")") + std::string(kEnd);
  co_await send(socket, last);
}

asio::awaitable<void> serve(asio::ip::tcp::socket socket, SlowModel model) {
  socket.set_option(asio::ip::tcp::no_delay(true));
  boost::beast::flat_buffer buffer;
  http::request<http::string_body> request;
  const std::tuple<boost::system::error_code, std::size_t> read =
      co_await http::async_read(socket, buffer, request, asio::as_tuple(asio::use_awaitable));
  if (std::get<0>(read)) co_return;
  if (request.method() == http::verb::post) {
    co_await stream_answer(socket, model);
  } else {
    co_await send(socket, kOk);
  }
  boost::system::error_code ignored;  // the peer may have gone
  socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> accept(asio::ip::tcp::acceptor& acceptor, Lanes& connections, SlowModel model) {
  while (true) {
    asio::ip::tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    connections.start(serve(std::move(socket), model));
  }
}

}  // namespace

void run_slow_model(std::uint16_t port, SlowModel model) {
  asio::io_context io(1);
  asio::ip::tcp::acceptor acceptor(io, {asio::ip::make_address_v4("127.0.0.1"), port});
  asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](boost::system::error_code, int) { io.stop(); });
  Lanes lanes(io);
  lanes.start(accept(acceptor, lanes, model));
  lanes.run();
}

}  // namespace heddle::load
