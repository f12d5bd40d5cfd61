// Where servers differ, what this one does: the decisions of http-api.md 21 that no other test holds. The name of each
// test ends with its number.

#include <catch2/catch.hpp>
#include <set>

#include "tests/api/openapi/api_fixture.h"
#include "tests/api/runs/seen_events.h"

namespace heddle::test {
namespace {

namespace json = boost::json;

api::ServerSettings settings_with(api::Compat compat, api::ErrorForm errors = api::ErrorForm::json) {
  api::ServerSettings settings;
  settings.compat = compat;
  settings.errors = errors;
  return settings;
}

const std::string kUnknown = "01a2037e-48fd-71b5-8e44-d0fb80070177";
const std::string kLinear = R"({"assistant_id":"linear","input":{"text":"a"}})";
const std::string kSlow = R"({"assistant_id":"delay","input":{"tag":"a","ms":60000})";

class Api : public ApiFixture {
 public:
  explicit Api(api::Compat compat = api::Compat::js, api::ErrorForm errors = api::ErrorForm::json)
      : ApiFixture(settings_with(compat, errors)) {}

  std::string new_thread() { return "/threads/" + ask("post", "/threads", "{}").text("thread_id"); }
  ApiAnswer wait(const std::string& thread, const std::string& body) {
    return ask("post", thread + "/runs/wait", body);
  }
  std::string start(const std::string& thread, const std::string& body) {
    return thread + "/runs/" + ask("post", thread + "/runs", body).text("run_id");
  }
  json::value thread(const std::string& path) { return ask("get", path).json(); }
  std::string header(const ApiAnswer& answer, const std::string& name) {
    return std::string(answer.headers.find(name).value_or(""));
  }
};

}  // namespace

TEST_CASE("An error is an object with its detail, or text as the JavaScript server sends it (D2)") {
  Api as_json;
  const ApiAnswer missing = as_json.ask("get", "/assistants/nobody");
  CHECK(missing.body == R"({"detail":"Assistant not found"})");
  Api as_text(api::Compat::js, api::ErrorForm::text);
  const ApiAnswer plain = as_text.ask("get", "/assistants/nobody");
  CHECK(plain.body == "Assistant not found");
  CHECK(as_text.header(plain, "content-type") == "text/plain;charset=UTF-8");
  const json::value invalid = as_text.ask("post", "/assistants/search", R"({"limit":0})").json();
  CHECK(invalid.at("success") == false);
  CHECK(invalid.at("error").at("name") == "ZodError");
  CHECK(invalid.at("error").at("issues").at(0).at("path").at(0) == "limit");
}

TEST_CASE("Page headers tell how many match and where the next page begins, on the last page too (D3)") {
  Api api;
  for (int i = 0; i < 5; ++i) api.new_thread();
  const auto page = [&](int limit, int offset) {
    return api.ask("post", "/threads/search",
                   R"({"limit":)" + std::to_string(limit) + R"(,"offset":)" + std::to_string(offset) + "}");
  };
  CHECK(api.header(page(2, 0), "x-pagination-total") == "5");
  CHECK(api.header(page(2, 0), "x-pagination-next") == "2");
  CHECK(api.header(page(2, 2), "x-pagination-next") == "4");
  CHECK(api.header(page(2, 4), "x-pagination-total") == "5");
  CHECK(api.header(page(2, 4), "x-pagination-next").empty());
  CHECK(api.header(page(10, 50), "x-pagination-total") == "5");
}

TEST_CASE("Runs are listed newest first, page after page (D4)") {
  Api api;
  const std::string thread = api.new_thread();
  std::vector<std::string> made;
  for (int i = 0; i < 3; ++i) {
    const std::string run = api.start(thread, kLinear);
    api.ask("get", run + "/join");
    made.insert(made.begin(), run.substr(run.size() - 36));
  }
  const auto page = [&](const std::string& query) {
    std::vector<std::string> ids;
    const json::value runs = api.ask("get", thread + "/runs" + query).json();
    for (const json::value& run : runs.as_array()) {
      ids.emplace_back(run.at("run_id").as_string());
    }
    return ids;
  };
  CHECK(page("") == made);
  CHECK(page("?limit=2") == std::vector<std::string>{made[0], made[1]});
  CHECK(page("?limit=2&offset=2") == std::vector<std::string>{made[2]});
}

TEST_CASE("A run on a thread that is not there is not found, whatever the strategy (D5)") {
  Api api;
  for (const std::string strategy : {"reject", "enqueue", "interrupt", "rollback"}) {
    const ApiAnswer answer = api.ask("post", "/threads/" + kUnknown + "/runs",
                                     R"({"assistant_id":"linear","multitask_strategy":")" + strategy + "\"}");
    CHECK(answer.status == 404);
    CHECK(answer.text("detail") == "Thread not found");
  }
}

