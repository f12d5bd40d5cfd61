// heddle: the server with the graphs that ship with it.

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/command_line.h"
#include "api/configuration.h"
#include "graphs/assistant0.h"
#include "graphs/assistant0_settings.h"
#include "graphs/assistant0_tools.h"
#include "graphs/http_client.h"
#include "graphs/model_choice.h"
#include "graphs/react_agent.h"
#include "graphs/token_vault.h"
#include "graphs/tools/ask_human.h"
#include "graphs/tools/calculator.h"
#include "graphs/tools/current_time.h"
#include "runtime/clock.h"
#include "runtime/log.h"

namespace {

namespace api = heddle::api;
namespace graphs = heddle::graphs;
namespace runtime = heddle::runtime;

using Environment = std::map<std::string, std::string>;

// The model of the Auth0 sample.
graphs::ModelDefaults assistant0_model() {
  graphs::ModelDefaults defaults;
  defaults.openai_model = "gpt-4o";
  return defaults;
}

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
    // Pages that answer without naming the question see one at a time.
    options.version = graphs::ReactVersion::v1;
    return graphs::make_react_agent(std::move(options));
  }

  std::shared_ptr<const runtime::CompiledGraph> assistant0(const Environment& environment) {
    graphs::Assistant0Settings settings = graphs::assistant0_settings(environment);
    graphs::TokenVault& vault = vaults_.emplace_back(client(), clock_, log_, std::move(settings.vault));
    graphs::Assistant0Options options{model(environment, assistant0_model()), {}, clock_};
    options.tools = graphs::assistant0_tools(settings, {client(), clock_, vault});
    return graphs::make_assistant0(std::move(options));
  }

 private:
  std::shared_ptr<const graphs::ChatModel> model(const Environment& environment,
                                                 const graphs::ModelDefaults& defaults = {}) {
    graphs::ModelChoice choice = graphs::choose_model(environment, defaults);
    return graphs::make_model(std::move(choice), [this]() -> graphs::HttpClient& { return client(); });
  }

  // Made late and not with the program, because its thread must inherit the signals that the server blocks.
  graphs::HttpClient& client() {
    if (!client_) client_.emplace();
    return *client_;
  }

  runtime::SystemClock clock_;
  runtime::Log log_{clock_, runtime::LogLevel::info};
  std::optional<graphs::HttpClient> client_;
  std::deque<graphs::TokenVault> vaults_;  // one for each id under which assistant0 is served
};

bool serves(const api::Configuration& configuration, const std::string& builtin) {
  for (const auto& [id, entry] : configuration.graphs) {
    if (api::builtin_name(entry) == builtin) return true;
  }
  return false;
}

std::string notice(const api::Configuration& configuration) {
  std::string text;
  auto add = [&](const std::string& line) {
    if (line.empty() || text.find(line) != std::string::npos) return;
    text += (text.empty() ? "" : "\n") + line;
  };
  if (!serves(configuration, "assistant0")) return graphs::choose_model(configuration.environment).notice;
  if (serves(configuration, "agent")) add(graphs::choose_model(configuration.environment).notice);
  add(graphs::choose_model(configuration.environment, assistant0_model()).notice);
  add(graphs::missing_for_assistant0(graphs::assistant0_settings(configuration.environment)));
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  Shipped shipped;
  api::Program program;
  program.name = "heddle";
  program.builtin["agent"] = [&shipped](const Environment& environment) { return shipped.agent(environment); };
  program.builtin["assistant0"] = [&shipped](const Environment& environment) {
    return shipped.assistant0(environment);
  };
  program.default_graphs["agent"] = {"builtin:agent", std::nullopt};
  program.notice = notice;
  program.variables = graphs::model_variables();
  return api::run_command_line(argc, argv, program);
}
