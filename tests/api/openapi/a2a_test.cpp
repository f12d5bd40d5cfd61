// Assistants as agents of other agents, by the A2A protocol 0.3 (http-api.md 15).

#include <catch2/catch.hpp>

#include "tests/api/openapi/api_fixture.h"

namespace heddle::test {
namespace {

namespace json = boost::json;

class A2aFixture : public ApiFixture {
 public:
  json::value call(const std::string& assistant, const std::string& method, const std::string& params) {
    const ApiAnswer answer = ask("post", "/a2a/" + assistant, envelope(method, params));
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    const json::value told = answer.json();
    CHECK(told.at("id") == "c1");
    return told;
  }
  json::value result(const std::string& assistant, const std::string& method, const std::string& params) {
    const json::value told = call(assistant, method, params);
    INFO(runtime::to_text(told));
    REQUIRE(told.as_object().contains("result"));
    return told.at("result");
  }
  json::value send(const std::string& assistant, const std::string& parts, const std::string& more = "",
                   const std::string& configuration = "{}") {
    return result(assistant, "message/send", message(parts, more, configuration));
  }
  std::int64_t refused(const std::string& assistant, const std::string& method, const std::string& params) {
    return call(assistant, method, params).at("error").at("code").as_int64();
  }
  // The results of the events of message/stream.
  std::vector<json::value> stream(const std::string& assistant, const std::string& parts) {
    const ApiAnswer answer =
        ask("post", "/a2a/" + assistant, envelope("message/stream", message(parts)), {{"accept", "text/event-stream"}});
    CHECK(answer.status == 200);
    CHECK(answer.headers.find("content-type") == "text/event-stream");
    std::vector<json::value> results;
    for (std::size_t at = 0; at < answer.body.size();) {
      const std::size_t end = answer.body.find("\n\n", at);
      const std::string event = answer.body.substr(at, end - at);
      INFO(event);
      REQUIRE(event.starts_with("data: "));
      results.push_back(runtime::parse_json(event.substr(6)).at("result"));
      at = end + 2;
    }
    return results;
  }

  static std::string envelope(const std::string& method, const std::string& params) {
    return R"({"jsonrpc":"2.0","id":"c1","method":")" + method + R"(","params":)" + params + "}";
  }
  static std::string message(const std::string& parts, const std::string& more = "",
                             const std::string& configuration = "{}") {
    return R"({"message":{"role":"user","messageId":"m","kind":"message","parts":[)" + parts + "]" + more +
           R"(},"configuration":)" + configuration + "}";
  }
  static std::string text(const std::string& said) { return R"({"kind":"text","text":")" + said + "\"}"; }
  static std::string data(const std::string& object) { return R"({"kind":"data","data":)" + object + "}"; }
  static std::string named(const json::value& task) {
    return R"({"id":")" + std::string(task.at("id").as_string()) + R"(","contextId":")" +
           std::string(task.at("contextId").as_string()) + R"(","historyLength":10})";
  }
  static std::string state(const json::value& task) { return std::string(task.at("status").at("state").as_string()); }
  static std::string artifact(const json::value& task) {
    return runtime::to_text(task.at("artifacts").at(0).at("parts").at(0));
  }
};

}  // namespace

TEST_CASE_METHOD(A2aFixture, "A message becomes a run on a thread, and its answer a completed task") {
  const json::value task = send("chat", text("hello") + "," + text("there"));
  CHECK(task.at("kind") == "task");
  CHECK(state(task) == "completed");
  CHECK(artifact(task).find(R"("kind":"text")") != std::string::npos);
  CHECK(artifact(task).find("hello") != std::string::npos);
  const std::string thread(task.at("contextId").as_string());
  const json::value record =
      ask("get", "/threads/" + thread + "/runs/" + std::string(task.at("id").as_string())).json();
  CHECK(record.at("status") == "success");

  // The next message of the same context goes on with the conversation.
  const json::value next = send("chat", text("again"), R"(,"contextId":")" + thread + "\"", R"({"historyLength":3})");
  CHECK(next.at("contextId") == thread.c_str());
  CHECK(next.at("id") != task.at("id"));
  const json::array& history = next.at("history").as_array();
  REQUIRE(history.size() == 3);
  CHECK(history[1].at("role") == "user");
  CHECK(history[1].at("parts").at(0).at("text") == "again");
  CHECK(history[2].at("role") == "agent");
  CHECK(history[2].at("contextId") == thread.c_str());

  // Each task keeps the answer that it gave.
  CHECK(artifact(result("chat", "tasks/get", named(task))) == artifact(task));
  CHECK(artifact(result("chat", "tasks/get", named(next))) == artifact(next));
  CHECK(result("chat", "tasks/get", named(task)).at("history").as_array().size() == 2);
}

