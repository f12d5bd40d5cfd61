// A body beyond the limit, on a real connection: the dispatcher never sees it.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <string>

#include "api/openapi/document.h"
#include "api/routes/route_table.h"
#include "api/server.h"
#include "runtime/clock.h"
#include "runtime/json.h"

namespace heddle::test {

namespace asio = boost::asio;

TEST_CASE("A body beyond the limit is refused with 413 by every route") {
  api::ServerSettings settings;
  settings.hosts = {"127.0.0.1"};
  settings.port = 0;
  settings.storage.path = ":memory:";
  settings.http.body_bytes_max = 1024;
  settings.test_truncate = true;
  const runtime::SystemClock clock;
  std::string logged;
  runtime::Log log(clock, runtime::LogLevel::error, [&logged](std::string_view line) { logged += line; });
  graphs::Registry none;
  api::Server server(settings, std::move(none), log);

  for (const api::Route& route : api::route_table()) {
    std::string path(route.pattern);
    for (std::size_t open = path.find('{'); open != std::string::npos; open = path.find('{')) {
      path.replace(open, path.find('}') - open + 1, "00000000-0000-7000-8000-000000000000");
    }
    std::string method(api::openapi::method_of(route.verb));
    for (char& c : method) c = static_cast<char>(c - 'a' + 'A');
    INFO(method << " " << path);

    asio::io_context io;
    asio::ip::tcp::socket socket(io);
    socket.connect({asio::ip::make_address("127.0.0.1"), server.addresses().at(0).port});
    const std::string body = "{\"x\":\"" + std::string(2000, 'y') + "\"}";
    const std::string request = method + " " + path + " HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: " +
                                std::to_string(body.size()) + "\r\n\r\n" + body;
    boost::system::error_code ignored;
    asio::write(socket, asio::buffer(request), ignored);
    std::string answer;
    asio::read(socket, asio::dynamic_buffer(answer), ignored);
    CHECK(answer.starts_with("HTTP/1.1 413"));
    const std::size_t start = answer.find("\r\n\r\n");
    REQUIRE(start != std::string::npos);
    CHECK(runtime::find_text(runtime::parse_json(answer.substr(start + 4)), "detail").has_value());
  }
  CHECK(logged.empty());
}

}  // namespace heddle::test
