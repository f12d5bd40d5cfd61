// What one user gets for the things of another: the same as for things that do not exist (http-api.md 17.4).
//
// Every route of the table has at least one case here; a new route without one fails the test. Add a line to
// kCases: what Ben asks for, naming Ann's things by their placeholders, and what he gets.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "api/auth/api_keys.h"
#include "api/routes/route_table.h"
#include "runtime/json.h"
#include "tests/api/auth/auth_server.h"

namespace heddle::api {
namespace {

using test::AuthServer;
using test::Reply;

const std::string kCanary = "canary-77ab03";

// What Ben must get.
enum class Gets {
  the_unknown,  // exactly what he gets for ids that nobody has
  exactly,      // this body
  nothing_of_hers,
};

struct Case {
  std::string route;  // as in the table
  std::string path;   // with placeholders for Ann's ids
  std::string body;
  int status;
  Gets gets = Gets::the_unknown;
  std::string answer = "";  // of Gets::exactly
};

std::string run_body(const std::string& more = "") {
  return R"({"assistant_id":"chat","input":{"messages":"x"})" + more + "}";
}

const std::string kTaken = R"({"detail":"Thread already exists"})";
const std::string kTakenAssistant = R"({"detail":"Assistant already exists"})";
const std::string kNoThread = R"({"detail":"Thread not found"})";
const std::string kHerAssistant = R"({"assistant_id":"{assistant_id}","input":{}})";
const std::string kHerItems = R"({"namespace_prefix":["canary-77ab03"]})";
const std::string kHerItem = "namespace=canary-77ab03.mail&key=k";
const std::string kNoTask = R"({"jsonrpc":"2.0","id":1,"error":{"code":-32001,"message":"Task not found"}})";
std::string a2a(const std::string& method, const std::string& params) {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}";
}
const std::string kCreate = R"(,"if_not_exists":"create")";

// In this order: later ones may rely on what earlier ones did not do.
const std::vector<Case> kCases = {
    {"GET /ok", "/ok", "", 200, Gets::nothing_of_hers},
    {"GET /ready", "/ready", "", 200, Gets::nothing_of_hers},
    {"GET /", "/", "", 200, Gets::nothing_of_hers},
    {"GET /info", "/info", "", 200, Gets::nothing_of_hers},
    {"GET /metrics", "/metrics", "", 200, Gets::nothing_of_hers},
    {"GET /openapi.json", "/openapi.json", "", 200, Gets::nothing_of_hers},
    {"GET /docs", "/docs", "", 200, Gets::nothing_of_hers},
    {"POST /internal/truncate", "/internal/truncate", R"({"threads":true})", 404, Gets::exactly,
     R"({"detail":"Not Found"})"},
    {"POST /ui/{assistant_id}", "/ui/{assistant_id}", "", 404},
    {"GET /ui/{assistant_id}/{file}", "/ui/{assistant_id}/x.js", "", 404},

    {"POST /assistants", "/assistants", R"({"graph_id":"chat","assistant_id":"{assistant_id}"})", 409, Gets::exactly,
     kTakenAssistant},
    {"POST /assistants", "/assistants",
     R"({"graph_id":"chat","assistant_id":"{assistant_id}","if_exists":"do_nothing"})", 409, Gets::exactly,
     kTakenAssistant},
    {"POST /assistants/search", "/assistants/search", R"({"limit":1000})", 200, Gets::nothing_of_hers},
    {"POST /assistants/search", "/assistants/search", R"({"metadata":{"tag":"canary-77ab03"}})", 200, Gets::exactly,
     "[]"},
    {"POST /assistants/search", "/assistants/search", R"({"name":"canary"})", 200, Gets::exactly, "[]"},
    {"POST /assistants/count", "/assistants/count", R"({"metadata":{"tag":"canary-77ab03"}})", 200, Gets::exactly, "0"},
    {"GET /assistants/{assistant_id}", "/assistants/{assistant_id}", "", 404},
    {"PATCH /assistants/{assistant_id}", "/assistants/{assistant_id}", R"({"name":"x"})", 404},
    {"POST /assistants/{assistant_id}/latest", "/assistants/{assistant_id}/latest", R"({"version":1})", 404},
    {"POST /assistants/{assistant_id}/latest", "/assistants/{assistant_id}/latest", R"({"version":9})", 404},
    {"POST /assistants/{assistant_id}/versions", "/assistants/{assistant_id}/versions", "{}", 404},
    {"GET /assistants/{assistant_id}/graph", "/assistants/{assistant_id}/graph", "", 404},
    {"GET /assistants/{assistant_id}/schemas", "/assistants/{assistant_id}/schemas", "", 404},
    {"GET /assistants/{assistant_id}/subgraphs", "/assistants/{assistant_id}/subgraphs", "", 404},
    {"GET /assistants/{assistant_id}/subgraphs/{namespace}", "/assistants/{assistant_id}/subgraphs/x", "", 404},
    {"DELETE /assistants/{assistant_id}", "/assistants/{assistant_id}", "", 404},
    {"DELETE /assistants/{assistant_id}", "/assistants/{assistant_id}?delete_threads=true", "", 404},

    {"POST /threads", "/threads", R"({"thread_id":"{thread_id}"})", 409, Gets::exactly, kTaken},
    {"POST /threads", "/threads", R"({"thread_id":"{thread_id}","if_exists":"do_nothing"})", 409, Gets::exactly,
     kTaken},
    {"POST /threads", "/threads",
     R"({"thread_id":"{thread_id}","if_exists":"do_nothing","metadata":{"graph_id":"chat"},)"
     R"("supersteps":[{"updates":[{"values":{"messages":"x"},"as_node":"model"}]}]})",
     409, Gets::exactly, kTaken},
    {"POST /threads/search", "/threads/search", "{}", 200, Gets::exactly, "[]"},
    {"POST /threads/search", "/threads/search", R"({"ids":["{thread_id}","{busy_thread}"]})", 200, Gets::exactly, "[]"},
    {"POST /threads/search", "/threads/search", R"({"metadata":{"tag":"canary-77ab03"}})", 200, Gets::exactly, "[]"},
    {"POST /threads/search", "/threads/search", R"({"values":{"messages":[]}})", 200, Gets::exactly, "[]"},
    {"POST /threads/count", "/threads/count", "{}", 200, Gets::exactly, "0"},
    {"POST /threads/prune", "/threads/prune", R"({"thread_ids":["{thread_id}","{busy_thread}"]})", 200, Gets::exactly,
     R"({"pruned_count":0})"},
    {"POST /threads/prune", "/threads/prune", R"({"thread_ids":["{thread_id}"],"strategy":"keep_latest"})", 200,
     Gets::exactly, R"({"pruned_count":0})"},
    {"GET /threads/{thread_id}", "/threads/{thread_id}", "", 404},
    {"GET /threads/{thread_id}", "/threads/{thread_id}?include=ttl", "", 404},
    {"PATCH /threads/{thread_id}", "/threads/{thread_id}", R"({"metadata":{"x":1}})", 404},
    {"DELETE /threads/{thread_id}", "/threads/{thread_id}", "", 404},
    {"DELETE /threads/{thread_id}", "/threads/{busy_thread}", "", 404},
    {"POST /threads/{thread_id}/copy", "/threads/{thread_id}/copy", "", 409},

    {"GET /threads/{thread_id}/storage", "/threads/{thread_id}/storage", "", 404},
    {"GET /threads/{thread_id}/stream", "/threads/{thread_id}/stream", "", 404},
    {"GET /threads/{thread_id}/stream", "/threads/{busy_thread}/stream?stream_mode=state_update", "", 404},
    {"POST /threads/{thread_id}/commands", "/threads/{thread_id}/commands", "{}", 501},
    {"POST /threads/{thread_id}/stream/events", "/threads/{thread_id}/stream/events", "{}", 501},
    {"GET /threads/{thread_id}/stream/events", "/threads/{thread_id}/stream/events", "", 501},

    {"GET /threads/{thread_id}/state", "/threads/{thread_id}/state", "", 404},
    {"POST /threads/{thread_id}/state", "/threads/{thread_id}/state", R"({"values":{"messages":"x"}})", 404},
    {"POST /threads/{thread_id}/state", "/threads/{busy_thread}/state", R"({"values":{"tag":"x"}})", 404},
    {"POST /threads/{thread_id}/state/checkpoint", "/threads/{thread_id}/state/checkpoint",
     R"({"checkpoint":{"checkpoint_id":"{checkpoint_id}"}})", 404},
    {"GET /threads/{thread_id}/state/{checkpoint_id}", "/threads/{thread_id}/state/{checkpoint_id}", "", 404},
    {"GET /threads/{thread_id}/history", "/threads/{thread_id}/history", "", 404},
    {"POST /threads/{thread_id}/history", "/threads/{thread_id}/history", R"({"before":"{checkpoint_id}"})", 404},

    {"POST /threads/{thread_id}/runs", "/threads/{thread_id}/runs", run_body(), 404},
    {"POST /threads/{thread_id}/runs", "/threads/{thread_id}/runs", run_body(kCreate), 404, Gets::exactly, kNoThread},
    {"POST /threads/{thread_id}/runs", "/threads/{thread_id}/runs", kHerAssistant, 404},
    {"POST /threads/{thread_id}/runs", "/threads/{busy_thread}/runs", run_body(), 404},
    {"POST /threads/{thread_id}/runs", "/threads/{busy_thread}/runs", run_body(R"(,"multitask_strategy":"rollback")"),
     404},
    {"POST /threads/{thread_id}/runs", "/threads/{busy_thread}/runs", run_body(R"(,"multitask_strategy":"interrupt")"),
     404},
    {"POST /threads/{thread_id}/runs", "/threads/{busy_thread}/runs", run_body(R"(,"multitask_strategy":"enqueue")"),
     404},
    {"POST /threads/{thread_id}/runs/stream", "/threads/{thread_id}/runs/stream", run_body(), 404},
    {"POST /threads/{thread_id}/runs/stream", "/threads/{thread_id}/runs/stream", run_body(kCreate), 404, Gets::exactly,
     kNoThread},
    {"POST /threads/{thread_id}/runs/wait", "/threads/{thread_id}/runs/wait", run_body(), 404},
    {"POST /threads/{thread_id}/runs/wait", "/threads/{thread_id}/runs/wait", run_body(kCreate), 404, Gets::exactly,
     kNoThread},
    {"GET /threads/{thread_id}/runs", "/threads/{thread_id}/runs", "", 404},
    {"GET /threads/{thread_id}/runs/{run_id}", "/threads/{thread_id}/runs/{run_id}", "", 404},
    {"GET /threads/{thread_id}/runs/{run_id}", "/threads/{busy_thread}/runs/{busy_run}", "", 404},
    {"DELETE /threads/{thread_id}/runs/{run_id}", "/threads/{thread_id}/runs/{run_id}", "", 404},
    {"DELETE /threads/{thread_id}/runs/{run_id}", "/threads/{busy_thread}/runs/{busy_run}", "", 404},
    {"GET /threads/{thread_id}/runs/{run_id}/join", "/threads/{thread_id}/runs/{run_id}/join", "", 404},
    {"GET /threads/{thread_id}/runs/{run_id}/join", "/threads/{busy_thread}/runs/{busy_run}/join", "", 404},
    {"GET /threads/{thread_id}/runs/{run_id}/stream", "/threads/{thread_id}/runs/{run_id}/stream", "", 404},
    {"GET /threads/{thread_id}/runs/{run_id}/stream",
     "/threads/{busy_thread}/runs/{busy_run}/stream?cancel_on_disconnect=true", "", 404},
    {"POST /threads/{thread_id}/runs/{run_id}/cancel", "/threads/{thread_id}/runs/{run_id}/cancel", "", 404},
    {"POST /threads/{thread_id}/runs/{run_id}/cancel", "/threads/{busy_thread}/runs/{busy_run}/cancel?wait=true", "",
     404},
    {"POST /threads/{thread_id}/runs/{run_id}/cancel", "/threads/{busy_thread}/runs/{busy_run}/cancel?action=rollback",
     "", 404, Gets::exactly, R"({"detail":"Run not found"})"},
    {"POST /runs", "/runs", kHerAssistant, 404},
    {"POST /runs/stream", "/runs/stream", kHerAssistant, 404},
    {"POST /runs/wait", "/runs/wait", kHerAssistant, 404},
    {"POST /runs/batch", "/runs/batch", "[" + kHerAssistant + "]", 404},
    {"GET /runs/{run_id}/stream", "/runs/{run_id}/stream", "", 404},
    {"GET /runs/{run_id}/stream", "/runs/{busy_run}/stream?cancel_on_disconnect=true", "", 404},
    {"GET /runs/{run_id}/stream", "/runs/{stateless_run}/stream", "", 404},

    {"POST /runs/cancel", "/runs/cancel", R"({"status":"all"})", 204, Gets::exactly, ""},
    {"POST /runs/cancel", "/runs/cancel", R"({"thread_id":"{busy_thread}","run_ids":["{busy_run}"]})", 404},

    {"POST /runs/crons", "/runs/crons", R"({"assistant_id":"{assistant_id}","schedule":"0 8 * * *"})", 404},
    {"POST /threads/{thread_id}/runs/crons", "/threads/{thread_id}/runs/crons",
     R"({"assistant_id":"chat","schedule":"0 8 * * *"})", 404},
    {"POST /runs/crons/search", "/runs/crons/search", "{}", 200, Gets::exactly, "[]"},
    {"POST /runs/crons/search", "/runs/crons/search", R"({"thread_id":"{thread_id}"})", 200, Gets::exactly, "[]"},
    {"POST /runs/crons/count", "/runs/crons/count", "{}", 200, Gets::exactly, "0"},
    {"GET /runs/crons/{cron_id}", "/runs/crons/{cron_id}", "", 404},
    {"PATCH /runs/crons/{cron_id}", "/runs/crons/{cron_id}", R"({"enabled":false})", 404},
    {"DELETE /runs/crons/{cron_id}", "/runs/crons/{cron_id}", "", 404},

    {"POST /mcp", "/mcp", R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})", 200, Gets::nothing_of_hers},
    {"POST /mcp", "/mcp",
     R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"canary-77ab03","arguments":{}}})", 200,
     Gets::exactly, R"({"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Unknown tool"}})"},
    {"GET /mcp", "/mcp", "", 405, Gets::nothing_of_hers},
    {"POST /a2a/{assistant_id}", "/a2a/{assistant_id}", a2a("tasks/get", R"({"id":"{run_id}"})"), 404},
    {"POST /a2a/{assistant_id}", "/a2a/chat", a2a("tasks/get", R"({"id":"{run_id}"})"), 200, Gets::exactly, kNoTask},
    {"POST /a2a/{assistant_id}", "/a2a/delay", a2a("tasks/cancel", R"({"id":"{busy_run}"})"), 200, Gets::exactly,
     kNoTask},
    {"POST /a2a/{assistant_id}", "/a2a/chat",
     a2a("message/send", R"({"message":{"contextId":"{thread_id}","parts":[{"kind":"text","text":"x"}]}})"), 200,
     Gets::exactly,
     R"({"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Failed to create run: Thread not found"}})"},
    {"POST /a2a/{assistant_id}", "/a2a/chat",
     a2a("message/send",
         R"({"message":{"contextId":"{thread_id}","taskId":"{run_id}","parts":[{"kind":"text","text":"x"}]}})"),
     200, Gets::exactly, kNoTask},
    {"GET /a2a/{assistant_id}/.well-known/agent-card.json", "/a2a/{assistant_id}/.well-known/agent-card.json", "", 404},
    {"GET /.well-known/agent-card.json", "/.well-known/agent-card.json?assistant_id={assistant_id}", "", 404},

    {"GET /store/items", "/store/items?" + kHerItem, "", 200, Gets::exactly, "null"},
    {"POST /store/items/search", "/store/items/search", kHerItems, 200, Gets::exactly, R"({"items":[]})"},
    {"POST /store/items/search", "/store/items/search", R"({"namespace_prefix":[]})", 200, Gets::exactly,
     R"({"items":[]})"},
    {"POST /store/namespaces", "/store/namespaces", "{}", 200, Gets::exactly, R"({"namespaces":[]})"},
    {"DELETE /store/items", "/store/items?" + kHerItem, "", 204, Gets::exactly, ""},
    {"PUT /store/items", "/store/items", R"({"namespace":["canary-77ab03","mail"],"key":"k","value":{"bens":1}})", 204,
     Gets::exactly, ""},
};

