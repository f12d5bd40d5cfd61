#include "bench/load/client.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <exception>
#include <string>

#include "bench/load/server_process.h"

namespace heddle::load {
namespace {

namespace asio = boost::asio;

// Calls once; whether it failed. Ends the test if it does not come to an end.
bool fails(asio::io_context& io, Client& client, const std::string& request) {
  bool is_over = false;
  bool has_failed = false;
  auto call = [&]() -> asio::awaitable<void> {
    const Answer answer = co_await client.call(request);
    CHECK(answer.status == 200);
  };
  asio::co_spawn(io, call(), [&](const std::exception_ptr& thrown) {
    is_over = true;
    has_failed = thrown != nullptr;
  });
  io.restart();
  io.run_for(std::chrono::seconds(20));
  REQUIRE(is_over);
  return has_failed;
}

}  // namespace

TEST_CASE("A client whose server is away fails each time, and finds it when it is back") {
  asio::io_context io(1);
  Endpoint endpoint;
  endpoint.port = free_port();
  Client client(io.get_executor(), endpoint);
  const std::string request = request_text(endpoint, "GET", "/ok", "");
  for (int times = 0; times < 3; ++times) CHECK(fails(io, client, request));

  asio::ip::tcp::acceptor acceptor(io, {asio::ip::make_address_v4("127.0.0.1"), endpoint.port});
  auto serve = [&]() -> asio::awaitable<void> {
    asio::ip::tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    std::string got;
    auto buffer = asio::dynamic_buffer(got);
    co_await asio::async_read_until(socket, buffer, "\r\n\r\n", asio::use_awaitable);
    const std::string answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    const asio::const_buffer bytes = asio::buffer(answer);
    co_await asio::async_write(socket, bytes, asio::use_awaitable);
  };
  asio::co_spawn(io, serve(), [](const std::exception_ptr& thrown) { CHECK_FALSE(thrown); });
  CHECK_FALSE(fails(io, client, request));
  // It went away after that answer.
  CHECK(fails(io, client, request));
}

}  // namespace heddle::load
