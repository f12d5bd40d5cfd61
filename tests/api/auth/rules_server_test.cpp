// The worked examples of docs/configuration.md as they stand there, on a whole server, and what rules close besides.

#include <boost/json/array.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "api/auth/rules_configuration.h"
#include "runtime/json.h"
#include "tests/api/auth/auth_server.h"

namespace heddle::api {
namespace {

using test::AuthServer;

// The JSON of an example in the page, by its number in the section about rules.
std::string example(int number) {
  std::ifstream file(std::string(HEDDLE_SOURCE_DIR) + "/docs/configuration.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string page = text.str();
  const std::string fence = "```";
  std::size_t at = 0;
  for (const std::string& mark :
       {std::string("\n### Rules\n"), "\n" + std::to_string(number) + ". ", fence + "json\n"}) {
    at = page.find(mark, at);
    INFO("docs/configuration.md: example " << number << " of rules: " << mark);
    REQUIRE(at != std::string::npos);
    at += mark.size();
  }
  return page.substr(at, page.find(fence, at) - at);
}

struct Ruled : AuthServer {
  void start_with(const std::string& rules) {
    settings.auth->rules = access_rules_from(runtime::parse_json(rules));
    start();
  }
  int status(const std::string& method, const std::string& path, const std::string& who,
             const std::string& body = "{}") {
    return ask(method, path, who, body).status;
  }
};

TEST_CASE_METHOD(Ruled, "Example 1: the monitor reads the metrics, and everybody the documentation") {
  start_with(example(1));
  CHECK(status("GET", "/metrics", token("monitor")) == 200);
  CHECK(status("GET", "/metrics", token("ann")) == 403);
  CHECK(status("GET", "/metrics", "") == 401);
  CHECK(status("GET", "/docs", "") == 200);
  CHECK(status("GET", "/openapi.json", "") == 200);
  CHECK(status("GET", "/openapi.json", "not.a.token") == 200);
  CHECK(status("GET", "/", "") == 401);
  CHECK(status("POST", "/threads", "") == 401);
  const auto document = ask("GET", "/openapi.json", "").json().at("paths");
  CHECK(document.at("/docs").at("get").at("security").as_array().empty());
  CHECK(document.at("/metrics").at("get").at("responses").as_object().contains("403"));
}

TEST_CASE_METHOD(Ruled, "Example 2: only editors make and change assistants, all others use them") {
  start_with(example(2));
  const std::string editor = token("eve", R"(,"scope":"assistants:write")");
  const std::string user = token("ann");
  const std::string id = made("/assistants", editor, R"({"graph_id":"chat"})", "assistant_id");
  const auto refused = ask("POST", "/assistants", user, R"({"graph_id":"chat"})");
  CHECK(refused.status == 403);
  CHECK(refused.body() == R"({"detail":"Forbidden"})");
  CHECK(status("POST", "/assistants", user, R"({"graph_id":"chat","assistant_id":")" + id + "\"}") == 403);
  CHECK(status("PATCH", "/assistants/" + id, user) == 403);
  CHECK(status("DELETE", "/assistants/" + id, user) == 403);
  CHECK(status("POST", "/assistants/" + id + "/latest", user, R"({"version":1})") == 403);
  CHECK(status("GET", "/assistants/" + id, user) == 404);
  CHECK(status("POST", "/assistants/search", user) == 200);
  CHECK(status("POST", "/runs/wait", user, R"({"assistant_id":"chat","input":{"messages":"x"}})") == 200);
  CHECK(status("PATCH", "/assistants/" + id, editor) == 200);
}

TEST_CASE_METHOD(Ruled,
                 "Example 3: public assistants are for all, those of a team for the team, and changed by nobody") {
  start_with(example(3));
  const std::string eve = token("eve", R"(,"team":"mail")");
  const std::string ann = token("ann", R"(,"team":"mail")");
  const std::string ben = token("ben", R"(,"team":"other")");
  const auto make = [&](const std::string& metadata) {
    return made("/assistants", eve, R"({"graph_id":"chat","name":"of-eve","metadata":)" + metadata + "}",
                "assistant_id");
  };
  const std::string open = make(R"({"visibility":"public"})");
  const std::string team = make(R"({"team":"mail"})");
  const std::string own = make("{}");

  const auto found = [&](const std::string& who) {
    return ask("POST", "/assistants/search", who, R"({"name":"of-eve"})").json().as_array().size();
  };
  CHECK(found(eve) == 3);
  CHECK(found(ann) == 2);
  CHECK(found(ben) == 1);
  CHECK(ask("POST", "/assistants/count", ben, R"({"name":"of-eve"})").body() == "1");
  for (const std::string& path :
       {std::string(), std::string("/graph"), std::string("/schemas"), std::string("/subgraphs")}) {
    CHECK(status("GET", "/assistants/" + open + path, ben) == 200);
    CHECK(status("GET", "/assistants/" + team + path, ann) == 200);
    CHECK(status("GET", "/assistants/" + team + path, ben) == 404);
    CHECK(status("GET", "/assistants/" + own + path, ann) == 404);
  }
  CHECK(status("GET", "/a2a/" + open + "/.well-known/agent-card.json", ben) == 200);
  CHECK(ask("POST", "/mcp", ben, R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})",
            "accept: application/json, text/event-stream\r\n")
            .text.find("of-eve") != std::string::npos);

