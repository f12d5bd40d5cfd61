// Every route is asked, and what it answers is held against the document.

#include <algorithm>
#include <boost/json/array.hpp>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "api/openapi/resources.h"
#include "api/store_index.h"
#include "tests/api/openapi/api_fixture.h"
#include "tests/api/openapi/schema_validator.h"

namespace heddle::test {
namespace {

namespace json = boost::json;
using Faults = std::vector<std::string>;

api::ServerSettings settings_with(api::Compat compat) {
  api::ServerSettings settings;
  settings.compat = compat;
  settings.test_truncate = true;
  settings.store.rules.index = api::make_store_index({"offline", 16, {"$"}}, {});
  return settings;
}

// Frames of a stream: their names, each with JSON in one line.
std::vector<std::string> events_in(const std::string& stream) {
  std::vector<std::string> names;
  for (std::size_t at = stream.find("event: "); at != std::string::npos; at = stream.find("event: ", at + 1)) {
    const std::size_t end = stream.find('\n', at);
    names.push_back(stream.substr(at + 7, end - at - 7));
    const std::size_t data = stream.find("data: ", end);
    REQUIRE(data == end + 1);
    CHECK_NOTHROW(runtime::parse_json(stream.substr(data + 6, stream.find('\n', data) - data - 6)));
  }
  return names;
}

class DescribedApi : public ApiFixture {
 public:
  explicit DescribedApi(api::Compat compat)
      : ApiFixture(settings_with(compat)),
        document(api::openapi::document(settings)),
        answers(document.at("components").at("schemas").as_object(), Unnamed::refused),
        requests(document.at("components").at("schemas").as_object()) {}

  // Asks the operation and checks request and answer; gives the answer. `target`: the path, filled in, with its query.
  ApiAnswer ask_for(std::string_view operation, const std::string& target, const std::string& body = "",
                    const std::map<std::string, std::string>& headers = {}) {
    const api::Route& route = route_of(operation);
    INFO(operation << " " << target << " " << body);
    ApiAnswer answer = ask(api::openapi::method_of(route.verb), target, body, headers);
    INFO(answer.status << " " << answer.body);
    const json::object& described =
        document.at("paths").at(route.pattern).at(api::openapi::method_of(route.verb)).as_object();
    const json::value* response = described.at("responses").as_object().if_contains(std::to_string(answer.status));
    REQUIRE(response != nullptr);
    check_answer(answer, response->as_object());
    const bool is_good = answer.status < 300;
    if (is_good || route.shape.response == "NotOffered") answered.emplace(operation);
    if (is_good && !body.empty() && !route.shape.request.empty()) {
      CHECK(requests.faults(runtime::parse_json(body), *api::openapi::find_schema(route.shape.request)) == Faults{});
      named.insert(std::string(route.shape.request));
    }
    return answer;
  }

  const json::object document;
  SchemaValidator answers;
  SchemaValidator requests;
  std::set<std::string, std::less<>> answered;
  std::set<std::string> named;  // schemas that were asked with

 private:
  static const api::Route& route_of(std::string_view operation) {
    const std::vector<api::Route>& table = api::route_table();
    const auto found =
        std::ranges::find_if(table, [&](const api::Route& route) { return route.shape.operation == operation; });
    REQUIRE(found != table.end());
    return *found;
  }

