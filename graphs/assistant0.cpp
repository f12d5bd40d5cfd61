#include "graphs/assistant0.h"

#include <chrono>
#include <cstdint>
#include <utility>

#include "graphs/react_agent.h"

namespace heddle::graphs {
namespace {

constexpr std::size_t kToTheSecond = 19;  // characters of an RFC 3339 time

std::string prompt_at(storage::Timestamp time) {
  return "You are Assistant0, the personal assistant of the person who writes to you. Be friendly and to the point. "
         "Look things up with your tools when that helps to answer, and say so when a tool could not do its work; "
         "never invent what a tool would have said. Show the text of e-mails as a markdown block quote, not in a code "
         "fence. The date and time at which this question was asked: " +
         storage::to_rfc3339(time).substr(0, kToTheSecond) + "Z.";
}

}  // namespace

storage::Timestamp time_of_run(const runtime::RunConfig& config, storage::Timestamp now) {
  constexpr unsigned kVersion7 = 7;
  if (!config.run_id) return now;
  const auto& bytes = config.run_id->uuid.bytes;
  if (bytes[6] >> 4U != kVersion7) return now;
  std::int64_t milliseconds = 0;
  for (std::size_t i = 0; i < 6; ++i) milliseconds = milliseconds * 256 + bytes[i];
  const storage::Timestamp asked{std::chrono::milliseconds(milliseconds)};
  return asked > now || now - asked > std::chrono::hours(1) ? now : asked;
}

std::shared_ptr<const runtime::CompiledGraph> make_assistant0(Assistant0Options options) {
  ReactAgentOptions agent;
  agent.model = std::move(options.model);
  agent.tools = std::move(options.tools);
  agent.model_options.temperature = 0;
  agent.tool_options.errors = ToolErrors::told_to_the_model;
  agent.version = ReactVersion::v1;  // as the sample's: its page answers one question after the other
  agent.prompt = [&clock = options.clock](const runtime::State& state, const runtime::RunConfig& config) {
    std::string text = prompt_at(time_of_run(config, clock.now()));
    return led_by(runtime::system_message(std::move(text)), state);
  };
  return make_react_agent(std::move(agent));
}

}  // namespace heddle::graphs