  // Run by others, in threads of their own.
  const auto run = [&](const std::string& id) {
    return R"({"assistant_id":")" + id + R"(","input":{"messages":"x"}})";
  };
  CHECK(status("POST", "/runs/wait", ben, run(open)) == 200);
  CHECK(status("POST", "/runs/wait", ben, run(team)) == 404);
  CHECK(status("POST", "/runs/batch", ben, "[" + run(open) + "]") == 200);
  const std::string thread = made("/threads", ann, "{}", "thread_id");
  CHECK(status("POST", "/threads/" + thread + "/runs/wait", ann, run(team)) == 200);
  CHECK(status("GET", "/threads/" + thread, eve) == 404);
  // A cron has nobody's claims when it is due: what all users share it may use, what a claim opens it may not.
  CHECK(status("POST", "/runs/crons", ann, R"({"assistant_id":")" + open + R"(","schedule":"0 8 * * *"})") == 200);
  CHECK(status("POST", "/runs/crons", ann, R"({"assistant_id":")" + team + R"(","schedule":"0 8 * * *"})") == 404);

  for (const std::string& who : {ann, ben}) {
    CHECK(status("PATCH", "/assistants/" + open, who, R"({"name":"mine"})") == 404);
    CHECK(status("POST", "/assistants/" + open + "/latest", who, R"({"version":1})") == 404);
    CHECK(status("DELETE", "/assistants/" + open, who) == 404);
  }
  // What it was before it was shared stays its owner's.
  CHECK(status("PATCH", "/assistants/" + own, eve, R"({"metadata":{"visibility":"public"},"description":"now"})") ==
        200);
  CHECK(ask("POST", "/assistants/" + own + "/versions", ben, "{}").json().as_array().size() == 1);
  CHECK(ask("POST", "/assistants/" + own + "/versions", eve, "{}").json().as_array().size() == 2);
}

TEST_CASE_METHOD(Ruled, "Example 4: who is suspended may do nothing, and a trial has no crons") {
  start_with(example(4));
  const std::string out = token("out", R"(,"suspended":true)");
  const std::string trial = token("tim", R"(,"plan":"trial")");
  const std::string pro = token("pia", R"(,"plan":"pro")");
  for (const auto& [method, path] : {std::pair<std::string, std::string>{"POST", "/threads"},
                                     {"GET", "/metrics"},
                                     {"POST", "/assistants/search"},
                                     {"POST", "/mcp"},
                                     {"POST", "/store/namespaces"}}) {
    CHECK(status(method, path, out) == 403);
  }
  CHECK(status("GET", "/ok", out) == 200);
  CHECK(status("GET", "/nothing-here", out) == 404);
  const std::string cron = R"({"assistant_id":"chat","schedule":"0 8 * * *"})";
  CHECK(status("POST", "/runs/crons", trial, cron) == 403);
  CHECK(status("POST", "/runs/crons", token("fay", R"(,"plan":"free")"), cron) == 403);
  CHECK(status("POST", "/threads/01a2037e-48fd-71b5-8e44-000000000001/runs/crons", trial, cron) == 403);
  CHECK(status("POST", "/runs/crons/search", trial) == 200);
  CHECK(status("POST", "/threads", trial) == 200);
  CHECK(status("POST", "/runs/crons", pro, cron) == 200);
}

TEST_CASE_METHOD(Ruled, "What is denied is closed on every way to the same effect") {
  start_with(R"([{"resource": "threads", "action": ["delete", "create"], "deny": {"claim": {"plan": "trial"}}}])");
  const std::string trial = token("tim", R"(,"plan":"trial")");
  CHECK(status("POST", "/threads", trial) == 403);
  // A copy creates, pruning deletes, and so does an assistant that takes its threads along.
  CHECK(status("POST", "/threads/01a2037e-48fd-71b5-8e44-000000000001/copy", trial) == 403);
  CHECK(status("POST", "/threads/prune", trial, R"({"thread_ids":[]})") == 403);
  const std::string id = made("/assistants", trial, R"({"graph_id":"chat"})", "assistant_id");
  CHECK(status("DELETE", "/assistants/" + id + "?delete_threads=true", trial) == 403);
  CHECK(status("DELETE", "/assistants/" + id, trial) == 200);
}

}  // namespace
}  // namespace heddle::api