  void check_answer(const ApiAnswer& answer, const json::object& response) {
    const json::value* content = response.if_contains("content");
    if (!content) {
      CHECK(answer.body.empty());
      return;
    }
    const auto& [media_type, media] = *content->as_object().begin();
    const std::string told(answer.headers.find("content-type").value_or(""));
    CHECK(told.starts_with(std::string_view(media_type)));
    CHECK_FALSE(answer.body.empty());
    const json::object& schema = media.at("schema").as_object();
    if (media_type == "application/json") CHECK(answers.faults(answer.json(), schema) == Faults{});
  }
};

struct Ids {
  std::string thread;
  std::string run;
  std::string checkpoint;
};

void ask_meta(DescribedApi& api) {
  api.ask_for("get_health", "/ok?check_db=1");
  api.ask_for("get_root", "/");
  api.ask_for("get_readiness", "/ready");
  api.ask_for("get_info", "/info");
  CHECK(api.ask_for("get_metrics", "/metrics").body.find("heddle_runs_running") != std::string::npos);
  CHECK(runtime::equal_json(api.ask_for("get_document", "/openapi.json").json(), api.document));
  const ApiAnswer page = api.ask_for("get_docs", "/docs");
  CHECK(page.body.starts_with("<!doctype html>"));
  CHECK(page.headers.find("content-security-policy").has_value());
  const std::string id = "01a2037e-48fd-71b5-8e44-d0fb80070177";
  api.ask_for("refuse_commands", "/threads/" + id + "/commands", R"({"id":1,"method":"run.start"})");
  api.ask_for("refuse_events", "/threads/" + id + "/stream/events", "{}");
  api.ask_for("refuse_events_socket", "/threads/" + id + "/stream/events");
  api.ask_for("refuse_ui", "/ui/agent", "{}");
  api.ask_for("refuse_ui_file", "/ui/agent/entrypoint.js");
}

void ask_assistants(DescribedApi& api) {
  const std::string made =
      R"({"graph_id":"nested","name":"Mine","description":"d","config":{"tags":["t"],"configurable":{"k":1}},)"
      R"("context":{"c":2},"metadata":{"m":[1]},"if_exists":"raise"})";
  const std::string id = api.ask_for("create_assistant", "/assistants", made).text("assistant_id");
  const std::string path = "/assistants/" + id;
  api.ask_for("create_assistant", "/assistants", R"({"graph_id":"linear","assistant_id":")" + id + "\"}");  // 409
  api.ask_for("search_assistants", "/assistants/search", R"({"metadata":{"m":[1]},"limit":5,"sort_by":"name"})");
  api.ask_for("search_assistants", "/assistants/search", R"({"select":["name","version"],"sort_order":"asc"})");
  api.ask_for("count_assistants", "/assistants/count", R"({"graph_id":"nested"})");
  api.ask_for("get_assistant", path);
  api.ask_for("get_assistant", "/assistants/linear");
  api.ask_for("get_assistant", "/assistants/none");  // 404
  api.ask_for("patch_assistant", path, R"({"name":"Yours","metadata":{"n":null}})");
  api.ask_for("list_versions", path + "/versions", R"({"limit":10})");
  api.ask_for("set_latest_version", path + "/latest", R"({"version":1})");
  api.ask_for("set_latest_version", path + "/latest?version=2");
  api.ask_for("get_drawing", path + "/graph?xray=true");
  api.ask_for("get_schemas", path + "/schemas");
  CHECK(api.ask_for("get_subgraphs", path + "/subgraphs?recurse=true").json().as_object().size() == 2);
  api.ask_for("get_subgraph", path + "/subgraphs/middle");
  api.ask_for("delete_assistant", path + "?delete_threads=true");
}

Ids ask_threads(DescribedApi& api) {
  Ids ids;
  const std::string history =
      R"({"metadata":{"graph_id":"nested"},"supersteps":[{"updates":[{"values":{"topic":"t"},"as_node":"enter"}]},)"
      R"({"updates":[{"command":{"update":{"trail":["x"]}},"as_node":"enter"}]}],"ttl":{"ttl":60,"strategy":"delete"}})";
  ids.thread = api.ask_for("create_thread", "/threads", history).text("thread_id");
  const std::string path = "/threads/" + ids.thread;
  api.ask_for("create_thread", "/threads", R"({"ttl":5})");
  const ApiAnswer found = api.ask_for("search_threads", "/threads/search",
                                      R"({"values":{"topic":"t"},"extract":{"first":"values.trail[0]"}})");
  CHECK(found.json().at(0).at("extracted").at("first") == "x");
  api.ask_for("search_threads", "/threads/search", R"({"ids":[")" + ids.thread + R"("],"select":["thread_id"]})");
  api.ask_for("count_threads", "/threads/count", R"({"status":"idle"})");
  api.ask_for("get_thread", path + "?include=ttl");
  api.ask_for("patch_thread", path, R"({"metadata":{"a":1}})");
  api.ask_for("patch_thread", path, R"({"metadata":{"a":2}})", {{"prefer", "return=minimal"}});  // 204
  api.ask_for("get_storage", path + "/storage");
  const std::string copy = api.ask_for("copy_thread", path + "/copy").text("thread_id");
  api.ask_for("prune_threads", "/threads/prune", R"({"thread_ids":[")" + copy + R"("],"strategy":"keep_latest"})");
  api.ask_for("delete_thread", "/threads/" + copy);
  api.ask_for("delete_thread", "/threads/" + copy);  // 404
  return ids;
}

// Leaves the thread with a question of a subgraph.
void ask_runs(DescribedApi& api, Ids& ids) {
  const std::string path = "/threads/" + ids.thread + "/runs";
  const std::string body =
      R"({"assistant_id":"nested","input":{"topic":"t","ask":true},"metadata":{"of":"test"},"config":{"tags":["a"]},)"
      R"("stream_mode":["values","updates","debug","tasks","checkpoints","events","custom","messages-tuple"],)"
      R"("stream_subgraphs":true,"durability":"sync","interrupt_after":["enter"]})";
  const ApiAnswer streamed = api.ask_for("stream_run", path + "/stream", body);
  CHECK(events_in(streamed.body).front() == "metadata");
  const ApiAnswer asked = api.ask_for("wait_run", path + "/wait", R"({"assistant_id":"nested"})");
  REQUIRE(asked.json().at("__interrupt__").as_array().size() == 1);
  const ApiAnswer state = api.ask_for("get_state", "/threads/" + ids.thread + "/state?subgraphs=true");
  CHECK(api.answers.faults(state.json(), *api::openapi::find_schema("ThreadState")) == Faults{});
  ids.checkpoint = state.json().at("checkpoint").at("checkpoint_id").as_string();
  ids.run = api.ask_for("create_run", path, R"({"assistant_id":"nested","command":{"resume":"yes","goto":[]}})")
                .text("run_id");
  api.ask_for("join_run", path + "/" + ids.run + "/join");
  api.ask_for("join_stream", path + "/" + ids.run + "/stream?stream_mode=values", "", {{"last-event-id", "-1"}});
  api.ask_for("join_stateless_stream", "/runs/" + ids.run + "/stream");
  api.ask_for("list_runs", path + "?limit=5&offset=0&status=success&select=run_id,status&metadata={}");
  api.ask_for("list_runs", path);
  api.ask_for("get_run", path + "/" + ids.run);
  api.ask_for("cancel_run", path + "/" + ids.run + "/cancel?wait=true");
  api.ask_for("cancel_run", path + "/" + ids.run + "/cancel");
  api.ask_for("create_run", path, R"({"assistant_id":"none"})");  // 404
  const std::string slow = R"({"assistant_id":"delay","input":{"tag":"a","ms":60000}})";
  const std::string slow_run = api.ask_for("create_run", path, slow).text("run_id");
  api.ask_for("create_run", path, R"({"assistant_id":"delay","multitask_strategy":"reject"})");  // busy
  api.ask_for("cancel_runs", "/runs/cancel?action=interrupt", R"({"status":"all"})");
  api.ask_for("join_run", path + "/" + slow_run + "/join");
  api.ask_for("cancel_runs", "/runs/cancel",
              R"({"thread_id":")" + ids.thread + R"(","run_ids":[")" + ids.run + R"("]})");
  api.ask_for("delete_run", path + "/" + ids.run);
}

void ask_stateless_runs(DescribedApi& api) {
  api.ask_for("create_stateless_run", "/runs", R"({"assistant_id":"linear","input":{},"on_completion":"keep"})");
  api.ask_for("stream_stateless_run", "/runs/stream", R"({"assistant_id":"chat","input":{"messages":"a b"}})");
  api.ask_for("wait_stateless_run", "/runs/wait", R"({"assistant_id":"linear","input":{}})");
  const ApiAnswer failed =
      api.ask_for("wait_stateless_run", "/runs/wait", R"({"assistant_id":"faulty","input":{"mode":"conflict"}})");
  CHECK(failed.json().as_object().contains("__error__"));
  api.ask_for("create_runs", "/runs/batch",
              R"([{"assistant_id":"linear","input":{}},{"assistant_id":"linear","after_seconds":9}])");
}

void ask_states(DescribedApi& api, const Ids& ids) {
  const std::string path = "/threads/" + ids.thread;
  api.ask_for("get_state", path + "/state?select=values.topic,next");
  api.ask_for("get_state_at", path + "/state/" + ids.checkpoint);
  api.ask_for("read_state", path + "/state/checkpoint",
              R"({"checkpoint":{"thread_id":null,"checkpoint_ns":"","checkpoint_id":")" + ids.checkpoint +
                  R"(","checkpoint_map":null},"subgraphs":true})");
  api.ask_for("update_state", path + "/state", R"({"values":{"tag":"new"},"as_node":"before"})");
  api.ask_for("get_history", path + "/history?limit=3&before=" + ids.checkpoint);
  const ApiAnswer history = api.ask_for("read_history", path + "/history", R"({"limit":100})");
  CHECK(history.json().as_array().size() > 3);
  api.ask_for("read_history", path + "/history",
              R"({"before":{"checkpoint_id":")" + ids.checkpoint + R"("},"metadata":{"source":"loop"}})");
  api.ask_for("get_state", "/threads/01a2037e-48fd-71b5-8e44-d0fb80070177/state");  // 404
}

