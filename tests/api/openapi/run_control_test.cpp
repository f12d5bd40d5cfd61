// Cancelling many runs, and answers to interrupts that do not wait (http-api.md 9.9 and 8.8).

#include <catch2/catch.hpp>

#include "tests/api/openapi/api_fixture.h"

namespace heddle::test {
namespace {

class RunsFixture : public ApiFixture {
 public:
  std::string new_thread() { return ask("post", "/threads", "{}").text("thread_id"); }
  std::string start(const std::string& thread, const std::string& more = "") {
    return ask("post", "/threads/" + thread + "/runs",
               R"({"assistant_id":"delay","input":{"tag":"a","ms":60000})" + more + "}")
        .text("run_id");
  }
  std::string status(const std::string& thread, const std::string& run) {
    return ask("get", "/threads/" + thread + "/runs/" + run).text("status");
  }
  std::string ended(const std::string& thread, const std::string& run) {
    ask("get", "/threads/" + thread + "/runs/" + run + "/join");
    return status(thread, run);
  }
  ApiAnswer cancel(const std::string& body, const std::string& query = "") {
    return ask("post", "/runs/cancel" + query, body);
  }
  ApiAnswer wait(const std::string& thread, const std::string& body) {
    return ask("post", "/threads/" + thread + "/runs/wait", body);
  }
};

std::string message_of(const ApiAnswer& failed) {
  return std::string(failed.json().at("__error__").at("message").as_string());
}

}  // namespace

TEST_CASE_METHOD(RunsFixture, "Runs that wait are cancelled by their status, and those that work go on") {
  const std::string thread = new_thread();
  const std::string working = start(thread);
  const std::string waiting = start(thread, R"(,"multitask_strategy":"enqueue")");
  const std::string later = start(new_thread(), R"(,"after_seconds":3600)");
  CHECK(cancel(R"({"status":"pending"})").status == 204);
  CHECK(status(thread, waiting) == "interrupted");
  CHECK(queue->in_flight() == 1);
  CHECK(cancel(R"({"status":"running"})").status == 204);
  CHECK(ended(thread, working) == "interrupted");
  CHECK(cancel(R"({"status":"all"})").status == 204);
}

TEST_CASE_METHOD(RunsFixture, "Runs are cancelled by their ids, all of them or none") {
  const std::string thread = new_thread();
  const std::string one = start(thread);
  const std::string elsewhere = start(new_thread());
  const auto listed = [](const std::string& of, const std::string& ids) {
    return R"({"thread_id":")" + of + R"(","run_ids":[)" + ids + "]}";
  };
  const ApiAnswer refused = cancel(listed(thread, "\"" + one + "\",\"" + elsewhere + "\""));
  CHECK(refused.status == 404);
  CHECK(refused.text("detail") == "Run not found");
  CHECK(queue->in_flight() == 2);
  CHECK(cancel(listed(thread, "\"" + one + "\"")).status == 204);
  CHECK(ended(thread, one) == "interrupted");
  CHECK(cancel(listed(thread, "\"" + one + "\"")).status == 204);  // a finished one is left alone
  CHECK(queue->in_flight() == 1);
}

TEST_CASE_METHOD(RunsFixture, "A rollback of many runs leaves no trace of them") {
  const std::string thread = new_thread();
  const std::string run = start(thread);
  CHECK(cancel(R"({"status":"all"})", "?action=rollback").status == 204);
  while (queue->in_flight() > 0) ask("get", "/threads/" + thread + "/runs/" + run + "/join");
  CHECK(ask("get", "/threads/" + thread + "/runs/" + run).status == 404);
  CHECK(ask("get", "/threads/" + thread + "/history").body == "[]");
}

TEST_CASE_METHOD(RunsFixture, "A run that was cancelled shows the reason that was given, and only such a run does") {
  const std::string thread = new_thread();
  const auto cancel_one = [&](const std::string& run, const std::string& query) {
    return ask("post", "/threads/" + thread + "/runs/" + run + "/cancel?wait=true" + query).status;
  };
  const auto told = [&](const std::string& run) { return ask("get", "/threads/" + thread + "/runs/" + run).json(); };
  const std::string taken = start(thread);
  CHECK_FALSE(told(taken).as_object().contains("cancel_reason"));
  CHECK(cancel_one(taken, "&reason=taken") == 204);
  CHECK(std::string(told(taken).at("cancel_reason").as_string()).starts_with("taken:"));
  CHECK(cancel_one(taken, "&reason=again") == 204);  // it has ended, and keeps what it was told
  CHECK(std::string(told(taken).at("cancel_reason").as_string()).starts_with("taken:"));

  const std::string waiting = start(thread, R"(,"after_seconds":3600)");
  CHECK(cancel_one(waiting, "&reason=not%20needed%20%C3%A4%FF") == 204);
  CHECK(told(waiting).at("cancel_reason") == "not needed \u00e4\ufffd");
  const std::string silent = start(thread);
  CHECK(cancel_one(silent, "") == 204);
  CHECK_FALSE(told(silent).as_object().contains("cancel_reason"));

  const std::string working = start(thread);
  CHECK(cancel_one(working, "&action=rollback&reason=taken") == 400);
  CHECK(cancel_one(working, "&reason=" + std::string(257, 'x')) == 400);
  CHECK(told(working).at("status") != "interrupted");
  const std::string body = ask("get", "/threads/" + thread + "/runs").body;
  CHECK(body.find("not needed") != std::string::npos);
  CHECK(cancel_one(working, "") == 204);
}

TEST_CASE_METHOD(RunsFixture, "A request to cancel says either which status or which runs") {
  for (const char* body : {"{}", R"({"status":"success"})", R"({"thread_id":"01a2037e-48fd-71b5-8e44-d0fb80070177"})",
                           R"({"status":"all","run_ids":[]})"}) {
    INFO(body);
    CHECK(cancel(body).status == 400);
  }
  CHECK(cancel(R"({"status":"all"})", "?action=pause").status == 400);
}

TEST_CASE_METHOD(RunsFixture,
                 "A strict resume for a question that nobody asked fails and leaves the thread as it was") {
  const std::string thread = new_thread();
  const ApiAnswer asked = wait(thread, R"({"assistant_id":"approval","input":{"request":"r"}})");
  const std::string id(asked.json().at("__interrupt__").at(0).at("id").as_string());
  const auto told = [&] {
    boost::json::object seen = ask("get", "/threads/" + thread).json().as_object();
    seen.erase("updated_at");
    return runtime::to_text(seen) + ask("get", "/threads/" + thread + "/history").body;
  };
  const std::string before = told();
  const auto resume = [&](const std::string& answer, const std::string& more = R"(,"strict_resume":true)") {
    return wait(thread, R"({"assistant_id":"approval","command":{"resume":)" + answer + "}" + more + "}");
  };

  const std::string unknown(32, 'a');
  const ApiAnswer refused = resume(R"({")" + unknown + R"(":"yes"})");
  CHECK(refused.json().at("__error__").at("error") == "UnknownInterruptError");
  CHECK(message_of(refused) == "Unknown or already-consumed interrupt: " + unknown);
  CHECK(told() == before);
  CHECK(message_of(resume("{}")) == "The resume map names no interrupt");
  CHECK(told() == before);
  // Without being strict the question is asked again.
  CHECK(resume(R"({")" + unknown + R"(":"yes"})", "").json().as_object().contains("__interrupt__"));

  const ApiAnswer accepted = resume(R"({")" + id + R"(":"yes"})");
  CHECK(accepted.json().at("decision") == "yes");
  const ApiAnswer again = resume(R"({")" + id + R"(":"yes"})");
  CHECK(message_of(again) == "Unknown or already-consumed interrupt: " + id);
  CHECK(resume("\"yes\"").json().at("__error__").at("error") == "UnknownInterruptError");
  CHECK(ask("get", "/threads/" + thread).text("status") == "idle");
}

TEST_CASE_METHOD(RunsFixture, "A strict resume answers the question of a subgraph") {
  const std::string thread = new_thread();
  const ApiAnswer asked = wait(thread, R"({"assistant_id":"nested","input":{"topic":"t","ask":true}})");
  const std::string id(asked.json().at("__interrupt__").at(0).at("id").as_string());
  const ApiAnswer answered =
      wait(thread, R"({"assistant_id":"nested","command":{"resume":{")" + id + R"(":"on"}},"strict_resume":true})");
  CHECK(answered.body.find("decide:on") != std::string::npos);
}

TEST_CASE_METHOD(RunsFixture, "The metrics count requests, and runs by how they ended") {
  wait(new_thread(), R"({"assistant_id":"linear","input":{}})");
  wait(new_thread(), R"({"assistant_id":"faulty","input":{"mode":"conflict"}})");
  ask("get", "/nowhere");
  const boost::json::value metrics = ask("get", "/metrics?format=json").json();
  CHECK(metrics.at("heddle_runs_ended_total") == boost::json::object{{"success", 1}, {"error", 1}});
  CHECK(metrics.at("heddle_run_duration_seconds").at("count") == 2);
  CHECK(metrics.at("heddle_requests_total").at("4xx") == 1);
  const std::string text = ask("get", "/metrics").body;
  CHECK(text.find("heddle_runs_ended_total{status=\"success\"} 1\n") != std::string::npos);
  CHECK(text.find("heddle_run_duration_seconds_bucket{le=\"300\"} 2\n") != std::string::npos);
  CHECK(text.find("heddle_run_duration_seconds_bucket{le=\"+Inf\"} 2\n") != std::string::npos);
}

TEST_CASE_METHOD(RunsFixture, "What a thread takes in the database is told, part by part") {
  const std::string thread = new_thread();
  const auto size = [&](const std::string& part) {
    const boost::json::value told = ask("get", "/threads/" + thread + "/storage").json();
    return part.empty() ? told.at("total_bytes").to_number<std::int64_t>()
                        : told.at(part).at("count").to_number<std::int64_t>();
  };
  CHECK(size("") == 0);
  wait(thread, R"({"assistant_id":"approval","input":{"request":")" + std::string(5000, 'x') + "\"}}");
  CHECK(size("") > 5000);
  const auto states = ask("get", "/threads/" + thread + "/history").json().as_array().size();
  CHECK(size("checkpoints") == static_cast<std::int64_t>(states));
  CHECK(size("pending_writes") > 0);
  const boost::json::value told = ask("get", "/threads/" + thread + "/storage").json();
  std::int64_t sum = 0;
  for (const char* part : {"checkpoints", "channel_values", "pending_writes"}) {
    sum += told.at(part).at("bytes").to_number<std::int64_t>();
  }
  CHECK(sum == told.at("total_bytes"));
  wait(thread, R"({"assistant_id":"approval","command":{"resume":"yes"}})");
  CHECK(size("checkpoints") > static_cast<std::int64_t>(states));
  CHECK(ask("get", "/threads/01a2037e-48fd-71b5-8e44-d0fb80070177/storage").status == 404);
}

}  // namespace heddle::test
