#pragma once
// The whole server in this process, with the fixture graphs, on a database of its own.

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "api/server.h"
#include "runtime/clock.h"
#include "runtime/json.h"
#include "tests/fixtures/fixtures.h"
#include "tests/support/folder.h"

namespace heddle::test {

namespace asio = boost::asio;

struct ServerFixture {
  Folder folder;
  runtime::SystemClock clock;
  std::string logged;
  runtime::Log log{clock, runtime::LogLevel::debug, [this](std::string_view line) { logged += line; }};

  // What a test wants to be otherwise.
  std::function<void(api::ServerSettings&)> change = [](api::ServerSettings&) {};

  api::ServerSettings settings() const {
    api::ServerSettings chosen;
    chosen.hosts = {"127.0.0.1"};
    chosen.port = 0;
    chosen.storage.path = (folder.path() / "heddle.db").string();
    chosen.heartbeat = std::chrono::milliseconds{50};
    chosen.drain = std::chrono::milliseconds{200};
    change(chosen);
    return chosen;
  }

  std::unique_ptr<api::Server> start() {
    graphs::Registry registry;
    fixtures::add_fixture_graphs(registry);
    return std::make_unique<api::Server>(settings(), std::move(registry), log);
  }
};

// One request on a connection of its own; gives everything the server said.
inline std::string ask(const api::Server& server, const std::string& method, const std::string& path,
                       const std::string& body = "", const std::string& headers = "") {
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  socket.connect({asio::ip::make_address("127.0.0.1"), server.addresses().at(0).port});
  const std::string request = method + " " + path + " HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: " +
                              std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
  asio::write(socket, asio::buffer(request));
  std::string answer;
  boost::system::error_code ignored;
  asio::read(socket, asio::dynamic_buffer(answer), ignored);
  return answer;
}

inline boost::json::value json_in(const std::string& answer) {
  const std::size_t start = answer.find_first_of("{[", answer.find("\r\n\r\n"));
  const std::size_t end = answer.find_last_of("}]");
  return runtime::parse_json(std::string_view(answer).substr(start, end - start + 1));
}

inline std::string new_thread(const api::Server& server) {
  return std::string(json_in(ask(server, "POST", "/threads", "{}")).at("thread_id").as_string());
}

inline bool some_file_holds(const std::filesystem::path& folder, const std::string& needle) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    if (bytes.str().find(needle) != std::string::npos) return true;
  }
  return false;
}

}  // namespace heddle::test