void ask_crons(DescribedApi& api) {
  const std::string thread = api.ask("post", "/threads", "{}").text("thread_id");
  const std::string daily = R"({"assistant_id":"linear","schedule":"0 8 * * 1-5","timezone":"Europe/Berlin"})";
  const std::string cron = api.ask_for("create_cron", "/runs/crons", daily).text("cron_id");
  api.ask_for("create_cron", "/runs/crons", R"({"assistant_id":"linear","schedule":"no time"})");    // 422
  api.ask_for("create_cron", "/runs/crons", R"({"assistant_id":"nobody","schedule":"0 8 * * *"})");  // 404
  api.ask_for("create_thread_cron", "/threads/" + thread + "/runs/crons", daily);
  api.ask_for("search_crons", "/runs/crons/search", R"({"sort_by":"next_run_date","select":["cron_id","now"]})");
  api.ask_for("count_crons", "/runs/crons/count", R"({"enabled":true})");
  api.ask_for("get_cron", "/runs/crons/" + cron);
  api.ask_for("patch_cron", "/runs/crons/" + cron, R"({"enabled":false,"metadata":{"a":1}})");
  api.ask_for("delete_cron", "/runs/crons/" + cron);
  api.ask_for("get_cron", "/runs/crons/" + cron);  // 404
}

