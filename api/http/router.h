#pragma once
// Finds which entry of a table answers a request.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/message.h"

namespace heddle::api {

// A value: built once from the patterns of the route table, then only read.
class Router {
 public:
  // `pattern` like `/threads/{thread_id}/runs`. A literal segment wins over a `{name}` one. `entry` is
  // what find() gives back: the index of the route in its table. Throws std::logic_error when two
  // entries cannot be told apart.
  void add(Verb verb, std::string_view pattern, std::size_t entry);

  struct Match {
    std::size_t entry = 0;
    std::map<std::string, std::string> params;
  };
  // HEAD is answered by the entry for GET. Nothing for an unknown path, another verb, or a trailing
  // slash (http-api.md 2.1).
  std::optional<Match> find(const Request& request) const;

 private:
  struct Entry {
    Verb verb;
    std::vector<std::string> segments;  // "{name}" or a literal
    std::size_t entry;
  };
  std::vector<Entry> entries_;
};

}  // namespace heddle::api
