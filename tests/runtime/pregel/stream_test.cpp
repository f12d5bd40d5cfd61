#include <algorithm>
#include <catch2/catch.hpp>

#include "runtime/message.h"
#include "runtime/uuid.h"
#include "tests/runtime/pregel/engine_fixture.h"

namespace heddle::runtime {
namespace {

Message piece(const std::string& text) {
  Message message = ai_message(text);
  message["id"] = "ai-1";
  message["tool_call_chunks"] = json::array{};
  return message;
}

ModelCall model_call(std::vector<std::string> tags) {
  return {"00000000-0000-4000-8000-000000000001", "Scripted", {{"ls_provider", "scripted"}}, std::move(tags)};
}

// Streams "Hello world" in two pieces and writes the whole.
auto speaking(std::vector<std::string> tags = {}, bool streams = true) {
  return [tags, streams](NodeContext& context) -> NodeResult {
    const ModelCall call = model_call(tags);
    context.model_started(call, {});
    if (streams) {
      context.model_piece(call, piece("Hello"));
      context.model_piece(call, piece(" world"));
    }
    Message whole = ai_message("Hello world");
    whole["id"] = "ai-1";
    context.model_ended(call, whole);
    json::array messages;
    messages.push_back(std::move(whole));
    return Update{{"messages", std::move(messages)}};
  };
}

Graph chat() {
  return StateGraph().messages().node("agent", speaking({"mine"})).edge(kStart, "agent").compile();
}

struct StreamFixture : ThreadFixture {
  StreamFixture() {
    kinds.messages = true;
    config.metadata = {{"graph_id", "chat"}};
    config.thread_id = ThreadId{uuid4()};
    config.run_id = RunId{uuid4()};
  }
  std::vector<MessageFact> messages() const {
    std::vector<MessageFact> found;
    for (const RunEvent& event : facts) {
      if (const MessageFact* fact = std::get_if<MessageFact>(&event)) found.push_back(*fact);
    }
    return found;
  }
  std::string keys(const json::object& object) const {
    std::vector<std::string> names;
    for (const auto& member : object) names.emplace_back(member.key());
    std::ranges::sort(names);
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
    return text;
  }
};

constexpr const char* kInput = R"({"messages":[{"type":"human","content":"hi","id":"h1"}]})";

TEST_CASE_METHOD(StreamFixture, "A streamed answer comes in pieces and never again, the input not at all") {
  kinds.updates = false;
  input(chat(), kInput);
  CHECK(lines.at(1) == "message piece Hello");
  CHECK(lines.at(2) == "message piece  world");
  CHECK(lines.size() == 4);
  const std::vector<MessageFact> pieces = messages();
  CHECK(pieces.at(0).metadata == pieces.at(1).metadata);
  const json::object& metadata = *pieces.at(0).metadata;
  CHECK(
      keys(metadata) ==
      "checkpoint_ns graph_id langgraph_checkpoint_ns langgraph_node langgraph_path langgraph_step langgraph_triggers "
      "ls_provider tags thread_id");
  CHECK(to_text(metadata.at("tags")) == R"(["mine"])");
  CHECK(to_text(metadata.at("langgraph_path")) == R"(["__pregel_pull","agent"])");
  CHECK(std::string_view(metadata.at("checkpoint_ns").as_string()).starts_with("agent:"));
}

TEST_CASE_METHOD(StreamFixture, "An answer that was not streamed comes whole, once, also of a silent call") {
  kinds.updates = false;
  const bool is_silent = GENERATE(true, false);
  const Graph graph = StateGraph()
                          .messages()
                          .node("agent", is_silent ? speaking({"langsmith:nostream"}) : speaking({}, false))
                          .edge(kStart, "agent")
                          .compile();
  input(graph, kInput);
  CHECK(lines == Lines{lines.at(0), "message whole Hello world", lines.back()});
  CHECK(messages().at(0).metadata->contains("name") == is_silent);
}

// streaming.md 9 H.
TEST_CASE_METHOD(StreamFixture,
                 "Messages that a node returns come whole before its update, removals and known ones do not") {
  const auto returning = [](const State& s) {
    json::array messages = s["messages"].json().as_array();
    Message tool = tool_message("result", "c1", "tool", "success");
    messages.push_back(std::move(tool));
    messages.push_back(json::value{{"role", "system"}, {"content", "made"}});
    return Update{{"messages", std::move(messages)}};
  };
  const auto removing = [](const State&) { return Update{{"messages", {{{"type", "remove"}, {"id", "h1"}}}}}; };
  const Graph graph =
      StateGraph().messages().node("n", returning).node("rm", removing).edge(kStart, "n").edge("n", "rm").compile();
  input(graph, kInput);
  REQUIRE(messages().size() == 2);
  CHECK(lines.at(1) == "message whole result");
  CHECK(lines.at(2) == "message whole made");
  CHECK(lines.at(3).starts_with("updates n "));
  CHECK(
      keys(*messages().at(0).metadata) ==
      "checkpoint_ns graph_id langgraph_checkpoint_ns langgraph_node langgraph_path langgraph_step langgraph_triggers "
      "name tags thread_id");
  // The id is given when the node returns, so all streams tell the same.
  const std::string id(message_id(messages().at(1).message));
  CHECK(id.size() == 36);
  CHECK(lines.at(3).find(id) != std::string::npos);
  CHECK(lines.at(4).find(id) != std::string::npos);
}

// streaming.md 9 G.
TEST_CASE_METHOD(StreamFixture, "Answers inside come whole from the node around them, or in pieces if asked for") {
  kinds.updates = false;
  kinds.values = false;
  const Graph inner = StateGraph().messages().node("llm", speaking()).edge(kStart, "llm").compile();
  const Graph graph = StateGraph().messages().node("child", inner).edge(kStart, "child").compile();
  input(graph, kInput);
  CHECK(lines ==
        Lines{"message|child piece Hello hidden", "message|child piece  world hidden", "message whole Hello world"});
  CHECK(messages().back().metadata->at("langgraph_node") == "child");
  kinds.subgraphs = true;
  config.run_id = RunId{uuid4()};
  input(graph, kInput);
  CHECK(lines == Lines{"message|child piece Hello", "message|child piece  world"});
  CHECK(std::string_view(messages().back().metadata->at("checkpoint_ns").as_string()).find("|llm:") !=
        std::string_view::npos);
}

TEST_CASE_METHOD(StreamFixture, "Traces tell the run, its nodes and its models") {
  kinds = {};
  kinds.values = false;
  kinds.traces = true;
  input(chat(), kInput);
  CHECK(lines == Lines{"trace on_chain_start LangGraph", "trace on_chain_start agent",
                       "trace on_chat_model_start Scripted", "trace on_chat_model_stream Scripted",
                       "trace on_chat_model_stream Scripted", "trace on_chat_model_end Scripted",
                       "trace on_chain_end agent", "trace on_chain_end LangGraph"});
  const auto& root = std::get<TraceFact>(facts.front());
  CHECK(root.run_id == config.run_id->text());
  CHECK(keys(*root.metadata) == "graph_id thread_id");
  CHECK(keys(root.data) == "input");
  const auto& end = std::get<TraceFact>(facts.at(5));
  CHECK(message_text(end.data.at("output")) == "Hello world");
  CHECK(end.data.at("output").as_object().contains("tool_call_chunks"));
  CHECK(keys(end.data) == "input output");
  CHECK(to_text(end.data.at("input")) == R"({"messages":[[]]})");
  CHECK(keys(std::get<TraceFact>(facts.back()).data) == "output");
}

TEST_CASE_METHOD(StreamFixture,
                 "A graph that is a node has a run of its own in the trace, whose output is that of the node") {
  kinds = {};
  kinds.values = false;
  kinds.traces = true;
  const auto write = [](NodeContext&) -> NodeResult { return Update{{"text", "in"}, {"inside", 1}}; };
  const Graph inner = StateGraph().last("text").last("inside").node("in", write).edge(kStart, "in").compile();
  input(StateGraph().last("text").node("child", inner).edge(kStart, "child").compile(), R"({"text":"a"})");
  CHECK(lines == Lines{"trace on_chain_start LangGraph", "trace on_chain_start child", "trace on_chain_start LangGraph",
                       "trace on_chain_start in", "trace on_chain_end in", "trace on_chain_end LangGraph",
                       "trace on_chain_end child", "trace on_chain_end LangGraph"});
  const auto& graph = std::get<TraceFact>(facts.at(5));
  CHECK(graph.metadata->at("langgraph_node") == "child");
  CHECK(graph.run_id == std::get<TraceFact>(facts.at(2)).run_id);
  CHECK(to_text(graph.data) == R"({"output":{"text":"in","inside":1},"input":{"text":"a"}})");
  CHECK(std::get<TraceFact>(facts.at(6)).data == graph.data);
}

TEST_CASE_METHOD(StreamFixture, "Tool calls are told as they go") {
  kinds = {};
  kinds.values = false;
  kinds.tools = true;
  const auto tools = [](NodeContext& context) -> NodeResult {
    context.tool_started("c1", "add", {{"a", 1}});
    context.tool_wrote("c1", "add", "half");
    context.tool_ended("c1", "add", tool_message("3", "c1", "add", "success"));
    context.tool_failed("c2", "sub", "wrong");
    return {};
  };
  input(StateGraph().messages().node("tools", tools).edge(kStart, "tools").compile(), kInput);
  CHECK(lines.at(0) == R"(tool on_tool_start add {"input":"{\"a\":1}"})");
  CHECK(lines.at(1) == R"(tool on_tool_event add {"data":"half"})");
  CHECK(lines.at(2).starts_with(R"(tool on_tool_end add {"output":{)"));
  CHECK(lines.at(3) == R"(tool on_tool_error sub {"error":"wrong"})");
}

// runtime.md 1 and 7.7.
TEST_CASE_METHOD(ThreadFixture, "A node with the hidden tag is in no stream, and in the state") {
  NodeOptions options;
  options.tags = {std::string(kHiddenTag)};
  const Graph graph =
      StateGraph()
          .append("log")
          .messages()
          .node(
              "quiet",
              [](const State&) {
                return Update{{"log", {"quiet"}},
                              {"messages", {json::object{{"role", "ai"}, {"content", "x"}, {"id", "1"}}}}};
              },
              options)
          .node("b", [](const State&) { return Update{{"log", {"b"}}}; })
          .edge(kStart, "quiet")
          .edge("quiet", "b")
          .compile();
  kinds.tasks = kinds.traces = kinds.messages = true;
  const RunOutcome outcome = input(graph, "{}");
  for (const std::string& line : lines) {
    CHECK(line.find(" quiet") == std::string::npos);  // its name, and not what it wrote
    CHECK_FALSE(line.starts_with("message"));
  }
  CHECK(outcome.values["log"].text() == R"(["quiet","b"])");
  CHECK(history(graph).at(2).next == std::vector<std::string>{"quiet"});

  before = Breakpoints{true, {}};
  CHECK(input(graph, "{}").next == std::vector<std::string>{"b"});
}

TEST_CASE_METHOD(ThreadFixture, "The tags of a node are in its traces") {
  NodeOptions options;
  options.tags = {"careful"};
  const Graph graph = StateGraph()
                          .append("log")
                          .node(
                              "a", [](const State&) { return Update{{"log", {"a"}}}; }, options)
                          .edge(kStart, "a")
                          .compile();
  kinds.traces = true;
  input(graph, "{}");
  std::vector<std::string> tags;
  for (const RunEvent& fact : facts) {
    const auto* trace = std::get_if<TraceFact>(&fact);
    if (trace && trace->name == "a" && trace->event == "on_chain_start") tags = trace->tags;
  }
  CHECK(tags == std::vector<std::string>{"careful", "graph:step:1"});
}

}  // namespace
}  // namespace heddle::runtime