TEST_CASE("Waiting answers JSON, and an error in it has its class and message (D6, D7)") {
  Api api;
  const ApiAnswer done = api.wait(api.new_thread(), kLinear);
  CHECK(api.header(done, "content-type") == "application/json");
  const ApiAnswer failed = api.wait(api.new_thread(), R"({"assistant_id":"faulty","input":{"mode":"conflict"}})");
  CHECK(failed.status == 200);
  const json::value error = failed.json().at("__error__");
  CHECK(error.at("error") == "InvalidUpdateError");
  CHECK(std::string(error.at("message").as_string()).find("{") == std::string::npos);
}

TEST_CASE("A thread shows the interrupts of tasks of the root that have some, and no others (D8)") {
  Api api;
  const std::string thread = api.new_thread();
  api.wait(thread, R"({"assistant_id":"nested","input":{"topic":"t","ask":true},"stream_subgraphs":true})");
  const json::value state = api.ask("get", thread + "/state").json();
  const json::object shown = api.thread(thread).at("interrupts").as_object();
  REQUIRE(shown.size() == 1);
  CHECK(shown.begin()->key() == std::string_view(state.at("tasks").at(0).at("id").as_string()));
  CHECK(shown.begin()->value().as_array().size() == 1);
  const std::string parallel = api.new_thread();
  api.wait(parallel, R"({"assistant_id":"ask_parallel","input":{}})");
  const json::value asked = api.thread(parallel);
  CHECK(asked.at("interrupts").as_object().size() > 1);
  for (const auto& task : asked.at("interrupts").as_object()) CHECK_FALSE(task.value().as_array().empty());
}

TEST_CASE("A thread keeps the values of its last checkpoint when a run is cancelled (D9)") {
  Api api;
  const std::string thread = api.new_thread();
  const std::string run = api.start(thread, kSlow + R"(,"stream_mode":"updates"})");
  for (int tries = 0; api.ask("get", thread + "/history").json().as_array().size() < 3; ++tries) REQUIRE(tries < 5000);
  CHECK(api.ask("post", run + "/cancel?wait=true").status == 204);
  const json::value shown = api.thread(thread);
  CHECK(shown.at("values").at("tag") == "a");
  CHECK(shown.at("interrupts").as_object().empty());
  CHECK(shown.at("status") == "idle");
}

TEST_CASE("A run that is rolled back while it works is gone, with its checkpoints (D10)") {
  Api api;
  const std::string thread = api.new_thread();
  api.wait(thread, R"({"assistant_id":"delay","input":{"tag":"first","ms":0}})");
  const std::string before = api.ask("get", thread + "/history").body;
  const std::string run = api.start(thread, kSlow + "}");
  const ApiAnswer next =
      api.wait(thread, R"({"assistant_id":"delay","input":{"tag":"second","ms":0},"multitask_strategy":"rollback"})");
  CHECK(next.json().at("tag") == "second");
  CHECK(api.ask("get", run).status == 404);
  CHECK(api.ask("get", run + "/join").status == 404);
  const std::string after = api.ask("get", thread + "/history").body;
  CHECK(after.ends_with(before.substr(1)));  // the new run goes on from what was there
}

