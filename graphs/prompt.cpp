#include "graphs/prompt.h"

#include <memory>
#include <utility>

namespace heddle::graphs {

namespace json = boost::json;
using runtime::Message;
using runtime::State;
using runtime::Value;

std::vector<Value::Item> led_by(Message first, const State& state) {
  const std::vector<Value::Item>& given = state["messages"].items();
  std::vector<Value::Item> messages;
  messages.reserve(given.size() + 1);
  messages.push_back(std::make_shared<const json::value>(std::move(first)));
  messages.insert(messages.end(), given.begin(), given.end());
  return messages;
}

std::vector<Value::Item> prompted(const Prompt& prompt, const State& state, const runtime::RunConfig& config) {
  if (const std::string* text = std::get_if<std::string>(&prompt)) {
    return text->empty() ? state["messages"].items() : led_by(runtime::system_message(*text), state);
  }
  std::vector<Value::Item> messages;
  if (const Message* message = std::get_if<Message>(&prompt)) {
    messages = led_by(*message, state);
  } else {
    messages = std::get<PromptFunction>(prompt)(state, config);
  }
  for (Value::Item& message : messages) {
    if (runtime::is_message(*message)) continue;
    message = std::make_shared<const json::value>(runtime::coerce_message(*message));
  }
  return messages;
}

}  // namespace heddle::graphs
