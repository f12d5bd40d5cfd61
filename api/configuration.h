#pragma once
// From flags, environment and langgraph.json to what a start needs; what is wrong is said with its place.
//
// A flag wins over the environment, the environment over langgraph.json, that over the default. All of them are
// checked, the overridden ones too, so that a mistake does not wait for the day it counts.

#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "api/settings.h"

namespace heddle::api {

// Something is configured that cannot be. The text is one line: source, key, value, what is allowed.
class ConfigurationError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct ConfigurationSources {
  // Where langgraph.json is looked for and relative paths begin.
  std::filesystem::path directory = ".";
  // Named with --config; otherwise HEDDLE_CONFIG, otherwise langgraph.json in `directory` if there is one.
  std::optional<std::string> config_file;
  // Values given on the command line, by Setting::name.
  std::map<std::string, std::vector<std::string>> flags;
  // Of the process. An empty value counts as not set.
  std::map<std::string, std::string> environment;
  // Variables beside those of the settings that begin with HEDDLE_ and have an effect.
  std::vector<std::string> variables;
  // NAMEs that "builtin:NAME" may have.
  std::vector<std::string> builtin;
  // What holds where nothing is configured.
  ServerSettings defaults;
  // Served when there is no file.
  std::map<std::string, GraphEntry> default_graphs;
};

// Reads the files that the sources name. Throws ConfigurationError.
Configuration load_configuration(const ConfigurationSources& sources);

// NAME of an entry that load_configuration() has let through.
std::string builtin_name(const GraphEntry& entry);

}  // namespace heddle::api