void ask_store(DescribedApi& api) {
  api.ask_for("put_item", "/store/items", R"({"namespace":["a","b"],"key":"k","value":{"n":1},"ttl":5})");
  api.ask_for("put_item", "/store/items", R"({"namespace":["a."],"key":"k","value":{}})");  // 422
  api.ask_for("get_item", "/store/items?namespace=a.b&key=k");
  CHECK(api.ask_for("get_item", "/store/items?namespace=a.b&key=none").body == "null");
  api.ask_for("search_items", "/store/items/search", R"({"namespace_prefix":["a"],"filter":{"n":{"$gte":1}}})");
  api.ask_for("put_item", "/store/items",
              R"({"namespace":["a"],"key":"l","value":{"t":"x"},"index":["t"],"ttl":null})");
  api.ask_for("put_item", "/store/items", R"({"namespace":["a"],"key":"m","value":{},"index":false})");
  api.ask_for("put_item", "/store/items", R"({"namespace":["a"],"key":"m","value":{},"index":["a..b"]})");  // 400
  const ApiAnswer found = api.ask_for("search_items", "/store/items/search",
                                      R"({"namespace_prefix":["a"],"query":"x","refresh_ttl":false})");
  CHECK(found.json().at("items").at(0).at("score").is_number());
  api.ask_for("get_item", "/store/items?namespace=a&key=l&refresh_ttl=false");
  api.ask_for("list_namespaces", "/store/namespaces", R"({"prefix":["*"],"max_depth":1})");
  api.ask_for("delete_item", "/store/items", R"({"namespace":["a","b"],"key":"k"})");
}