std::string name_of(const Route& route) {
  const std::map<Verb, std::string> names = {
      {Verb::get, "GET"}, {Verb::post, "POST"}, {Verb::put, "PUT"}, {Verb::patch, "PATCH"}, {Verb::delete_, "DELETE"}};
  return names.at(route.verb) + " " + std::string(route.pattern);
}

using Ids = std::map<std::string, std::string>;  // placeholder to id

std::string exchanged(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string with_ids(std::string text, const Ids& ids) {
  for (const auto& [placeholder, id] : ids) text = exchanged(std::move(text), placeholder, id);
  return text;
}

std::string without_ids(std::string text, const Ids& ids) {
  for (const auto& [placeholder, id] : ids) text = exchanged(std::move(text), id, placeholder);
  return text;
}

struct TwoUsers : AuthServer {
  // How the two show who they are.
  enum class By { token, key, proxy };

  std::string ann;
  std::string ben;
  Ids hers;
  Ids unknown;

  explicit TwoUsers(By by = By::token) {
    sign_in(by);
    start();
    const std::string tag = R"({"tag":")" + kCanary + "\"}";
    hers["{assistant_id}"] =
        made("/assistants", ann, R"({"graph_id":"chat","name":")" + kCanary + R"(","metadata":)" + tag + "}",
             "assistant_id");
    const std::string thread = made("/threads", ann, R"({"metadata":)" + tag + "}", "thread_id");
    hers["{thread_id}"] = thread;
    const std::string said = R"({"assistant_id":")" + hers["{assistant_id}"] + R"(","input":{"messages":")" + kCanary +
                             R"("},"metadata":)" + tag + "}";
    REQUIRE(ask("POST", "/threads/" + thread + "/runs/wait", ann, said).status == 200);
    const auto runs = ask("GET", "/threads/" + thread + "/runs", ann).json();
    hers["{run_id}"] = runs.at(0).at("run_id").as_string();
    const auto state = ask("GET", "/threads/" + thread + "/state", ann).json();
    hers["{checkpoint_id}"] = state.at("checkpoint").at("checkpoint_id").as_string();

    const std::string busy = made("/threads", ann, "{}", "thread_id");
    hers["{busy_thread}"] = busy;
    const std::string long_run =
        R"({"assistant_id":"delay","input":{"tag":")" + kCanary + R"(","ms":600000},"on_completion":"keep"})";
    hers["{busy_run}"] = made("/threads/" + busy + "/runs", ann, long_run, "run_id");
    hers["{stateless_run}"] = made("/runs", ann, long_run, "run_id");
    hers["{cron_id}"] = made("/threads/" + thread + "/runs/crons", ann,
                             R"({"assistant_id":"chat","schedule":"0 8 * * *","metadata":)" + tag + "}", "cron_id");
    const std::string item =
        R"({"namespace":[")" + kCanary + R"(","mail"],"key":"k","value":{"text":")" + kCanary + R"("}})";
    REQUIRE(ask("PUT", "/store/items", ann, item).status == 204);

    int number = 0;
    for (const auto& [placeholder, id] : hers) {
      unknown[placeholder] = "01a2037e-48fd-71b5-8e44-0000000000" + std::to_string(10 + number++);
    }
  }

  void sign_in(By by) {
    ann = token("auth0|ann");
    ben = token("auth0|ben");
    if (by == By::token) return;
    settings.auth.emplace();  // no issuer, no tokens
    if (by == By::key) {
      for (std::string* user : {&ann, &ben}) {
        *user = make_api_key();
        ApiKey key;
        key.id = key.identity = user == &ann ? "ann" : "ben";
        key.hash = api_key_hash(*user);
        settings.auth->keys.push_back(key);
      }
      shown_as = "x-api-key: ";
    } else {
      settings.auth->proxy.emplace();
      settings.auth->proxy->header = "x-forwarded-user";
      settings.auth->proxy->from = {*graphs::Network::parse("127.0.0.0/8")};
      ann = "ann";
      ben = "ben";
      shown_as = "x-forwarded-user: ";
    }
  }

  // Everything that Ann can see of what Ben asked for.
  std::string seen_by_ann() const {
    std::string seen;
    const std::string thread = "/threads/" + hers.at("{thread_id}");
    const std::string assistant = "/assistants/" + hers.at("{assistant_id}");
    for (const std::string& path :
         {thread, thread + "/state", thread + "/history", thread + "/runs", thread + "/runs/" + hers.at("{run_id}"),
          assistant, "/runs/crons/" + hers.at("{cron_id}"), "/store/items?" + kHerItem}) {
      const Reply reply = ask("GET", path, ann);
      REQUIRE(reply.status == 200);
      seen += reply.body() + "\n";
    }
    seen += ask("POST", assistant + "/versions", ann, "{}").body();
    return seen + ask("POST", "/store/items/search", ann, kHerItems).body();
  }

  Reply bens(const Case& one, const Ids& ids) const {
    const std::string method = one.route.substr(0, one.route.find(' '));
    const std::string accept = "accept: application/json, text/event-stream\r\n";
    return ask(method, with_ids(one.path, ids), ben, with_ids(one.body, ids), accept);
  }

  // What Ben asks for, what he gets, and that nothing of it reached Ann.
  void check_all() const {
    const std::string before = seen_by_ann();
    REQUIRE(before.find(kCanary) != std::string::npos);
    for (const Case& one : kCases) check(one);
    CHECK(seen_by_ann() == before);
    const std::string busy = "/threads/" + hers.at("{busy_thread}");
    CHECK(ask("GET", busy, ann).json().at("status") == "busy");
    CHECK(ask("GET", busy + "/runs", ann).json().as_array().size() == 1);
    CHECK(ask("GET", busy + "/runs/" + hers.at("{busy_run}"), ann).json().at("status") == "running");
    CHECK(ask("POST", "/threads/search", ann, R"({"status":"busy"})").json().as_array().size() == 2);
  }

  void check(const Case& one) const {
    const Reply reply = bens(one, hers);
    INFO(one.route << "\n" << one.path << "\n" << one.body << "\n" << reply.text);
    CHECK(reply.status == one.status);
    CHECK(reply.text.find(kCanary) == std::string::npos);
    // Of her ids he may read only what he wrote himself.
    for (const auto& [placeholder, id] : hers) {
      const bool is_his =
          one.path.find(placeholder) != std::string::npos || one.body.find(placeholder) != std::string::npos;
      if (!is_his) CHECK(reply.text.find(id) == std::string::npos);
    }
    if (one.gets == Gets::exactly) CHECK(reply.body() == one.answer);
    if (one.gets != Gets::the_unknown) return;
    const Reply nobodys = bens(one, unknown);
    CHECK(nobodys.status == reply.status);
    CHECK(without_ids(nobodys.body(), unknown) == without_ids(reply.body(), hers));
    CHECK(nobodys.header("content-type") == reply.header("content-type"));
    CHECK(nobodys.header("content-location").empty());
    CHECK(reply.header("content-location").empty());
  }
};

