// Endpoint by endpoint, what does not fit is refused with the status that is specified, and nothing is stored
// (http-api.md 2.2, 2.6, C1).

#include <algorithm>
#include <boost/json/array.hpp>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "api/openapi/resources.h"
#include "tests/api/openapi/api_fixture.h"
#include "tests/api/openapi/bad_input.h"
#include "tests/api/openapi/schema_validator.h"

namespace heddle::test {
namespace {

namespace json = boost::json;

constexpr const char* kUnknownId = "00000000-0000-7000-8000-000000000000";

api::ServerSettings settings_with(api::Compat compat) {
  api::ServerSettings settings;
  settings.compat = compat;
  settings.test_truncate = true;
  return settings;
}

// A server with one of everything, and good requests to all of it.
class BadInputFixture : public ApiFixture {
 public:
  explicit BadInputFixture(api::Compat compat)
      : ApiFixture(settings_with(compat)), document(api::openapi::document(settings)) {
    const std::string assistant = ask("post", "/assistants", R"({"graph_id":"linear"})").text("assistant_id");
    const std::string thread = ask("post", "/threads", "{}").text("thread_id");
    const ApiAnswer waited =
        ask("post", "/threads/" + thread + "/runs/wait", R"({"assistant_id":"approval","input":{"request":"r"}})");
    REQUIRE(waited.json().as_object().contains("__interrupt__"));
    const json::value run = ask("get", "/threads/" + thread + "/runs").json().at(0);
    const json::value state = ask("get", "/threads/" + thread + "/state").json();
    const std::string cron =
        ask("post", "/runs/crons", R"({"assistant_id":"linear","schedule":"0 8 * * *"})").text("cron_id");
    ask("put", "/store/items", R"({"namespace":["a","b"],"key":"k","value":{"n":1}})");
    ids = {{"assistant_id", assistant},
           {"thread_id", thread},
           {"run_id", std::string(run.at("run_id").as_string())},
           {"cron_id", cron},
           {"checkpoint_id", std::string(state.at("checkpoint").at("checkpoint_id").as_string())},
           {"namespace", "middle"},
           {"file", "x.js"}};
  }

  int validation() const { return settings.compat == api::Compat::platform ? 422 : 400; }

  std::string target(const api::Route& route, const std::map<std::string, std::string>& instead = {}) const {
    std::string path(route.pattern);
    for (const auto& [name, id] : ids) {
      const std::size_t at = path.find("{" + name + "}");
      if (at == std::string::npos) continue;
      const auto other = instead.find(name);
      path.replace(at, name.size() + 2, other == instead.end() ? id : other->second);
    }
    return path;
  }

  // One of each kind of body that the route takes.
  std::vector<std::string> good_bodies(const api::Route& route) const {
    static const std::map<std::string_view, std::vector<std::string>> kBodies{
        {"AssistantCreate", {R"({"graph_id":"linear"})"}},
        {"VersionChoice", {R"({"version":1})"}},
        {"ThreadPatch", {R"({"metadata":{}})"}},
        {"ThreadPrune", {R"({"thread_ids":[]})"}},
        {"StateUpdate", {R"({"values":{"request":"q"},"as_node":"prepare"})"}},
        {"RunCreate", {R"({"assistant_id":"linear","input":{}})"}},
        {"RunBatch", {R"([{"assistant_id":"linear","input":{}}])"}},
        {"CronCreate", {R"({"assistant_id":"linear","schedule":"0 8 * * *"})"}},
        {"RunsCancel",
         {R"({"status":"pending"})", R"({"thread_id":"00000000-0000-7000-8000-000000000000","run_ids":[]})"}},
        {"RpcCall", {R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{}})"}},
        {"ItemPut", {R"({"namespace":["a"],"key":"k","value":{}})"}},
        {"ItemDelete", {R"({"namespace":["a"],"key":"k"})"}},
        {"ItemSearch", {R"({"namespace_prefix":["a"]})"}},
    };
    const auto found = kBodies.find(route.shape.request);
    return found == kBodies.end() ? std::vector<std::string>{"{}"} : found->second;
  }

  std::string method(const api::Route& route) const { return std::string(api::openapi::method_of(route.verb)); }

  // Refused with this status and a text, and nothing was stored.
  void check_refused(const api::Route& route, const std::string& path, const std::string& body, int status) {
    ++requests;
    const std::int64_t version = database_version();
    const ApiAnswer answer = ask(method(route), path, body);
    const bool is_refused = answer.status == status && runtime::find_text(answer.json(), "detail").has_value();
    const bool is_unchanged = database_version() == version || database_dump() == before_;
    if (is_refused && is_unchanged) return;
    FAIL_CHECK(method(route) << " " << path.substr(0, 200) << " " << body.substr(0, 300) << "\n  answered "
                             << answer.status << " " << answer.body.substr(0, 300) << ", not " << status
                             << (is_unchanged ? "" : ", and changed the database"));
    before_ = database_dump();
  }

  void remember_database() { before_ = database_dump(); }

