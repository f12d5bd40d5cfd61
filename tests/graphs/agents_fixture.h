#pragma once
// An agent of create_agent that is run on a thread in memory.

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "graphs/agent.h"
#include "runtime/json.h"
#include "runtime/memory_saver.h"
#include "runtime/schema.h"
#include "tests/graphs/list_model.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run.h"

namespace heddle::test {

// One line for each message: type and text.
inline std::string shown(const runtime::State& state) {
  std::string text;
  for (const runtime::Value::Item& message : state["messages"].items()) {
    text += std::string(runtime::message_type(*message)) + ":" + runtime::message_text(*message) + "\n";
  }
  return text;
}

// Notes what the last run did.
struct AgentsFixture {
  boost::asio::io_context io;
  runtime::MemorySaver saver;
  ManualClock clock;
  runtime::CheckpointIds checkpoint_ids;
  runtime::RunConfig config;
  std::map<std::string, int> made;
  std::vector<std::string> updates;  // node and writes, of the last run
  std::vector<std::string> starts;   // node and triggers, of the last run
  graphs::AgentOptions options;

  graphs::ToolPointer tool(const std::string& name) {
    runtime::json::object schema{{"type", "object"}, {"properties", {{"city", runtime::schema::text()}}}};
    return graphs::make_tool({name, "", std::move(schema)},
                             [this, name](graphs::ToolContext&, const runtime::json::object& arguments) {
                               ++made[name];
                               return graphs::ToolResult(name + " " + runtime::to_text(arguments));
                             });
  }
  std::shared_ptr<const ListModel> model(std::vector<runtime::Message> answers) {
    auto made_model = std::make_shared<const ListModel>(std::move(answers));
    options.model = made_model;
    return made_model;
  }
  runtime::RunOutcome run(const std::shared_ptr<const runtime::CompiledGraph>& graph, runtime::RunInput input) {
    updates.clear();
    starts.clear();
    runtime::EventSink sink = [this](runtime::RunEvent event) {
      if (const auto* update = std::get_if<runtime::UpdateFact>(&event)) {
        updates.push_back(update->node + " " + runtime::to_text(update->writes));
      } else if (const auto* start = std::get_if<runtime::TaskStartFact>(&event)) {
        starts.push_back(start->name + " " + start->triggers.front());
      }
    };
    const runtime::RunServices services{&saver, nullptr, clock, checkpoint_ids, std::move(sink)};
    runtime::RunOptions wanted;
    wanted.input = std::move(input);
    wanted.config = std::make_shared<runtime::RunConfig>(config);
    wanted.kinds.updates = wanted.kinds.tasks = true;
    return test::run(io, graph->run(std::move(wanted), services));
  }
  runtime::RunOutcome say(const std::shared_ptr<const runtime::CompiledGraph>& graph, const char* text) {
    return run(graph, runtime::GraphInput{runtime::json::object{{"messages", text}}});
  }
  runtime::RunOutcome decide(const std::shared_ptr<const runtime::CompiledGraph>& graph, std::string_view decisions) {
    runtime::Command command;
    command.resume = runtime::json::object{{"decisions", runtime::parse_json(decisions)}};
    return run(graph, std::move(command));
  }
};

}  // namespace heddle::test