TEST_CASE("Every route has a case of two users") {
  std::set<std::string> tried;
  for (const Case& one : kCases) tried.insert(one.route);
  for (const Route& route : route_table()) {
    INFO(name_of(route) << " has no case in two_users_test.cpp");
    CHECK(tried.erase(name_of(route)) == 1);
  }
  INFO("cases of routes that do not exist: " << (tried.empty() ? "" : *tried.begin()));
  CHECK(tried.empty());
}

TEST_CASE_METHOD(TwoUsers, "Of what is somebody else's a user gets what there is of things that do not exist") {
  check_all();
}

TEST_CASE("The same holds for users who are known by a key") {
  const TwoUsers users(TwoUsers::By::key);
  users.check_all();
}

TEST_CASE("The same holds for users of whom a proxy says who they are") {
  const TwoUsers users(TwoUsers::By::proxy);
  users.check_all();
}

// A route that says nothing about who may use it does not compile: Policy has no default, and Route cannot be made
// without one.
template <class Table>
concept TakesRouteWithoutPolicy = requires { Table{Verb::get, std::string_view("/x"), RouteHandler{}}; };
template <class Table>
concept TakesRouteWithPolicy =
    requires { Table{Verb::get, std::string_view("/x"), RouteHandler{}, Policy{"meta", "read"}, RouteGroup::meta}; };