  const json::object document;
  std::map<std::string, std::string> ids;
  std::size_t requests = 0;

 private:
  std::string before_;
};

// What is seen as wrong in the answer: paths of fields, joined by periods.
std::vector<std::string> complaints(const ApiAnswer& answer) {
  std::vector<std::string> places;
  const json::value told = answer.json();
  const json::value* errors = runtime::find_member(told, "errors");
  if (!errors) return places;
  for (const json::value& error : errors->as_array()) {
    std::string place;
    for (const json::value& part : error.at("path").as_array()) {
      place += (place.empty() ? "" : ".") + std::string(part.as_string());
    }
    places.push_back(place);
  }
  return places;
}

std::string joined(const std::vector<std::string>& path) {
  std::string text;
  for (const std::string& part : path) text += (text.empty() ? "" : ".") + part;
  return text;
}

// Rules about what fits that JSON Schema does not say, by operation and place.
bool is_known_rule(std::string_view operation, std::string_view place) {
  static const std::map<std::string_view, std::set<std::string_view>> kRules{
      {"search_threads", {"extract.x"}},               // a path has a form of its own
      {"patch_thread", {"metadata"}},                  // one of metadata and ttl, on the JavaScript server
      {"set_latest_version", {"version"}},             // in the body or in the query
      {"search_items", {"namespace_prefix"}},          // must be named, on the JavaScript server
      {"delete_item", {"key", "namespace"}},           // in the body or in the query
      {"read_state", {"checkpoint.checkpoint_ns"}},    // a subgraph of the graph that ran
      {"read_history", {"checkpoint.checkpoint_ns"}},  // the same
      {"update_state", {""}},                          // what the graph says about the node and its values
      {"create_thread", {""}},                         // the same
  };
  if (place.find("webhook") != std::string_view::npos) return true;  // URLs have a policy
  const auto found = kRules.find(operation);
  return found != kRules.end() && found->second.contains(place);
}

}  // namespace

TEST_CASE("Every member of every body is refused when it does not fit, and nothing is stored") {
  const api::Compat compat = GENERATE(api::Compat::js, api::Compat::platform);
  BadInputFixture api(compat);
  SchemaValidator validator(api.document.at("components").at("schemas").as_object());
  api.remember_database();
  for (const api::Route& route : api::route_table()) {
    if (route.shape.request.empty()) continue;
    const api::openapi::Schema& schema = *api::openapi::find_schema(route.shape.request);
    std::size_t refused = 0;
    for (const std::string& good : api.good_bodies(route)) {
      REQUIRE(validator.fits(runtime::parse_json(good), schema));
      for (const MutatedBody& mutated : mutated_bodies(runtime::parse_json(good), schema, validator)) {
        if (validator.fits(mutated.body, schema)) continue;
        ++refused;
        api.check_refused(route, api.target(route), runtime::to_text(mutated.body), api.validation());
      }
    }
    INFO(route.shape.operation);
    CHECK(refused > 10);
  }
  CHECK(api.requests > 5'000);
  INFO(api.logged);
  CHECK(api.logged.empty());
}

TEST_CASE("What the document allows is never refused as if it did not fit, and never fails") {
  const api::Compat compat = GENERATE(api::Compat::js, api::Compat::platform);
  BadInputFixture api(compat);
  SchemaValidator validator(api.document.at("components").at("schemas").as_object());
  for (const api::Route& route : api::route_table()) {
    if (route.shape.request.empty() || route.shape.operation == "truncate") continue;
    const api::openapi::Schema& schema = *api::openapi::find_schema(route.shape.request);
    for (const std::string& good : api.good_bodies(route)) {
      for (const MutatedBody& mutated : mutated_bodies(runtime::parse_json(good), schema, validator)) {
        if (!validator.fits(mutated.body, schema)) continue;
        const std::string place = joined(mutated.path);
        // Whoever waits for such a run waits as long.
        if (place.ends_with("after_seconds")) continue;
        const std::string body = runtime::to_text(mutated.body);
        const ApiAnswer answer = api.ask(api.method(route), api.target(route), body);
        if (answer.status >= 500) {
          FAIL_CHECK(api.method(route) << " " << route.pattern << " " << body.substr(0, 300) << "\n  answered "
                                       << answer.status << " " << answer.body.substr(0, 300));
        }
        if (answer.status != api.validation()) continue;
        for (const std::string& complaint : complaints(answer)) {
          if (is_known_rule(route.shape.operation, complaint)) continue;
          FAIL_CHECK(api.method(route) << " " << route.pattern << " " << body.substr(0, 300) << "\n  answered "
                                       << answer.status << " " << answer.body.substr(0, 300)
                                       << "\n  but the document allows it");
        }
      }
    }
  }
  INFO(api.logged);
  CHECK(api.logged.empty());
}

TEST_CASE("A body that is no JSON is refused with 400 by every route that reads one, and passed over by the others") {
  const api::Compat compat = GENERATE(api::Compat::js, api::Compat::platform);
  BadInputFixture api(compat);
  api.remember_database();
  for (const api::Route& route : api::route_table()) {
    const bool reads_body = !route.shape.request.empty();
    for (const std::string& body : malformed_bodies()) {
      if (reads_body) {
        api.check_refused(route, api.target(route), body, 400);
        continue;
      }
      // Of nothing that is there, so that nothing is deleted or copied.
      const std::string path =
          api.target(route, {{"assistant_id", kUnknownId}, {"thread_id", kUnknownId}, {"cron_id", kUnknownId}});
      INFO(api.method(route) << " " << path);
      const int status = api.ask(api.method(route), path, body).status;
      CHECK((status == 501 || status == api.ask(api.method(route), path).status));
    }
  }
}

TEST_CASE("An empty body is an empty object") {
  BadInputFixture api(api::Compat::js);
  for (const char* path :
       {"/assistants/search", "/threads/search", "/threads/count", "/threads", "/store/namespaces"}) {
    INFO(path);
    CHECK(api.ask("post", path, "").status == 200);
    CHECK(api.ask("post", path, " \r\n\t").status == 200);
  }
}

TEST_CASE("Every query parameter is refused when it does not fit") {
  const api::Compat compat = GENERATE(api::Compat::js, api::Compat::platform);
  BadInputFixture api(compat);
  api.remember_database();
  std::size_t checked = 0;
  for (const api::Route& route : api::route_table()) {
    for (const std::string_view name : route.shape.query) {
      std::vector<std::string> bad = bad_query_values(*api::openapi::find_parameter(name));
      if (name == "metadata") bad = {"%7B", "%5B%5D", "1", "x"};  // JSON in a text
      for (const std::string& value : bad) {
        ++checked;
        const std::string path = api.target(route) + "?" + std::string(name) + "=" + value;
        api.check_refused(route, path, "", api.validation());
      }
      const std::string strange = api.target(route) + "?" + std::string(name) + "=%00%ff%ed%a0%80";
      if (route.verb == api::Verb::get) CHECK(api.ask("get", strange).status < 500);
    }
  }
  CHECK(checked > 40);
}

TEST_CASE("An id in a path that is no UUID does not fit, and one that is unknown is not found") {
  const api::Compat compat = GENERATE(api::Compat::js, api::Compat::platform);
  BadInputFixture api(compat);
  api.remember_database();
  for (const api::Route& route : api::route_table()) {
    if (route.shape.response == "NotOffered") continue;
    const std::string body = route.shape.request.empty() ? "" : api.good_bodies(route).front();
    for (const char* name : {"thread_id", "run_id", "checkpoint_id"}) {
      if (route.pattern.find("{" + std::string(name) + "}") == std::string_view::npos) continue;
      for (const std::string& id : {std::string("x"), std::string("0"), std::string("%00"), std::string("%2e%2e%2fx"),
                                    std::string("00000000-0000-7000-8000-00000000000g"), std::string(5'000, 'a')}) {
        api.check_refused(route, api.target(route, {{name, id}}), body, api.validation());
      }
      // A state at a checkpoint that never was is empty (http-api.md 7.2).
      if (std::string_view(name) == "checkpoint_id") continue;
      const int unknown = route.shape.operation == "copy_thread" ? 409 : 404;
      api.check_refused(route, api.target(route, {{name, kUnknownId}}), body, unknown);
    }
    if (route.pattern.find("{assistant_id}") == std::string_view::npos) continue;
    for (const std::string& id :
         {std::string("x"), std::string("%00"), std::string(kUnknownId), std::string(5'000, 'a')}) {
      api.check_refused(route, api.target(route, {{"assistant_id", id}}), body, 404);
    }
  }
}

TEST_CASE("Things that a body names and that are not there are not found, and nothing is stored") {
  const api::Compat compat = GENERATE(api::Compat::js, api::Compat::platform);
  BadInputFixture api(compat);
  api.remember_database();
  const std::string unknown = "\"" + std::string(kUnknownId) + "\"";
  const std::string thread = "\"" + api.ids.at("thread_id") + "\"";
  for (const api::Route& route : api::route_table()) {
    const std::string_view request = route.shape.request;
    std::vector<std::string> bodies;
    if (request == "RunCreate") bodies = {R"({"assistant_id":"nobody"})", R"({"assistant_id":)" + unknown + "}"};
    if (request == "RunBatch") bodies = {R"([{"assistant_id":"linear"},{"assistant_id":)" + unknown + "}]"};
    if (request == "AssistantCreate" || request == "AssistantPatch") bodies = {R"({"graph_id":"none"})"};
    if (request == "VersionChoice") bodies = {R"({"version":99})"};
    if (request == "RunsCancel") bodies = {R"({"thread_id":)" + thread + R"(,"run_ids":[)" + unknown + "]}"};
    for (const std::string& body : bodies) api.check_refused(route, api.target(route), body, 404);
  }
  CHECK(api.requests >= 17);
}

}  // namespace heddle::test
