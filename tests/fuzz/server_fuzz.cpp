// Whatever a client asks: the server answers, never with a fault of its own, and goes on serving.
//
// Input: the request line without its version, then the body: `POST /threads\n{"metadata": {}}`. In the target `T`, `A`
// and `R` stand for ids of a thread, an assistant and a run that exist.

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "tests/api/runs/server_fixture.h"

namespace {

using namespace heddle;
namespace asio = boost::asio;

constexpr std::chrono::milliseconds kPatience{500};  // for an answer that may be a stream without an end
constexpr std::chrono::seconds kHealthPatience{10};  // for one that comes at once where nothing else goes on
constexpr int kAsksPerServer = 5'000;                // then a new one, so that memory says something

class World {
 public:
  World() {
    fixture_.change = [](api::ServerSettings& settings) {
      settings.storage.path = ":memory:";
      settings.http.body_timeout = std::chrono::seconds{1};
      settings.http.header_timeout = std::chrono::seconds{1};
    };
    server_ = fixture_.start();
    thread_ = test::new_thread(*server_);
    const std::string run =
        test::ask(*server_, "POST", "/threads/" + thread_ + "/runs", R"({"assistant_id":"linear"})");
    run_ = std::string(test::json_in(run).at("run_id").as_string());
    const std::string assistants = test::ask(*server_, "POST", "/assistants/search", R"({"limit":1})");
    assistant_ = std::string(test::json_in(assistants).at(0).at("assistant_id").as_string());
  }

  // The first line of the answer; empty if there was none in time.
  std::string ask(std::string_view target_line, std::string_view body, std::chrono::milliseconds patience) const {
    const std::size_t path = std::min(target_line.find('/'), target_line.size());
    std::string line(target_line.substr(0, path));
    for (const char c : target_line.substr(path)) {
      if (c == 'T' || c == 'A' || c == 'R') {
        line += c == 'T' ? thread_ : c == 'A' ? assistant_ : run_;
      } else {
        line += c;
      }
    }
    const std::string request =
        line + " HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: " + std::to_string(body.size()) +
        "\r\n\r\n" + std::string(body);
    return exchange(request, patience);
  }

 private:
  std::string exchange(const std::string& request, std::chrono::milliseconds patience) const {
    asio::io_context io;
    asio::ip::tcp::socket socket(io);
    std::string answer;
    const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(), server_->addresses().at(0).port);
    // Nothing blocks: libFuzzer's clock is a signal, which would interrupt it.
    socket.async_connect(endpoint, [&](const boost::system::error_code& error) {
      if (error) return;
      asio::async_write(socket, asio::buffer(request), [](const boost::system::error_code&, std::size_t) {});
      asio::async_read(socket, asio::dynamic_buffer(answer), [](const boost::system::error_code&, std::size_t) {});
    });
    io.run_for(patience);
    boost::system::error_code ignored;
    socket.close(ignored);
    io.run_for(patience);
    return answer.substr(0, answer.find('\r'));
  }

  test::ServerFixture fixture_;
  std::unique_ptr<api::Server> server_;
  std::string thread_, run_, assistant_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<World> world;
  static int asks = 0;
  if (asks++ % kAsksPerServer == 0) {
    world.reset();
    world = std::make_unique<World>();
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view line = bytes.substr(0, bytes.find('\n'));
  const std::string_view body = bytes.substr(std::min(line.size() + 1, size));
  const std::string first = world->ask(line, body, kPatience);
  // 501 and 503 say that something is not offered, or not now.
  const bool fault =
      first.starts_with("HTTP/1.1 5") && !first.starts_with("HTTP/1.1 501") && !first.starts_with("HTTP/1.1 503");
  if (fault) {
    std::fprintf(stderr, "%s\n", first.c_str());
    std::abort();
  }
  const std::string health = world->ask("GET /ok", "", kHealthPatience);
  if (health != "HTTP/1.1 200 OK") {
    std::fprintf(stderr, "GET /ok: %s\n", health.empty() ? "no answer in ten seconds" : health.c_str());
    std::abort();
  }
  return 0;
}
