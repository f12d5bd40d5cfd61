// Authentication in the whole server: what goes over the wire, into files and through a restart.

#include <boost/json/object.hpp>
#include <catch2/catch.hpp>
#include <string>

#include "api/routes/route_table.h"
#include "runtime/json.h"
#include "tests/api/auth/auth_server.h"

namespace heddle::api {
namespace {

using test::AuthServer;
using test::Reply;

struct Running : AuthServer {
  Running() { start(); }

  const std::string ann = token("auth0|ann");
  std::string new_thread(const std::string& token) const { return made("/threads", token, "{}", "thread_id"); }
};

std::string_view method_of(Verb verb) {
  switch (verb) {
    case Verb::get:
      return "GET";
    case Verb::post:
      return "POST";
    case Verb::put:
      return "PUT";
    case Verb::patch:
      return "PATCH";
    case Verb::delete_:
      return "DELETE";
    default:
      return "GET";
  }
}

TEST_CASE_METHOD(Running, "Every route but /ok, /ready and /info wants a token, known or not") {
  for (const Route& route : route_table()) {
    const std::string path(route.pattern);
    const bool is_open = path == "/ok" || path == "/ready" || path == "/info";
    INFO(method_of(route.verb) << " " << path);
    CHECK((route.access == Access::everybody) == is_open);
    const Reply reply = ask(std::string(method_of(route.verb)), path, "", "{}");
    CHECK(reply.status == (is_open ? 200 : 401));
    if (is_open) continue;
    CHECK(reply.header("www-authenticate") == "Bearer");
    CHECK(reply.json().at("detail").as_string().starts_with("Unauthorized"));
  }
  CHECK(ask("GET", "/no/such/path", "").status == 401);
  CHECK(ask("GET", "/no/such/path", ann).status == 404);
  CHECK(ask("HEAD", "/ok", "").status == 200);
  CHECK(ask("HEAD", "/metrics", "").status == 401);
  CHECK(ask("GET", "/metrics", ann).status == 200);
}

TEST_CASE_METHOD(Running, "A page of another origin can read why it was not let in, and ask before") {
  const Reply refused = ask("POST", "/threads", "", "{}", "origin: https://app.example\r\n");
  CHECK(refused.status == 401);
  CHECK(refused.header("access-control-allow-origin") == "*");
  const Reply asked = ask("OPTIONS", "/threads", "", "",
                          "origin: https://app.example\r\naccess-control-request-method: POST\r\n"
                          "access-control-request-headers: authorization\r\n");
  CHECK(asked.status == 204);
  CHECK(asked.header("access-control-allow-headers") == "authorization");
}

TEST_CASE_METHOD(AuthServer, "The form of errors and the prefix of paths hold for refusals, too") {
  settings.errors = ErrorForm::text;
  settings.mount_prefix = "/api";
  start();
  const Reply refused = ask("POST", "/api/threads", "", "{}");
  CHECK(refused.status == 401);
  CHECK(refused.header("content-type") == "text/plain;charset=UTF-8");
  CHECK(refused.body().starts_with("Unauthorized: "));
  CHECK(ask("GET", "/api/ok", "").status == 200);
  CHECK(ask("GET", "/ok", "").status == 401);
  CHECK(ask("GET", "/api/metrics", token("ann")).status == 200);
}

TEST_CASE_METHOD(AuthServer, "An issuer that is down makes the answer 503 with a time, and /ok stays") {
  settings.auth->jwks_url = "http://127.0.0.1:1/nobody-listens-here";
  start();
  const Reply refused = ask("POST", "/threads", token("ann"), "{}");
  CHECK(refused.status == 503);
  CHECK(refused.header("retry-after") == "1");
  CHECK(ask("GET", "/ok", "").status == 200);
  CHECK(ask("POST", "/threads", "no.real.token", "{}").status == 401);
}

TEST_CASE_METHOD(Running, "The headers of the passthrough of Next.js are understood") {
  const std::string key = "x-api-key: " + ann + "\r\n";
  CHECK(ask("POST", "/threads", "", "{}", key).status == 200);
  CHECK(ask("POST", "/threads", "", "{}", "x-api-key: \r\nauthorization: bearer " + ann + "\r\n").status == 200);
  CHECK(ask("POST", "/threads", ann, "{}", "x-api-key: \r\n").status == 200);
  CHECK(ask("POST", "/threads", ann, "{}", "x-api-key: a.b.c\r\n").status == 401);
  CHECK(key_requests() == 1);
}

TEST_CASE_METHOD(Running, "Token and claims reach the nodes of the run, and no file, no log and no answer") {
  const std::string canary = "canary-5d02c1";
  const std::string mine = token("auth0|ann", R"(,"scope":"read:mail","email":")" + canary +
                                                  R"(@x.example","https://x/secret":")" + canary + "\"");
  const std::string thread = new_thread(mine);
  const std::string body =
      R"({"assistant_id":"whoami","input":{"ms":0},"stream_subgraphs":true,)"
      R"("stream_mode":["values","updates","debug","tasks","checkpoints","events","messages-tuple","custom"]})";
  const Reply streamed = ask("POST", "/threads/" + thread + "/runs/stream", mine, body);
  CHECK(streamed.text.find(R"("user_id":"auth0|ann")") != std::string::npos);
  CHECK(streamed.text.find(R"("permissions":["read:mail"])") != std::string::npos);
  CHECK(streamed.text.find(R"("token_bytes":)" + std::to_string(mine.size())) != std::string::npos);
  CHECK(streamed.text.find(R"("https://x/secret")") != std::string::npos);

  std::string said = streamed.text;
  const std::string run = made("/threads/" + thread + "/runs", mine, body, "run_id");
  said += ask("GET", "/threads/" + thread + "/runs/" + run + "/join", mine).text;
  said += ask("POST", "/runs", mine, R"({"assistant_id":"whoami","input":{},"on_completion":"keep"})").text;
  said += ask("POST", "/runs/wait", mine, R"({"assistant_id":"whoami","input":{}})").text;
  said += ask("POST", "/runs/batch", mine, R"([{"assistant_id":"whoami","input":{}}])").text;
  for (const std::string& path : {std::string(), std::string("/state"), std::string("/history"), std::string("/runs"),
                                  "/runs/" + run, "/runs/" + run + "/stream"}) {
    const Reply reply = ask("GET", "/threads/" + thread + path, mine);
    CHECK(reply.status == 200);
    said += reply.text;
  }
  said += ask("POST", "/threads/" + thread + "/copy", mine, "{}").text;
  said += ask("POST", "/threads/search", mine, "{}").text + ask("GET", "/metrics", mine).text;
  said += ask("POST", "/threads", mine + "x", "{}").text;
  stop();
  said += logged();

  const std::size_t dot = mine.rfind('.');
  for (const std::string& secret : {canary, mine, mine.substr(dot + 1), mine.substr(mine.find('.') + 1, 60)}) {
    for (const std::string& disguise : test::disguises_of(secret)) {
      INFO(disguise);
      CHECK(said.find(disguise) == std::string::npos);
      CHECK_FALSE(some_file_holds(disguise));
    }
  }
}

TEST_CASE("Disguises are what an encoder makes of a text inside another one") {
  const std::string secret = "canary-5d02c1";
  for (const std::string around : {"", "a", "ab", "abc", "abcd"}) {
    const std::string encoded = test::base64url(around + secret + "tail");
    bool is_found = false;
    for (const std::string& disguise : test::disguises_of(secret)) {
      is_found = is_found || encoded.find(disguise) != std::string::npos;
    }
    INFO(around);
    CHECK(is_found);
  }
}

TEST_CASE_METHOD(Running, "A client cannot say who it is, neither in the body nor in a header") {
  settings.configurable_headers = HeaderRule{{"*"}, {}};
  stop();
  start();
  const std::string lies =
      R"({"langgraph_auth_user_id":"ben","langgraph_auth_user":{"identity":"ben"},"langgraph_auth_token":"t",)"
      R"("langgraph_auth_permissions":["all"],"langgraph_auth_new":1})";
  const Reply reply =
      ask("POST", "/runs/wait", ann,
          R"({"assistant_id":"whoami","input":{},"config":{"configurable":)" + lies + R"(},"context":)" + lies + "}",
          "langgraph_auth_user_id: ben\r\n");
  const auto report = reply.json().at("report");
  CHECK(report.at("user_id") == "auth0|ann");
  CHECK(report.at("permissions") == boost::json::array{});
  CHECK(report.at("token_bytes").as_int64() == static_cast<std::int64_t>(ann.size()));
  CHECK_FALSE(report.as_object().contains("claimed"));
}

TEST_CASE_METHOD(Running, "A run knows its user by name, unless the request or the thread names another") {
  const auto user_of = [&](const std::string& thread, const std::string& config) {
    const Reply reply =
        ask("POST", "/threads/" + thread + "/runs", ann,
            R"({"assistant_id":"linear","input":{},"multitask_strategy":"enqueue","config":)" + config + "}");
    return std::string(reply.json().at("kwargs").at("config").at("configurable").at("user_id").as_string());
  };
  const std::string thread = new_thread(ann);
  CHECK(user_of(thread, "{}") == "auth0|ann");
  CHECK(user_of(thread, R"({"configurable":{"user_id":"u7"}})") == "u7");
  const std::string other = new_thread(ann);
  CHECK(user_of(other, R"({"configurable":{"user_id":"u8"}})") == "u8");
  CHECK(user_of(other, "{}") == "u8");
  CHECK(user_of(new_thread(ann), R"({"configurable":{"user_id":null}})") == "auth0|ann");
}

TEST_CASE_METHOD(Running, "A run that a restart interrupted goes on as its user's, and without the token") {
  const std::string thread = new_thread(ann);
  const std::string path = "/threads/" + thread + "/runs/";
  const std::string body = R"({"assistant_id":"whoami","input":{"ms":1500}})";
  const std::string run = made("/threads/" + thread + "/runs", ann, body, "run_id");
  stop();
  start();
  const auto report = ask("GET", path + run + "/join", ann).json().at("report");
  CHECK(report.at("user_id") == "auth0|ann");
  CHECK(report.at("token_bytes") == 0);
  CHECK(report.at("claims") == boost::json::array{});
  CHECK(ask("GET", path + run, ann).json().at("status") == "success");
  CHECK(ask("GET", path + run, token("auth0|ben")).status == 404);
}

TEST_CASE_METHOD(Running,
                 "The assistants of the server are everybody's to find, read and run, and nobody's to change") {
  const std::string ben = token("ben");
  for (const std::string& caller : {ann, ben}) {
    const Reply found = ask("POST", "/assistants/search", caller, R"({"graph_id":"whoami"})");
    REQUIRE(found.json().as_array().size() == 1);
    const std::string id(found.json().at(0).at("assistant_id").as_string());
    CHECK(found.json().at(0).at("metadata").at("created_by") == "system");
    CHECK(ask("POST", "/assistants/count", caller, R"({"graph_id":"whoami"})").body().find("1") != std::string::npos);
    for (const std::string& name : {id, std::string("whoami")}) {
      const std::string path = "/assistants/" + name;
      for (const char* part : {"", "/graph", "/schemas", "/subgraphs"}) {
        CHECK(ask("GET", path + part, caller).status == 200);
      }
      CHECK(ask("POST", path + "/versions", caller, "{}").status == 200);
      CHECK(ask("POST", "/runs/wait", caller, R"({"assistant_id":")" + name + R"(","input":{}})").status == 200);
      CHECK(ask("PATCH", path, caller, R"({"name":"mine"})").status == 404);
      CHECK(ask("POST", path + "/latest", caller, R"({"version":1})").status == 404);
      CHECK(ask("DELETE", path, caller).status == 404);
      CHECK(ask("DELETE", path + "?delete_threads=true", caller).status == 404);
      CHECK(ask("GET", path, caller).json().at("name") == "whoami");
    }
    const std::string again = R"({"graph_id":"whoami","assistant_id":")" + id + "\"";
    CHECK(ask("POST", "/assistants", caller, again + "}").status == 409);
    const Reply same = ask("POST", "/assistants", caller, again + R"(,"name":"x","if_exists":"do_nothing"})");
    CHECK(same.json().at("name") == "whoami");
  }
  const std::string own =
      made("/assistants", ann, R"({"graph_id":"whoami","metadata":{"created_by":"system"}})", "assistant_id");
  CHECK(ask("GET", "/assistants/" + own, ben).status == 404);
}

TEST_CASE_METHOD(Running, "What was made without authentication is nobody's once there is") {
  stop();
  const auto auth = settings.auth;
  settings.auth.reset();
  start();
  const std::string thread = new_thread("");
  stop();
  settings.auth = auth;
  start();
  CHECK(ask("GET", "/threads/" + thread, ann).status == 404);
  CHECK(ask("GET", "/threads/" + thread, "").status == 401);
}

}  // namespace
}  // namespace heddle::api