TEST_CASE("A state update for a node that is not there does not fit (D11)") {
  for (const api::Compat compat : {api::Compat::js, api::Compat::platform}) {
    Api api(compat);
    const std::string thread = api.new_thread();
    api.wait(thread, kLinear);
    const int status = compat == api::Compat::js ? 400 : 422;  // C1
    CHECK(api.ask("post", thread + "/state", R"({"values":{"text":"x"},"as_node":"nobody"})").status == status);
    CHECK(api.ask("post", "/assistants/search", R"({"limit":"x"})").status == status);
  }
}

TEST_CASE("Nulls, booleans and empty bodies are taken as all SDKs send them (D12)") {
  Api api;
  const std::string thread = api.new_thread();
  const std::string run =
      R"({"assistant_id":"linear","input":{"text":"a"},"command":null,"config":null,"context":null,"metadata":null,)"
      R"("checkpoint":null,"checkpoint_id":null,"webhook":null,"multitask_strategy":null,"interrupt_before":null,)"
      R"("stream_mode":null,"durability":null,"if_not_exists":null,"after_seconds":null,"on_completion":null})";
  CHECK(api.wait(thread, run).json().at("text") == "a|first|second");
  CHECK(api.ask("post", thread + "/state/checkpoint", R"({"checkpoint":null,"subgraphs":true})").status == 200);
  CHECK(api.ask("post", thread + "/state/checkpoint", R"({"subgraphs":"true"})").status == 200);
  const json::array all = api.ask("get", thread + "/history").json().as_array();
  const std::string id(all.at(0).at("checkpoint").at("checkpoint_id").as_string());
  for (const std::string& before : {"\"" + id + "\"", R"({"checkpoint_id":")" + id + "\"}",
                                    R"({"configurable":{"checkpoint_id":")" + id + R"("}})"}) {
    const ApiAnswer older = api.ask("post", thread + "/history", R"({"before":)" + before + "}");
    CHECK(older.json().as_array().size() == all.size() - 1);
  }
  CHECK(api.ask("post", "/threads/search", "", {{"content-type", "application/json"}}).status == 200);
  CHECK(api.ask("post", "/threads", "{}", {{"content-type", "text/plain;charset=UTF-8"}}).status == 200);
}

TEST_CASE("A run that is not there can be neither joined nor streamed (D13)") {
  Api api;
  const std::string thread = api.new_thread();
  for (const std::string& path : {thread + "/runs/" + kUnknown + "/join", thread + "/runs/" + kUnknown + "/stream",
                                  "/runs/" + kUnknown + "/stream"}) {
    const ApiAnswer answer = api.ask("get", path);
    CHECK(answer.status == 404);
    CHECK(answer.text("detail") == "Run not found");
  }
}

TEST_CASE("Cancelling waits only if it is asked to (D15)") {
  Api api;
  const std::string thread = api.new_thread();
  const std::string run = api.start(thread, kSlow + "}");
  CHECK(api.ask("post", run + "/cancel?wait=0").status == 202);
  api.ask("get", run + "/join");
  CHECK(api.ask("post", run + "/cancel?wait=1").status == 204);
  CHECK(api.ask("post", run + "/cancel").status == 202);
}

TEST_CASE("Streams say where to come back to and number their events, without a thread too (D17)") {
  Api api;
  const std::string thread = api.new_thread();
  const ApiAnswer streamed = api.ask("post", thread + "/runs/stream?namespace=x", kLinear);
  const std::string place = api.header(streamed, "content-location");
  CHECK(place.starts_with(thread + "/runs/"));
  CHECK(api.header(streamed, "location") == place + "/stream?namespace=x");
  CHECK(api.header(api.wait(thread, kLinear), "location").ends_with("/join"));
  const ApiAnswer stateless = api.ask("post", "/runs/stream", kLinear);
  CHECK(api.header(stateless, "content-location").starts_with("/runs/"));
  const std::vector<SeenEvent> events = events_of(stateless.body);
  REQUIRE(events.size() == 4);
  for (std::size_t i = 0; i < events.size(); ++i) CHECK(events[i].id == std::to_string(i));
  CHECK(events.back().name == "values");  // and no `end`
  api::ServerSettings with_end;
  with_end.stream_end_event = true;
  ApiFixture other(with_end);
  CHECK(events_of(other.ask("post", "/runs/stream", kLinear).body).back().name == "end");
}

