// Limits per user, on a whole server.

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "api/auth/api_keys.h"
#include "tests/api/auth/auth_server.h"

namespace heddle::api {
namespace {

using test::AuthServer;
using test::Reply;

std::string waiting(const std::string& more = "") {
  return R"({"assistant_id":"delay","input":{"ms":600000})" + more + "}";
}

struct Limited : AuthServer {
  // Requests at once. A test takes far less than the ten seconds in which a bucket of them fills anew.
  static constexpr int kBurst = 10;

  Limited() { settings.rate_limit = {1, kBurst}; }

  struct Refusal {
    int let_through = 0;  // before it
    Reply reply;
  };
  // Asks until it is refused: requests are given back all the time, so how often that takes is nobody's promise.
  Refusal refusal(const std::string& method, const std::string& path, const std::string& who, int status,
                  const std::string& body = "", const std::string& headers = "") const {
    for (int let_through = 0; let_through < 5 * kBurst; ++let_through) {
      Reply reply = ask(method, path, who, body, headers);
      if (reply.status == 429) return {let_through, std::move(reply)};
      CHECK(reply.status == status);
    }
    FAIL("never refused: " << method << " " << path);
    return {};
  }
};

TEST_CASE_METHOD(Limited, "One user's requests are limited, told when to come again, and nobody else's") {
  start();
  const Refusal refused = refusal("POST", "/threads", token("ann"), 200, "{}", "origin: https://app.example\r\n");
  CHECK(refused.let_through >= kBurst);
  CHECK(refused.reply.header("retry-after") == "1");
  CHECK(refused.reply.header("access-control-allow-origin") == "*");
  CHECK(refused.reply.body() == R"({"detail":"Too many requests. Try again later."})");
  // Another of her tokens is still hers, a path that is not there counts, and health does not.
  CHECK(refusal("GET", "/nothing-here", token("ann", R"(,"x":1)"), 404).let_through < kBurst);
  for (int i = 0; i < 2 * kBurst; ++i) CHECK(ask("GET", "/ok", "").status == 200);
  CHECK(ask("GET", "/", token("ben")).status == 200);
}

TEST_CASE_METHOD(Limited, "Who is not signed in is limited by address, which does not touch those who are") {
  start();
  CHECK(refusal("GET", "/", "", 401).let_through >= kBurst);
  CHECK(refusal("GET", "/", "guessed", 401).let_through < kBurst);
  CHECK(ask("GET", "/", token("ann")).status == 200);
}

TEST_CASE_METHOD(Limited, "Without authentication the address is limited") {
  settings.auth.reset();
  start();
  CHECK(refusal("GET", "/", "", 200).let_through >= kBurst);
}

TEST_CASE_METHOD(AuthServer, "A user has so many runs in flight and no more, until one of them ends") {
  settings.runs_per_user_max = 2;
  start();
  const std::string ann = token("ann");
  const std::string first = made("/threads", ann, "{}", "thread_id");
  const std::string run = made("/threads/" + first + "/runs", ann, waiting(), "run_id");
  made("/runs", ann, waiting(), "run_id");
  for (const std::string& path : {std::string("/runs"), std::string("/runs/wait"), std::string("/runs/stream")}) {
    const Reply refused = ask("POST", path, ann, waiting());
    CHECK(refused.status == 429);
    CHECK(refused.header("retry-after") == "5");
    CHECK(refused.body().find("as many runs in flight") != std::string::npos);
  }
  CHECK(ask("POST", "/runs/batch", token("ben"), "[" + waiting() + "," + waiting() + "," + waiting() + "]").status ==
        429);
  made("/runs", token("ben"), waiting(), "run_id");
  CHECK(ask("POST", "/threads/" + first + "/runs/" + run + "/cancel?wait=true", ann).status == 204);
  made("/runs", ann, waiting(), "run_id");
}

TEST_CASE_METHOD(AuthServer, "A full queue is 503 with a time to come again") {
  settings.runs_queued_max = 1;
  start();
  const std::string ann = token("ann");
  made("/runs", ann, waiting(), "run_id");
  const Reply refused = ask("POST", "/runs", ann, waiting());
  CHECK(refused.status == 503);
  CHECK(refused.header("retry-after") == "5");
}

TEST_CASE_METHOD(AuthServer, "A run with an event that is too large ends with an error, and its thread can go on") {
  settings.event_bytes_max = 2'000;
  start();
  const std::string ann = token("ann");
  const std::string thread = made("/threads", ann, "{}", "thread_id");
  const auto body = [](const std::string& text) {
    return R"({"assistant_id":"linear","stream_mode":["updates"],"input":{"text":")" + text + "\"}}";
  };
  const std::string base = "/threads/" + thread + "/runs";
  const Reply refused = ask("POST", base + "/stream", ann, body(std::string(3'000, 'x')));
  CHECK(refused.text.find("EventTooLargeError") != std::string::npos);
  CHECK(refused.text.find("event_bytes_max") != std::string::npos);
  CHECK(refused.text.find("event: updates") == std::string::npos);
  CHECK(ask("GET", base, ann).json().at(0).at("status") == "error");
  CHECK(ask("POST", base + "/stream", ann, body("short")).text.find("short|first|second") != std::string::npos);
  CHECK(ask("GET", "/threads/" + thread, ann).json().at("status") == "idle");
}

// Takes the second that a run may work.
TEST_CASE_METHOD(AuthServer, "A run that works for too long ends as timeout, and its thread can go on") {
  settings.run_seconds_max = std::chrono::seconds{1};
  start();
  const std::string ann = token("ann");
  const std::string thread = made("/threads", ann, "{}", "thread_id");
  const Reply streamed = ask("POST", "/threads/" + thread + "/runs/stream", ann, waiting());
  CHECK(streamed.text.find("event: error") != std::string::npos);
  CHECK(streamed.text.find("TimeoutError") != std::string::npos);
  CHECK(streamed.text.find("run_seconds_max") != std::string::npos);
  const auto runs = ask("GET", "/threads/" + thread + "/runs", ann).json();
  CHECK(runs.at(0).at("status") == "timeout");
  CHECK(ask("GET", "/threads/" + thread, ann).json().at("status") == "error");
  CHECK(ask("POST", "/threads/" + thread + "/runs/wait", ann, R"({"assistant_id":"delay","input":{"ms":1}})").status ==
        200);
  CHECK(ask("GET", "/threads/" + thread, ann).json().at("status") == "idle");
}

// Ids, names and values that try to begin a line of their own.
TEST_CASE_METHOD(AuthServer, "No line break of a client gets into a header or an event") {
  start();
  const std::string ann = token("ann");
  const std::string evil = "%0d%0aset-cookie:%20evil=1%0d%0a%0d%0aevent:%20evil";
  const std::string spoken = R"(x\r\nset-cookie: evil=1\r\n\r\nevent: evil\ndata: 1\n\n)";
  const std::string run = R"({"assistant_id":"chat","input":{"messages":")" + spoken + R"("},"metadata":{"a":")" +
                          spoken + R"("},"stream_mode":["values","debug","messages-tuple"]})";
  std::vector<Reply> replies;
  for (const std::string& path : {"/assistants/" + evil, "/threads/" + evil, "/threads/" + evil + "/runs/" + evil,
                                  "/runs/" + evil + "/stream", "/a2a/" + evil, "/" + evil, "/runs/crons/" + evil}) {
    replies.push_back(ask("GET", path, ann));
    replies.push_back(ask("POST", path, ann, "{}"));
  }
  replies.push_back(ask("POST", "/threads/" + evil + "/runs/stream", ann, run));
  replies.push_back(ask("POST", "/runs/stream", ann, run));
  replies.push_back(ask("POST", "/runs/stream", ann, R"({"assistant_id":")" + spoken + R"(","input":{}})"));
  replies.push_back(ask("POST", "/runs/stream", ann, R"({"assistant_id":"chat","stream_mode":")" + spoken + R"("})"));
  replies.push_back(
      ask("POST", "/runs/stream", ann, R"({"assistant_id":"faulty","input":{"mode":")" + spoken + R"("}})"));
  replies.push_back(ask("GET", "/ok", ann, "",
                        "x-request-id: a\x0b"
                        "b\r\norigin: http://x\x0b"
                        "y\r\n"));
  for (const Reply& reply : replies) {
    INFO(reply.text);
    CHECK(reply.status >= 200);
    CHECK(reply.header("set-cookie").empty());
    CHECK(reply.text.find("\nset-cookie") == std::string::npos);
    CHECK(reply.text.find("\nevent: evil") == std::string::npos);
  }
}

}  // namespace
}  // namespace heddle::api
