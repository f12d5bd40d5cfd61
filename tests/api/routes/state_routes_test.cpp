#include "api/routes/state_routes.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "api/routes/thread_routes.h"
#include "api/services/history_pages.h"
#include "runtime/spliced_text.h"
#include "tests/api/routes/handler_fixture.h"

using namespace heddle;
namespace json = boost::json;

namespace {

// Keeps what a streamed answer sends.
class Sent final : public api::BodyWriter {
 public:
  boost::asio::awaitable<void> write(std::string_view bytes) override {
    parts.emplace_back(bytes);
    co_return;
  }
  std::vector<std::string> parts;
};

class HistoryFixture : public test::HandlerFixture {
 public:
  // A thread whose history has `count` states, each of so many bytes and a little more.
  std::string thread_with(int count, std::size_t bytes = 0) {
    const json::value thread = told(api::create_thread, R"({"metadata": {"graph_id": "echo"}})");
    const std::string id(thread.at("thread_id").as_string());
    const json::object values{{"log", {"x"}}, {"text", std::string(bytes, 'a')}};
    const std::string update = runtime::to_text(json::object{{"values", values}, {"as_node", "keep"}});
    for (int i = 0; i < count; ++i) told(api::update_state, update, "", {{"thread_id", id}});
    return id;
  }

  json::array history(const std::string& thread_id, std::string body) {
    const api::Response response = answer(api::read_history, std::move(body), "", {{"thread_id", thread_id}});
    parts = largest = 0;
    if (!response.stream) return runtime::parse_json(response.body).as_array();
    Sent sent;
    auto streaming = response.stream(sent);
    test::run(io, std::move(streaming));
    parts = sent.parts.size();
    std::string text;
    for (const std::string& part : sent.parts) {
      text += part;
      largest = std::max(largest, part.size());
    }
    return runtime::parse_json(text).as_array();
  }

  std::size_t parts = 0;  // in which the last history came; 0: it was whole
  std::size_t largest = 0;
};

}  // namespace

TEST_CASE_METHOD(HistoryFixture, "A long history comes in parts that make one list, every state linked to its parent",
                 "[state]") {
  constexpr int kStates = 2 * api::kHistoryPage + 5;
  constexpr std::size_t kStateBytes = 100'000;
  const std::string id = thread_with(kStates, kStateBytes);
  const json::array states = history(id, R"({"limit": 1000})");
  CHECK(parts > 5);
  // A megabyte, and the state that went over it: never a page of states as one text.
  CHECK(largest < (1 << 20) + kStateBytes + 1'000);
  REQUIRE(states.size() == kStates);
  for (std::size_t i = 0; i + 1 < states.size(); ++i) {
    CHECK(states[i].at("values").at("log").as_array().size() == kStates - i);
    CHECK(states[i].at("parent_checkpoint").at("checkpoint_id") == states[i + 1].at("checkpoint").at("checkpoint_id"));
  }
  CHECK(states.back().at("parent_checkpoint").is_null());
}

TEST_CASE_METHOD(HistoryFixture, "A large value of a state is sent as it is stored, in a piece of its own", "[state]") {
  constexpr std::size_t kValueBytes = runtime::kSplicedBytesMin;
  const std::string id = thread_with(2, kValueBytes);
  const api::Response response = answer(api::get_state, "", "", {{"thread_id", id}});
  REQUIRE(response.stream);
  Sent sent;
  auto streaming = response.stream(sent);
  test::run(io, std::move(streaming));
  std::string text;
  for (const std::string& part : sent.parts) text += part;
  CHECK(response.stream_bytes == text.size());
  CHECK(sent.parts.size() == 3);
  CHECK(sent.parts.at(1) == '"' + std::string(kValueBytes, 'a') + '"');
  const json::value state = runtime::parse_json(text);
  CHECK(state.at("values").at("log").as_array().size() == 2);
  CHECK(state.at("values").at("text").as_string().size() == kValueBytes);

  const json::array all = history(id, R"({"limit": 10})");
  REQUIRE(all.size() == 2);
  CHECK(parts == 5);
  CHECK(all[0] == state);
}

TEST_CASE_METHOD(HistoryFixture, "A limit holds across the parts of a history", "[state]") {
  const std::string id = thread_with(api::kHistoryPage + 2, 50'000);
  CHECK(history(id, R"({"limit": 33})").size() == 33);
  CHECK(parts == 2);
  CHECK(history(id, R"({"limit": 3})").size() == 3);
  CHECK(parts == 0);
}

TEST_CASE_METHOD(HistoryFixture, "A history whose last part is empty is still a whole list", "[state]") {
  const std::string id = thread_with(api::kHistoryPage);
  CHECK(history(id, R"({"limit": 1000})").size() == api::kHistoryPage);
  CHECK(history(thread_with(0), R"({"limit": 1000})").empty());
}