void ask_protocols(DescribedApi& api) {
  const std::map<std::string, std::string> accept{{"accept", "application/json, text/event-stream"}};
  api.ask_for("call_mcp", "/mcp", R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})", accept);
  api.ask_for("call_mcp", "/mcp/", R"({"jsonrpc":"2.0","method":"notifications/initialized"})", accept);  // 202
  api.ask_for("call_mcp", "/mcp", R"({"jsonrpc":"2.0","id":1,"method":"ping"})");                         // 400
  api.ask_for("refuse_mcp_stream", "/mcp");
  const std::string said =
      R"({"jsonrpc":"2.0","id":"a","method":"message/send","params":{"message":{"parts":[{"kind":"text","text":"x"}]}}})";
  api.ask_for("call_a2a", "/a2a/chat", said);
  api.ask_for("call_a2a", "/a2a/none", said);  // 404
  api.ask_for("get_agent_card", "/a2a/chat/.well-known/agent-card.json");
  api.ask_for("find_agent_card", "/.well-known/agent-card.json?assistant_id=linear");
}

}  // namespace

TEST_CASE("Every route answers as the document says, and nothing in the document is left untried") {
  const api::Compat compat = GENERATE(api::Compat::js, api::Compat::platform);
  INFO((compat == api::Compat::js ? "compat: js" : "compat: platform"));
  DescribedApi api(compat);
  ask_meta(api);
  ask_assistants(api);
  Ids ids = ask_threads(api);
  ask_runs(api, ids);
  ask_stateless_runs(api);
  ask_states(api, ids);
  ask_crons(api);
  ask_store(api);
  ask_protocols(api);
  // Its stream ends with what there is when the server stops.
  api.queue->thread_news().close();
  api.ask_for("stream_thread", "/threads/" + ids.thread + "/stream?stream_modes=run_modes", "",
              {{"last-event-id", "-"}});
  api.ask_for("truncate", "/internal/truncate", R"({"threads":true,"runs":true})");

  for (const api::Route& route : api::route_table()) {
    INFO(route.shape.operation << " has been answered");
    CHECK(api.answered.contains(route.shape.operation));
  }
  for (const auto& schema : api.document.at("components").at("schemas").as_object()) {
    const std::string name(schema.key());
    INFO("the schema " << name << " has been used");
    CHECK((api.answers.used().contains(name) || api.requests.used().contains(name) || api.named.contains(name)));
  }
  INFO(api.logged);
  CHECK(api.logged.empty());
}

TEST_CASE("Errors as text fit the document, too") {
  api::ServerSettings settings;
  settings.errors = api::ErrorForm::text;
  ApiFixture api(settings);
  const json::object document = api::openapi::document(settings);
  const json::object& schemas = document.at("components").at("schemas").as_object();
  SchemaValidator validator(schemas, Unnamed::refused);
  const ApiAnswer invalid = api.ask("post", "/threads/search", R"({"limit":0})");
  CHECK(invalid.status == 400);
  CHECK(validator.faults(invalid.json(), schemas.at("ErrorAsText").as_object()) == Faults{});
  const ApiAnswer unknown = api.ask("get", "/assistants/none");
  CHECK(unknown.body == "Assistant not found");
}

TEST_CASE("Below a prefix the document is found, and its server leads to what it describes") {
  api::ServerSettings settings;
  settings.mount_prefix = "/agents/v1";
  ApiFixture api(settings);
  CHECK(api.ask("get", "/openapi.json").status == 404);
  const ApiAnswer told = api.ask("get", "/agents/v1/openapi.json");
  REQUIRE(told.status == 200);
  const json::value document = told.json();
  const std::string server(document.at("servers").at(0).at("url").as_string());
  REQUIRE(document.at("paths").as_object().contains("/ok"));
  CHECK(api.ask("get", server + "/ok").status == 200);
  CHECK(api.ask("get", "/agents/v1/docs").status == 200);
}

}  // namespace heddle::test
