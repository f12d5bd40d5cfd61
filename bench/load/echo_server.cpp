#include "bench/load/echo_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <csignal>
#include <string>
#include <tuple>
#include <utility>

#include "bench/load/lanes.h"

namespace heddle::load {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

http::response<http::string_body> answer_to(const http::request<http::string_body>& request) {
  http::response<http::string_body> answer(http::status::ok, request.version());
  answer.set(http::field::content_type, "application/json");
  answer.keep_alive(request.keep_alive());
  answer.body() = R"({"ok":true})";
  if (request.method() == http::verb::post) {
    boost::system::error_code failed;
    const boost::json::value parsed = boost::json::parse(request.body(), failed);
    if (failed) {
      answer.result(http::status::bad_request);
    } else {
      answer.body() = boost::json::serialize(parsed);
    }
  }
  answer.prepare_payload();
  return answer;
}

asio::awaitable<void> serve(asio::ip::tcp::socket socket) {
  socket.set_option(asio::ip::tcp::no_delay(true));
  boost::beast::flat_buffer buffer;
  while (true) {
    http::request<http::string_body> request;
    const std::tuple<boost::system::error_code, std::size_t> read =
        co_await http::async_read(socket, buffer, request, asio::as_tuple(asio::use_awaitable));
    if (std::get<0>(read)) co_return;
    const http::response<http::string_body> answer = answer_to(request);
    const std::tuple<boost::system::error_code, std::size_t> written =
        co_await http::async_write(socket, answer, asio::as_tuple(asio::use_awaitable));
    if (std::get<0>(written) || !answer.keep_alive()) co_return;
  }
}

asio::awaitable<void> accept(asio::ip::tcp::acceptor& acceptor, Lanes& connections) {
  while (true) {
    asio::ip::tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    connections.start(serve(std::move(socket)));
  }
}

}  // namespace

void run_echo_server(std::uint16_t port) {
  asio::io_context io(1);
  asio::ip::tcp::acceptor acceptor(io, {asio::ip::make_address_v4("127.0.0.1"), port});
  asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](boost::system::error_code, int) { io.stop(); });
  Lanes lanes(io);
  lanes.start(accept(acceptor, lanes));
  lanes.run();
}

}  // namespace heddle::load
