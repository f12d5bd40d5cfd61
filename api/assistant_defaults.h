#pragma once
// The variable LANGGRAPH_CONFIG: config and context of the assistants that graphs have by themselves (http-api.md 5).

#include <string>

#include "api/configuration.h"

namespace heddle::api {

// `text`: JSON, by graph id an object with `context` and beside it the members of a config. Fills
// `configuration.settings.assistant_defaults`; a graph that is not served is listed among what has no effect. Throws
// ConfigurationError for what is no such JSON, and for hidden keys, because what an assistant holds is shown.
void read_assistant_defaults(const std::string& text, Configuration& configuration);

}  // namespace heddle::api