TEST_CASE("Deleting a thread or a run stops what works on it (D18)") {
  Api api;
  const std::string thread = api.new_thread();
  const std::string run = api.start(thread, kSlow + "}");
  CHECK(api.queue->in_flight() == 1);
  CHECK(api.ask("delete", run).status == 204);
  CHECK(api.queue->in_flight() == 0);
  api.start(thread, kSlow + "}");
  CHECK(api.ask("delete", thread).status == 204);
  CHECK(api.queue->in_flight() == 0);
}

TEST_CASE("An assistant of a graph that is not there is not made (D20)") {
  Api api;
  const ApiAnswer answer = api.ask("post", "/assistants", R"({"graph_id":"nobody"})");
  CHECK(answer.status == 404);
  CHECK(answer.text("detail") == "Graph \"nobody\" not found");
}

TEST_CASE("An item without a namespace is a bad request (D23)") {
  Api api;
  const ApiAnswer answer = api.ask("get", "/store/items?key=k");
  CHECK(answer.status == 400);
  CHECK(answer.text("detail") == "Namespace is required");
}

TEST_CASE("A thread without values fits no filter on values but the empty one (D25)") {
  Api api;
  api.new_thread();
  const std::string with_values = api.new_thread();
  api.wait(with_values, kLinear);
  const auto found = [&](const std::string& filter) {
    return api.ask("post", "/threads/search", R"({"values":)" + filter + "}").json().as_array().size();
  };
  CHECK(found(R"({"text":"a|first|second"})") == 1);
  CHECK(found(R"({"text":"b"})") == 0);
  CHECK(found("{}") == 2);
}

TEST_CASE("Assistants come in the order that is asked for (D26)") {
  Api api;
  const auto names = [&](const std::string& order) {
    std::vector<std::string> list;
    const json::value found =
        api.ask("post", "/assistants/search", R"({"limit":100,"sort_by":"name","sort_order":")" + order + "\"}").json();
    for (const json::value& one : found.as_array()) {
      list.emplace_back(one.at("name").as_string());
    }
    return list;
  };
  std::vector<std::string> rising = names("asc");
  CHECK(std::ranges::is_sorted(rising));
  std::ranges::reverse(rising);
  CHECK(names("desc") == rising);
}

TEST_CASE("A copied thread has the metadata of the first and nothing more; its values with the platform (D27, C10)") {
  const api::Compat compat = GENERATE(api::Compat::js, api::Compat::platform);
  Api api(compat);
  const std::string thread = "/threads/" + api.ask("post", "/threads", R"({"metadata":{"a":1}})").text("thread_id");
  api.wait(thread, kLinear);
  const json::value copy = api.ask("post", thread + "/copy").json();
  CHECK(copy.at("metadata") == api.thread(thread).at("metadata"));
  CHECK_FALSE(copy.at("metadata").as_object().contains("thread_id"));
  const json::value* values = copy.as_object().if_contains("values");
  if (compat == api::Compat::js) {
    CHECK(values == nullptr);
  } else {
    CHECK(values->at("text") == "a|first|second");
  }
}

TEST_CASE("A run that waits is cancelled without making its busy thread idle (D28)") {
  Api api;
  const std::string thread = api.new_thread();
  const std::string working = api.start(thread, kSlow + "}");
  const std::string waiting = api.start(thread, kSlow + R"(,"multitask_strategy":"enqueue"})");
  CHECK(api.ask("post", waiting + "/cancel?wait=1").status == 204);
  CHECK(api.thread(thread).at("status") == "busy");
  api.ask("post", working + "/cancel?wait=1");
  CHECK(api.thread(thread).at("status") == "idle");
}

