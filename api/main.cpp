// heddle: the server with the graphs that ship with it.

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "api/command_line.h"
#include "graphs/http_client.h"
#include "graphs/offline_model.h"
#include "graphs/openai_model.h"
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

// The value of a variable; empty if it is not set.
std::string variable(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

// A server on the own machine may need no key, so that naming it is enough.
bool has_provider(const Environment& environment) {
  return !variable(environment, "OPENAI_API_KEY").empty() || !variable(environment, "OPENAI_BASE_URL").empty();
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
    return graphs::make_react_agent(std::move(options));
  }

 private:
  std::shared_ptr<const graphs::ChatModel> model(const Environment& environment) {
    if (!has_provider(environment)) return std::make_shared<graphs::OfflineModel>();
    graphs::OpenAiSettings settings;
    settings.api_key = runtime::Secret(variable(environment, "OPENAI_API_KEY"));
    settings.model = "gpt-4o-mini";
    const std::string name = variable(environment, "OPENAI_MODEL");
    if (!name.empty()) settings.model = name;
    const std::string url = variable(environment, "OPENAI_BASE_URL");
    if (!url.empty() && !url.starts_with("http://") && !url.starts_with("https://")) {
      throw std::runtime_error("OPENAI_BASE_URL: must begin with http:// or https://, like https://api.openai.com/v1");
    }
    if (!url.empty()) settings.base_url = url;
    // Made here and not with the program, because its thread must inherit the signals that the server blocks.
    if (!client_) client_.emplace();
    return std::make_shared<graphs::OpenAiModel>(*client_, std::move(settings));
  }

  runtime::SystemClock clock_;
  std::optional<graphs::HttpClient> client_;
};

std::string notice(const api::Configuration& configuration) {
  if (has_provider(configuration.environment)) return {};
  return "offline model: answers are made by simple rules, without a language model; set OPENAI_API_KEY for a real one";
}

}  // namespace

int main(int argc, char** argv) {
  Shipped shipped;
  api::Program program;
  program.name = "heddle";
  program.builtin["agent"] = [&shipped](const Environment& environment) { return shipped.agent(environment); };
  program.default_graphs["agent"] = {"builtin:agent", std::nullopt};
  program.notice = notice;
  return api::run_command_line(argc, argv, program);
}
