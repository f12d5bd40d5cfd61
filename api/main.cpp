// heddle: the server with the graphs that ship with it.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/command_line.h"
#include "graphs/http_client.h"
#include "graphs/model_choice.h"
#include "graphs/react_agent.h"
#include "graphs/tools/ask_human.h"
#include "graphs/tools/calculator.h"
#include "graphs/tools/current_time.h"
#include "runtime/clock.h"

namespace {

namespace api = heddle::api;
namespace graphs = heddle::graphs;
namespace runtime = heddle::runtime;

using Environment = std::map<std::string, std::string>;

// What the builtin graphs share. Outlives them.
class Shipped {
 public:
  std::shared_ptr<const runtime::CompiledGraph> agent(const Environment& environment) {
    graphs::ReactAgentOptions options;
    options.model = model(environment);
    options.tools = {graphs::calculator_tool(), graphs::current_time_tool(clock_), graphs::ask_human_tool()};
    options.prompt =
        "You are a helpful assistant. Use the tools for arithmetic and for the time, and ask the human for what only "
        "they "
        "can know.";
    return graphs::make_react_agent(std::move(options));
  }

 private:
  std::shared_ptr<const graphs::ChatModel> model(const Environment& environment,
                                                 const graphs::ModelDefaults& defaults = {}) {
    graphs::ModelChoice choice = graphs::choose_model(environment, defaults);
    return graphs::make_model(std::move(choice), [this]() -> graphs::HttpClient& {
      // Made here and not with the program, because its thread must inherit the signals that the server blocks.
      if (!client_) client_.emplace();
      return *client_;
    });
  }

  runtime::SystemClock clock_;
  std::optional<graphs::HttpClient> client_;
};

std::string notice(const api::Configuration& configuration) {
  return graphs::choose_model(configuration.environment).notice;
}

}  // namespace

int main(int argc, char** argv) {
  Shipped shipped;
  api::Program program;
  program.name = "heddle";
  program.builtin["agent"] = [&shipped](const Environment& environment) { return shipped.agent(environment); };
  program.default_graphs["agent"] = {"builtin:agent", std::nullopt};
  program.notice = notice;
  program.variables = graphs::model_variables();
  return api::run_command_line(argc, argv, program);
}
