#pragma once
// What a person reads when the server has started: where it is, and a line to paste. Pure functions.

#include <string>
#include <vector>

#include "api/http/listener.h"
#include "runtime/compiled_graph.h"

namespace heddle::api {

enum class Scheme { http, https };

// "http://127.0.0.1:2024/prefix". Of several addresses an IPv4 one, because it needs no brackets; a wildcard address
// is told as loopback, because nobody can connect to the wildcard.
std::string base_url(const std::vector<BoundAddress>& addresses, const std::string& mount_prefix,
                     Scheme scheme = Scheme::http);

struct NamedGraph {
  std::string id;
  const runtime::GraphSchemas* schemas = nullptr;
};
// The graph that a first try should use: one that takes messages if there is one, else the first. `graphs` is not
// empty.
const NamedGraph& first_to_try(const std::vector<NamedGraph>& graphs);

enum class Callers { anybody, with_token, with_key };

// A command for a POSIX shell that streams an answer of the graph, without a thread. `with_token`: the shell's variable
// TOKEN is sent as bearer token; `with_key`: KEY as API key.
std::string curl_line(const std::string& url, const NamedGraph& graph, Callers callers = Callers::anybody);

}  // namespace heddle::api
