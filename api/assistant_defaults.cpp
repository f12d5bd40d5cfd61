#include "api/assistant_defaults.h"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <utility>

#include "api/services/hidden_keys.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace json = boost::json;

const std::string kVariable = "LANGGRAPH_CONFIG";

// No value of the variable in an error text: somebody may have put a credential there.
json::object parsed(const std::string& text) {
  try {
    json::value value = runtime::parse_json(text);
    if (value.is_object()) return std::move(value.as_object());
  } catch (const runtime::JsonError&) {
    throw ConfigurationError(kVariable + ": is no JSON; give an object of configs by graph id");
  }
  throw ConfigurationError(kVariable + ": must be an object of configs by graph id");
}

void check_hidden(const json::value* members, const std::string& place, const ServerSettings& settings) {
  if (members == nullptr || !members->is_object()) return;
  const std::vector<std::string> hidden = hidden_keys_of(members->as_object(), settings);
  if (hidden.empty()) return;
  throw ConfigurationError(place + "." + hidden.front() +
                           ": is a secret of one run, and an assistant is stored and shown; send it with each run");
}

}  // namespace

void read_assistant_defaults(const std::string& text, Configuration& configuration) {
  for (const auto& member : parsed(text)) {
    const std::string graph_id(member.key());
    const std::string place = kVariable + ": " + graph_id;
    if (!member.value().is_object()) throw ConfigurationError(place + ": must be an object");
    if (!configuration.graphs.contains(graph_id)) {
      configuration.keys_without_effect.push_back(kVariable + " of the graph `" + graph_id + "`, which is not served");
      continue;
    }
    json::object config = member.value().as_object();
    const json::value* given = runtime::find_given(config, "context");
    const json::value context = given == nullptr ? json::value(json::object{}) : *given;
    config.stable_erase("context");
    config.stable_erase("callbacks");
    const json::value* configurable = runtime::find_given(config, "configurable");
    if (configurable != nullptr && !configurable->is_object()) {
      throw ConfigurationError(place + ".configurable: must be an object");
    }
    check_hidden(configurable, place + ".configurable", configuration.settings);
    check_hidden(&context, place + ".context", configuration.settings);
    configuration.settings.assistant_defaults[graph_id] = {runtime::to_text(config), runtime::to_text(context)};
  }
}

}  // namespace heddle::api
