// Readers that do not take what they asked for: the run goes on, memory stays, and nothing is lost for them.

#include <unistd.h>

#include <boost/asio/read_until.hpp>
#include <catch2/catch.hpp>
#include <deque>
#include <fstream>
#include <string>
#include <thread>

#include "tests/api/runs/server_fixture.h"
#include "tests/support/sanitizer.h"

namespace heddle::api {
namespace {

using test::ask;
using test::json_in;
using test::kSanitized;
using test::ServerFixture;

// Some 5 MB of events, which is more than the buffers of a socket take.
constexpr int kEvents = 60'000;

// A client that reads when the test says so.
class Reader {
 public:
  Reader(const Server& server, const std::string& method, const std::string& path, const std::string& body = "",
         const std::string& headers = "")
      : socket_(io_) {
    socket_.open(boost::asio::ip::tcp::v4());
    socket_.set_option(boost::asio::socket_base::receive_buffer_size(4096));
    socket_.connect({boost::asio::ip::make_address("127.0.0.1"), server.addresses().at(0).port});
    const std::string request = method + " " + path + " HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: " +
                                std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
    boost::asio::write(socket_, boost::asio::buffer(request));
  }

  std::string read_head() {
    const std::size_t end = boost::asio::read_until(socket_, boost::asio::dynamic_buffer(received_), "\r\n\r\n");
    return received_.substr(0, end);
  }
  // All that came, from the head on.
  const std::string& read_to_end() {
    boost::system::error_code ignored;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(received_), ignored);
    return received_;
  }

 private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_;
  std::string received_;
};

// How many of the events follow one another from `next` on; `next` is then the one behind them.
int events_in_order(const std::string& text, int& next) {
  int found = 0;
  std::size_t at = 0;
  for (;;) {
    const std::string wanted = R"(data: {"progress":)" + std::to_string(next) + ",";
    at = text.find(wanted, at);
    if (at == std::string::npos) return found;
    at += wanted.size();
    ++found;
    ++next;
  }
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t pages = 0;
  statm >> pages >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

struct SlowReaders : ServerFixture {
  std::unique_ptr<Server> server;
  std::string thread;
  std::string run;

  void start_with(std::chrono::seconds write_timeout) {
    change = [write_timeout](ServerSettings& settings) {
      settings.stream_bytes_in_memory = 65'536;
      settings.http.write_timeout = write_timeout;
    };
    server = start();
    thread = test::new_thread(*server);
  }
  static std::string many() {
    return R"({"assistant_id":"writer","input":{"n":)" + std::to_string(kEvents) + R"(},"stream_mode":"custom"})";
  }
  std::string runs() const { return "/threads/" + thread + "/runs"; }
  void wait_for_the_run() {
    run = std::string(json_in(ask(*server, "GET", runs())).at(0).at("run_id").as_string());
    ask(*server, "GET", runs() + "/" + run + "/join");
    CHECK(json_in(ask(*server, "GET", runs() + "/" + run)).at("status") == "success");
  }
};

// Takes the seconds that so many events take to be made, stored and read.
TEST_CASE_METHOD(SlowReaders,
                 "A reader that stalls does not hold up the run, and is given every event when it reads again") {
  start_with(std::chrono::seconds{60});
  Reader reader(*server, "POST", runs() + "/stream", many());
  reader.read_head();
  wait_for_the_run();
  int next = 1;
  CHECK(events_in_order(reader.read_to_end(), next) == kEvents);
  CHECK(reader.read_to_end().find("too slow") == std::string::npos);

  if (kSanitized) return;  // memory says nothing then
  // Thirty readers that take nothing would hold 150 MB if what they are owed were kept for them.
  const std::size_t before = resident_bytes();
  std::deque<Reader> stalled;
  for (int i = 0; i < 30; ++i) {
    stalled.emplace_back(*server, "GET", runs() + "/" + run + "/stream?stream_mode=custom");
    stalled.back().read_head();
  }
  for (int i = 0; i < 10; ++i) ask(*server, "GET", "/ok");
  const std::size_t after = resident_bytes();
  INFO("grew by " << (after - before) / 1024 << " KiB");
  CHECK((after < before || after - before < std::size_t{50} << 20));
  next = 1;
  CHECK(events_in_order(stalled.back().read_to_end(), next) == kEvents);
}

// Takes the second after which such a reader is given up, and the seconds of its events.
TEST_CASE_METHOD(SlowReaders,
                 "A reader that takes nothing for too long is given up, and goes on behind its last event") {
  start_with(std::chrono::seconds{1});
  Reader reader(*server, "POST", runs() + "/stream",
                many().substr(0, many().size() - 1) + R"(,"on_disconnect":"continue"})");
  reader.read_head();
  wait_for_the_run();
  // The server notices on its own; what is read here is what the buffers of the socket held.
  std::this_thread::sleep_for(std::chrono::seconds{3});
  const std::string held = reader.read_to_end();
  int next = 1;
  const int first_part = events_in_order(held, next);
  REQUIRE(first_part > 0);
  REQUIRE(first_part < kEvents);

  const std::size_t last_frame = held.rfind("\nid: ", held.rfind("\n\n"));
  const std::string last_id = held.substr(last_frame + 5, held.find('\n', last_frame + 1) - last_frame - 5);
  const std::string last_data = held.substr(0, last_frame);
  next = std::stoi(last_data.substr(last_data.rfind(R"({"progress":)") + 12)) + 1;
  const std::string rest =
      ask(*server, "GET", runs() + "/" + run + "/stream?stream_mode=custom", "", "last-event-id: " + last_id + "\r\n");
  CHECK(rest.find("id: " + std::to_string(std::stoi(last_id) + 1) + "\n") != std::string::npos);
  CHECK(rest.find("id: " + last_id + "\n") == std::string::npos);
  events_in_order(rest, next);
  CHECK(next == kEvents + 1);
}

}  // namespace
}  // namespace heddle::api