TEST_CASE_METHOD(A2aFixture, "Data is the input of a graph, and the state at the end comes back as data") {
  const json::value task = send("linear", data(R"({"text":"a"})") + "," + data(R"({"count":1})"));
  CHECK(state(task) == "completed");
  const json::value told = runtime::parse_json(artifact(task)).at("data");
  CHECK(told.at("text") == "a|first|second");
  CHECK(told.at("count") == 12);
}

TEST_CASE_METHOD(A2aFixture, "A question makes a task wait for input, and the next message answers it") {
  const json::value asked = send("approval", data(R"({"request":"r"})"));
  CHECK(state(asked) == "input-required");
  CHECK(asked.at("status").at("message").at("role") == "agent");
  CHECK(asked.at("status").at("message").at("metadata").at("interrupts").as_array().size() == 1);
  CHECK_FALSE(asked.as_object().contains("artifacts"));
  CHECK(state(result("approval", "tasks/get", named(asked))) == "input-required");
  const std::string same = R"(,"contextId":")" + std::string(asked.at("contextId").as_string()) + R"(","taskId":")" +
                           std::string(asked.at("id").as_string()) + "\"";
  const json::value answered = send("approval", text("yes"), same);
  CHECK(state(answered) == "completed");
  CHECK(runtime::parse_json(artifact(answered)).at("data").at("decision") == "yes");
  CHECK(answered.at("contextId") == asked.at("contextId"));
  // It has been answered.
  CHECK(state(result("approval", "tasks/get", named(asked))) == "completed");
  CHECK(refused("approval", "message/send", message(text("yes"), same)) == -32602);

  const json::value other = send("approval", data(R"({"request":"r"})"));
  const std::string by_task = R"(,"taskId":")" + std::string(other.at("id").as_string()) + "\"";
  const json::value by_data = send("approval", data(R"({"resume":{"approved":true}})"), by_task);
  CHECK(runtime::parse_json(artifact(by_data)).at("data").at("decision").at("approved") == true);
}

TEST_CASE_METHOD(A2aFixture, "A graph that fails makes the task fail with its words") {
  const json::value task = send("faulty", data(R"({"mode":"conflict"})"));
  CHECK(state(task) == "failed");
  const std::string said(task.at("status").at("message").at("parts").at(0).at("text").as_string());
  CHECK(said.starts_with("InvalidUpdateError: "));
  const json::value again = result("faulty", "tasks/get", named(task));
  CHECK(again.at("status").at("message").at("parts").at(0).at("text") == said.c_str());
}

TEST_CASE_METHOD(A2aFixture, "A task that is not waited for can be asked for and canceled, once") {
  const json::value task = send("delay", data(R"({"tag":"a","ms":60000})"), "", R"({"blocking":false})");
  CHECK((state(task) == "submitted" || state(task) == "working"));
  CHECK(state(result("delay", "tasks/get", named(task))) == "working");
  const json::value canceled = result("delay", "tasks/cancel", named(task));
  CHECK(state(canceled) == "canceled");
  CHECK(state(result("delay", "tasks/get", named(task))) == "canceled");
  CHECK(refused("delay", "tasks/cancel", named(task)) == -32002);
}

TEST_CASE_METHOD(A2aFixture, "A stream tells the task, the text as it comes, and how it ended") {
  const std::vector<json::value> events = stream("chat", text("one two three"));
  REQUIRE(events.size() > 3);
  CHECK(events.front().at("kind") == "task");
  std::string all;
  for (std::size_t i = 1; i + 1 < events.size(); ++i) {
    CHECK(events[i].at("kind") == "artifact-update");
    CHECK(events[i].at("append").as_bool() == (i > 1));
    all += events[i].at("artifact").at("parts").at(0).at("text").as_string();
  }
  CHECK(all.find("one two three") != std::string::npos);
  const json::value& last = events.back();
  CHECK(last.at("kind") == "status-update");
  CHECK(last.at("final") == true);
  CHECK(state(last) == "completed");
  CHECK(last.at("taskId") == events.front().at("id"));
  const std::string id = R"({"id":")" + std::string(last.at("taskId").as_string()) + "\"}";
  const json::value task = result("chat", "tasks/get", id);
  CHECK(runtime::parse_json(artifact(task)).at("text") == all.c_str());

  const std::vector<json::value> whole = stream("linear", data(R"({"text":"a"})"));
  REQUIRE(whole.size() == 3);
  CHECK(whole[1].at("artifact").at("parts").at(0).at("data").at("text") == "a|first|second");
  CHECK(whole[1].at("lastChunk") == true);
  CHECK(state(stream("approval", data(R"({"request":"r"})")).back()) == "input-required");
  CHECK(state(stream("faulty", data(R"({"mode":"conflict"})")).back()) == "failed");
}