TEST_CASE("A join without an id is a replay from the first event, with an unknown id too (D29)") {
  Api api;
  const std::string thread = api.new_thread();
  const ApiAnswer streamed = api.ask("post", thread + "/runs/stream", kLinear);
  const std::string path = api.header(streamed, "content-location") + "/stream";
  CHECK(api.ask("get", path).body == streamed.body);
  for (const char* id : {"-1", "-", "x", "99"}) {
    INFO(id);
    CHECK(api.ask("get", path, "", {{"last-event-id", id}}).body == streamed.body);
  }
}

TEST_CASE("A busy thread refuses or queues a run, as the followed server does (C2, C3)") {
  Api js;
  std::string thread = js.new_thread();
  js.start(thread, kSlow + "}");
  const ApiAnswer refused = js.ask("post", thread + "/runs", kLinear);
  CHECK(refused.status == 422);
  CHECK(refused.text("detail").starts_with("Thread is already running a task."));
  Api platform(api::Compat::platform);
  thread = platform.new_thread();
  platform.start(thread, kSlow + "}");
  CHECK(platform.ask("post", thread + "/runs", kLinear).text("multitask_strategy") == "enqueue");
  CHECK(platform.ask("post", thread + "/runs", R"({"assistant_id":"linear","multitask_strategy":"reject"})").status ==
        409);
}

TEST_CASE("Empty keys of a thread and the interrupts of a state are shown with the platform only (C4)") {
  Api js;
  Api platform(api::Compat::platform);
  const json::value short_one = js.ask("post", "/threads", "{}").json();
  const json::value long_one = platform.ask("post", "/threads", "{}").json();
  for (const char* key : {"values", "interrupts", "error", "state_updated_at"}) {
    INFO(key);
    CHECK_FALSE(short_one.as_object().contains(key));
    CHECK(long_one.as_object().contains(key));
  }
  CHECK(long_one.at("values").is_null());
  const auto state = [](Api& api) { return api.ask("get", api.new_thread() + "/state").json().as_object(); };
  CHECK_FALSE(state(js).contains("interrupts"));
  CHECK(state(platform).contains("interrupts"));
}

TEST_CASE("Threads come by their creation, with the platform by their last change (C5)") {
  const api::Compat compat = GENERATE(api::Compat::js, api::Compat::platform);
  Api api(compat);
  const std::string first = api.new_thread();
  const std::string second = api.new_thread();
  api.ask("patch", first, R"({"metadata":{"a":1}})");
  const std::string top(api.ask("post", "/threads/search", "{}").json().at(0).at("thread_id").as_string());
  CHECK("/threads/" + top == (compat == api::Compat::js ? second : first));
}

TEST_CASE("A thread keeps the settings of its runs, with the platform not, and hidden ones never (C6)") {
  const api::Compat compat = GENERATE(api::Compat::js, api::Compat::platform);
  Api api(compat);
  const std::string thread = api.new_thread();
  api.wait(thread, R"({"assistant_id":"linear","input":{},"config":{"configurable":{"app":1,"_token":"canary-51"}}})");
  const json::value config = api.thread(thread).at("config");
  CHECK(config.as_object().contains("configurable") == (compat == api::Compat::js));
  CHECK(api.database_dump().find("canary-51") == std::string::npos);
  const std::string run = api.start(thread, kLinear);
  const bool inherits =
      api.ask("get", run).json().at("kwargs").at("config").at("configurable").as_object().contains("app");
  CHECK(inherits == (compat == api::Compat::js));
}

TEST_CASE("Headers become settings by the rule of the followed server (C7)") {
  const api::Compat compat = GENERATE(api::Compat::js, api::Compat::platform);
  Api api(compat);
  const std::string body = R"({"assistant_id":"creds","input":{"ask":"x"}})";
  const std::string told =
      api.ask("post", "/runs/wait", body, {{"x-app-flavour", "mint"}, {"x-api-key", "canary-52"}}).body;
  CHECK((told.find("x-app-flavour") != std::string::npos) == (compat == api::Compat::js));
  CHECK(told.find("canary-52") == std::string::npos);
}

