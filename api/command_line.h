#pragma once
// The command line of `heddle`, for `heddle` itself and for every program that embeds the server.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/settings.h"
#include "graphs/registry.h"
#include "runtime/compiled_graph.h"
#include "runtime/log.h"

namespace heddle::api {

// Makes a compiled-in graph from the environment (model, keys). Throws std::runtime_error with a text that says what to
// set.
using GraphFactory =
    std::function<std::shared_ptr<const runtime::CompiledGraph>(const std::map<std::string, std::string>& environment)>;

// What an embedding program brings.
struct Program {
  std::string name;                                  // of the executable
  std::map<std::string, GraphFactory> builtin;       // NAME of "builtin:NAME"
  std::map<std::string, GraphEntry> default_graphs;  // served when no configuration file is named or found
  std::vector<std::string> variables;                // further ones that begin with HEDDLE_ and that its graphs read
  ServerSettings defaults;                           // what holds where nothing is configured
  // Printed once before the server starts, for example that the offline model is used. May be empty.
  std::function<std::string(const Configuration&)> notice;
};

// serve (default), check, graph NAME, --version, --help. Returns the exit status.
int run_command_line(int argc, char** argv, const Program& program);

}  // namespace heddle::api