TEST_CASE_METHOD(A2aFixture, "What A2A does not know or take is refused by its codes") {
  const std::string unknown = "01a2037e-48fd-71b5-8e44-d0fb80070177";
  CHECK(refused("chat", "tasks/get", R"({"id":")" + unknown + "\"}") == -32001);
  CHECK(refused("chat", "tasks/get", R"({"id":"x"})") == -32001);
  CHECK(refused("chat", "tasks/get", "{}") == -32001);
  CHECK(refused("chat", "tasks/cancel", R"({"id":")" + unknown + "\"}") == -32001);
  CHECK(refused("chat", "message/dance", "{}") == -32601);
  const json::value task = send("chat", text("hello"));
  CHECK(refused("linear", "tasks/get", named(task)) == -32001);  // of another assistant
  CHECK(refused("chat", "tasks/get",
                R"({"id":")" + std::string(task.at("id").as_string()) + R"(","historyLength":11})") == -32602);
  for (const std::string& params :
       {std::string("{}"), std::string(R"({"message":7})"), std::string(R"({"message":{}})"), message(""),
        message(R"({"kind":"file","file":{"bytes":"eA=="}})"), message(R"({"kind":"text"})"), message("7"),
        message(R"({"kind":"data","data":7})"), message(R"({"kind":"video"})"),
        message(text("x"), R"(,"contextId":"x")"), message(text("x"), R"(,"contextId":7)"),
        message(text("x"), "", R"({"blocking":7})"), message(text("x"), "", R"({"historyLength":-1})")}) {
    INFO(params);
    CHECK(refused("chat", "message/send", params) == -32602);
  }
  const json::value told = call("chat", "message/send", message(text("x"), R"(,"contextId":"x")"));
  CHECK(told.at("error").at("message") == "Failed to create run: Invalid thread ID");
  CHECK(refused("linear", "message/send", message(text("x"))) == -32602);  // has no messages
  CHECK(refused("chat", "message/send", message(text("x"), "", R"({"pushNotificationConfig":{"url":"x"}})")) == -32004);
  CHECK(ask("post", "/a2a/nobody", envelope("message/send", message(text("x")))).status == 404);
  CHECK(ask("post", "/a2a/chat", envelope("message/stream", message(text("x"))), {{"accept", "application/json"}})
            .status == 400);
  CHECK(ask("post", "/a2a/chat", "{}").status == 400);
}

TEST_CASE_METHOD(A2aFixture, "A card tells other agents what an assistant takes and where it is") {
  const auto card = [&](const std::string& path, const std::map<std::string, std::string>& headers = {}) {
    const ApiAnswer answer = ask("get", path, "", headers);
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    return answer.json();
  };
  const json::value chat = card("/a2a/chat/.well-known/agent-card.json", {{"host", "agents.example:8443"}});
  const std::string id(chat.at("skills").at(0).at("id").as_string());
  CHECK(chat.at("protocolVersion") == "0.3.0");
  CHECK(chat.at("name") == "chat");
  CHECK(chat.at("url") == ("http://agents.example:8443/a2a/" + id).c_str());
  CHECK(chat.at("capabilities").at("streaming") == true);
  CHECK(chat.at("defaultInputModes").at(0) == "text/plain");
  const json::value linear = card("/.well-known/agent-card.json?assistant_id=linear",
                                  {{"host", "agents.example"}, {"x-forwarded-proto", "https"}});
  CHECK(std::string(linear.at("url").as_string()).starts_with("https://agents.example/a2a/"));
  CHECK(linear.at("defaultInputModes").as_array().size() == 1);
  CHECK(ask("get", "/.well-known/agent-card.json").status == 400);
  CHECK(ask("get", "/.well-known/agent-card.json?assistant_id=nobody").status == 404);
}

}  // namespace heddle::test