TEST_CASE("After an update by hand a thread stays as it was, or with the platform stands where its state is (C8)") {
  const api::Compat compat = GENERATE(api::Compat::js, api::Compat::platform);
  Api api(compat);
  const std::string thread = api.new_thread();
  api.wait(thread, R"({"assistant_id":"approval","input":{"request":"r"}})");
  const json::value asked = api.thread(thread);
  CHECK(asked.at("status") == "interrupted");
  CHECK(api.ask("post", thread + "/state", R"({"values":{"decision":"yes"},"as_node":"finish"})").status == 200);
  const json::value after = api.thread(thread);
  if (compat == api::Compat::js) {
    CHECK(after.at("status") == "interrupted");
    CHECK(after.at("interrupts") == asked.at("interrupts"));
  } else {
    CHECK(after.at("status") == "idle");
    CHECK(after.at("interrupts").as_object().empty());
  }
}

TEST_CASE("The schemas of subgraphs have short keys, or the long ones of the platform (C9)") {
  const api::Compat compat = GENERATE(api::Compat::js, api::Compat::platform);
  Api api(compat);
  const json::object schemas = api.ask("get", "/assistants/nested/subgraphs").json().as_object();
  REQUIRE(schemas.size() > 0);
  const json::object one = schemas.begin()->value().as_object();
  CHECK(one.contains("input") == (compat == api::Compat::js));
  CHECK(one.contains("input_schema") == (compat == api::Compat::platform));
}

TEST_CASE("Pieces of answers are named as the followed server names them (C11)") {
  const api::Compat compat = GENERATE(api::Compat::js, api::Compat::platform);
  Api api(compat);
  const ApiAnswer streamed = api.ask(
      "post", "/runs/stream", R"({"assistant_id":"chat","input":{"messages":"a"},"stream_mode":"messages-tuple"})");
  const bool has_chunks = streamed.body.find(R"("type":"AIMessageChunk")") != std::string::npos;
  CHECK(has_chunks == (compat == api::Compat::platform));
}

TEST_CASE("A long list of threads is sent in parts that together are the list") {
  Api api;
  const std::string text(30'000, 'x');
  for (int i = 0; i < 40; ++i) {
    const std::string id = api.new_thread();
    api.ask("patch", id, R"({"metadata":{"graph_id":"linear","number":)" + std::to_string(i) + "}}");
    api.ask("post", id + "/state", R"({"values":{"text":")" + text + R"("},"as_node":"second"})");
  }
  api::Request request;
  request.verb = api::Verb::post;
  request.target = "/threads/search";
  request.segments = {"threads", "search"};
  request.body = R"({"limit":1000})";
  api::Response response = run(api.io, api.dispatcher->answer(std::move(request)));
  CHECK(response.stream);
  CHECK(response.headers.find("x-pagination-total") == "40");
  struct Parts : api::BodyWriter {
    boost::asio::awaitable<void> write(std::string_view part) override {
      largest = std::max(largest, part.size());
      whole += part;
      co_return;
    }
    std::string whole;
    std::size_t largest = 0;
  } parts;
  run(api.io, response.stream(parts));
  const json::array list = runtime::parse_json(parts.whole).as_array();
  REQUIRE(list.size() == 40);
  std::set<std::int64_t> numbers;
  for (const json::value& thread : list) {
    numbers.insert(thread.at("metadata").at("number").as_int64());
    CHECK(thread.at("values").at("text").as_string().size() == text.size());
  }
  CHECK(numbers.size() == 40);
  CHECK(parts.largest < 300 * 1024);
  // Short ones come in one piece.
  const ApiAnswer few = api.ask("post", "/threads/search", R"({"limit":1000,"select":["thread_id"]})");
  CHECK(few.json().as_array().size() == 40);
}

}  // namespace heddle::test
