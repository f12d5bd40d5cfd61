#include "api/routes/thread_routes.h"

#include <catch2/catch.hpp>

#include "api/routes/state_routes.h"
#include "tests/api/routes/handler_fixture.h"

namespace heddle::api {
namespace {

namespace json = boost::json;
using test::HandlerFixture;

const std::string kWithValues =
    R"({"metadata":{"graph_id":"echo"},"supersteps":[{"updates":[{"values":{"text":"x","log":["a","b"]},"as_node":"keep"}]}]})";

class ThreadHandlerFixture : public HandlerFixture {
 public:
  std::map<std::string, std::string> made_thread(std::string body = "{}") {
    clock.advance(std::chrono::seconds{1});
    const json::value thread = told(create_thread, std::move(body));
    return {{"thread_id", std::string(thread.at("thread_id").as_string())}};
  }
};

TEST_CASE_METHOD(ThreadHandlerFixture, "A new thread is told with the keys of the JavaScript server") {
  const json::value thread = told(create_thread, R"({"metadata":{"n":1e21,"s":"\ud800"}})");
  CHECK(keys_of(thread) ==
        std::vector<std::string>{"thread_id", "created_at", "updated_at", "metadata", "status", "config"});
  CHECK(runtime::to_text(thread.at("metadata")) == R"({"n":1e+21,"s":"\ud800"})");
  CHECK(thread.at("status") == "idle");
  CHECK(thread.at("created_at") == "2026-11-22T00:00:00.000000+00:00");
}

TEST_CASE_METHOD(ThreadHandlerFixture, "On the platform a thread is told with the keys that are empty") {
  settings.compat = Compat::platform;
  const json::value thread = told(create_thread, "");
  CHECK(thread.at("values").is_null());
  CHECK(thread.at("error").is_null());
  CHECK(thread.at("interrupts") == json::value(json::object{}));
  CHECK(thread.at("state_updated_at") == thread.at("updated_at"));
}

TEST_CASE_METHOD(ThreadHandlerFixture, "The time to live of a thread is shown to those who ask for it") {
  const auto id = made_thread(R"({"ttl":{"ttl":90,"strategy":"keep_latest"}})");
  CHECK_FALSE(told(get_thread, "", "", id).as_object().contains("ttl"));
  const json::value ttl = told(get_thread, "", "include=x,ttl", id).at("ttl");
  CHECK(ttl.at("strategy") == "keep_latest");
  CHECK(ttl.at("ttl_minutes") == 90);
  CHECK(ttl.at("expires_at") == "2026-11-22T01:30:01.000000+00:00");
  CHECK(told(get_thread, "", "include=ttl", made_thread(R"({"ttl":1.5})")).at("ttl").at("strategy") == "delete");
  CHECK(refused(create_thread, R"({"ttl":{"strategy":"delete"}})").is_validation());
  CHECK(refused(create_thread, R"({"ttl":-1})").is_validation());
}

TEST_CASE_METHOD(ThreadHandlerFixture, "A patched thread is not told when the client prefers the minimum") {
  Request request;
  request.params = made_thread();
  request.body = R"({"metadata":{"a":1}})";
  request.headers.add("prefer", "return=minimal");
  const Response response = get(patch_thread(services, Caller{ann}, request));
  CHECK(response.status == 204);
  CHECK(response.body.empty());
}

TEST_CASE_METHOD(ThreadHandlerFixture, "A patch without metadata is refused as the JavaScript server does") {
  const auto id = made_thread();
  CHECK(refused(patch_thread, "{}", "", id).is_validation());
  settings.compat = Compat::platform;
  CHECK(answer(patch_thread, "{}", "", id).status == 200);
}

TEST_CASE_METHOD(ThreadHandlerFixture, "Pages tell how many there are and where the next one begins") {
  for (int i = 0; i < 3; ++i) made_thread();
  const Response first = answer(search_threads, R"({"limit":2})");
  CHECK(first.headers.find("x-pagination-total") == "3");
  CHECK(first.headers.find("x-pagination-next") == "2");
  const Response second = answer(search_threads, R"({"limit":2,"offset":2})");
  CHECK(second.headers.find("x-pagination-total") == "3");
  CHECK_FALSE(second.headers.find("x-pagination-next"));
  const Response beyond = answer(search_threads, R"({"offset":9})");
  CHECK(beyond.body == "[]");
  CHECK(beyond.headers.find("x-pagination-total") == "3");
  CHECK_FALSE(beyond.headers.find("x-pagination-next"));
}

TEST_CASE_METHOD(ThreadHandlerFixture, "A search shows what was selected and what was extracted") {
  made_thread(kWithValues);
  const json::value found = told(search_threads, R"({"select":["status","nonsense"],
      "extract":{"last":"values.log[-1]","graph":"metadata.graph_id","none":"interrupts.x"}})");
  CHECK(runtime::to_text(found) == R"([{"status":"idle","extracted":{"last":"b","graph":"echo","none":null}}])");
}

TEST_CASE_METHOD(ThreadHandlerFixture, "Paths to extract are few and lead into known parts") {
  CHECK(refused(search_threads, R"({"extract":{"a":"status"}})").issues().front().path ==
        std::vector<std::string>{"extract", "a"});
  json::object many;
  for (int i = 0; i < 11; ++i) many["p" + std::to_string(i)] = "values";
  CHECK(refused(search_threads, runtime::to_text(json::object{{"extract", many}})).is_validation());
}

TEST_CASE_METHOD(ThreadHandlerFixture, "Supersteps may be given as commands that update and say what comes next") {
  const json::value thread = told(create_thread, R"({"metadata":{"graph_id":"echo"},
      "supersteps":[{"updates":[{"command":{"update":{"text":"c"}},"as_node":"keep"}]}]})");
  CHECK(thread.at("values").at("text") == "c");
  const json::value sent = told(create_thread, R"({"metadata":{"graph_id":"nested"},
      "supersteps":[{"updates":[{"command":{"update":[["text","d"]],"goto":"last"},"as_node":"last"}]}]})");
  CHECK(sent.at("values").at("text") == "d");
  const std::string id(sent.at("thread_id").as_string());
  CHECK(told(get_state, "", "", {{"thread_id", id}}).at("next") == json::array{"last"});
  CHECK(refused(create_thread, R"({"metadata":{"graph_id":"nested"},
      "supersteps":[{"updates":[{"command":{"goto":"last"},"as_node":"__start__"}]}]})")
            .status() == 400);
  const ApiError error = refused(create_thread, R"({"metadata":{"graph_id":"echo"},
      "supersteps":[{"updates":[{"command":{"resume":"yes"}}]}]})");
  CHECK(error.issues().front().path ==
        std::vector<std::string>{"supersteps", "0", "updates", "0", "command", "resume"});
}

TEST_CASE_METHOD(ThreadHandlerFixture, "A bad id in a list is named by its place") {
  const ApiError error = refused(search_threads, R"({"ids":["00000000-0000-4000-8000-000000000000","not-a-uuid"]})");
  CHECK(error.issues().front().path == std::vector<std::string>{"ids", "1"});
}

}  // namespace
}  // namespace heddle::api
