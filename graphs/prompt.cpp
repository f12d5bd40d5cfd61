#include "graphs/prompt.h"

#include <memory>
#include <utility>

namespace heddle::graphs {

namespace json = boost::json;
using runtime::Message;
using runtime::State;
using runtime::Value;

runtime::ItemList led_by(Message first, const State& state) {
  const runtime::ItemList& given = state["messages"].items();
  runtime::ItemList messages;
  messages.reserve(given.size() + 1);
  messages.push_back(std::make_shared<const json::value>(std::move(first)));
  messages.append(given);
  return messages;
}

runtime::ItemList prompted(const Prompt& prompt, const State& state, const runtime::RunConfig& config) {
  if (const std::string* text = std::get_if<std::string>(&prompt)) {
    return text->empty() ? state["messages"].items() : led_by(runtime::system_message(*text), state);
  }
  runtime::ItemList messages;
  if (const Message* message = std::get_if<Message>(&prompt)) {
    messages = led_by(*message, state);
  } else {
    messages = std::get<PromptFunction>(prompt)(state, config);
  }
  for (std::size_t place = 0; place < messages.size(); ++place) {
    const json::value& message = *messages[place];
    if (runtime::is_message(message)) continue;
    messages.set(place, std::make_shared<const json::value>(runtime::coerce_message(message)));
  }
  return messages;
}

}  // namespace heddle::graphs