static_assert(!TakesRouteWithoutPolicy<Route> && TakesRouteWithPolicy<Route>);
static_assert(!std::is_default_constructible_v<Policy>);
static_assert(!is_operation("threads", "fly") && !is_operation("", ""));

TEST_CASE_METHOD(TwoUsers, "A checkpoint of somebody else's thread is not found through an own one") {
  const std::string own = made("/threads", ben, "{}", "thread_id");
  const std::string said = R"({"assistant_id":"chat","input":{"messages":"hello"}})";
  REQUIRE(ask("POST", "/threads/" + own + "/runs/wait", ben, said).status == 200);
  const std::string id = hers.at("{checkpoint_id}");
  const std::string point =
      R"("checkpoint":{"checkpoint_id":")" + id + R"(","thread_id":")" + hers.at("{thread_id}") + "\"}";
  std::string got = ask("GET", "/threads/" + own + "/state/" + id, ben).text;
  got += ask("POST", "/threads/" + own + "/state/checkpoint", ben, "{" + point + "}").text;
  got += ask("POST", "/threads/" + own + "/history", ben, "{" + point + "}").text;
  got +=
      ask("POST", "/threads/" + own + "/runs/wait", ben, R"({"assistant_id":"chat","input":null,)" + point + "}").text;
  got += ask("POST", "/threads/" + own + "/state", ben, R"({"values":{"messages":"x"},)" + point + "}").text;
  got += ask("GET", "/threads/" + own + "/runs/" + hers.at("{run_id}"), ben).text;
  got += ask("GET", "/threads/" + own + "/runs/" + hers.at("{busy_run}") + "/stream", ben).text;
  CHECK(ask("POST", "/threads/" + own + "/runs/" + hers.at("{busy_run}") + "/cancel", ben).status == 404);
  CHECK(got.find(kCanary) == std::string::npos);
}

TEST_CASE_METHOD(TwoUsers, "Two users keep items of the same name side by side") {
  const auto memories = [&](const std::string& caller) {
    return ask("POST", "/store/items/search", caller, R"({"namespace_prefix":[]})")
        .json()
        .at("items")
        .as_array()
        .size();
  };
  CHECK(memories(ann) == 1);
  CHECK(memories(ben) == 0);
  REQUIRE(ask("PUT", "/store/items", ben, R"({"namespace":["canary-77ab03","mail"],"key":"k","value":{"bens":1}})")
              .status == 204);
  const Reply mine = ask("GET", "/store/items?" + kHerItem, ann);
  CHECK(mine.json().at("value").at("text") == kCanary.c_str());
  CHECK(ask("GET", "/store/items?" + kHerItem, ben).json().at("value").at("bens") == 1);
}

}  // namespace
}  // namespace heddle::api
