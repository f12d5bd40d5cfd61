#pragma once
// What can be done to what: the names that routes declare and rules use (http-api.md 17.3).

#include <algorithm>
#include <array>
#include <string_view>

namespace heddle::api {

struct Operation {
  std::string_view resource;
  std::string_view action;
};

// Runs are part of their threads. `meta`: `read` is the start page, `documents` are /docs and /openapi.json.
inline constexpr std::array kOperations = {
    Operation{"assistants", "create"}, Operation{"assistants", "read"},    Operation{"assistants", "update"},
    Operation{"assistants", "delete"}, Operation{"assistants", "search"},  Operation{"threads", "create"},
    Operation{"threads", "read"},      Operation{"threads", "update"},     Operation{"threads", "delete"},
    Operation{"threads", "search"},    Operation{"threads", "create_run"}, Operation{"crons", "create"},
    Operation{"crons", "read"},        Operation{"crons", "update"},       Operation{"crons", "delete"},
    Operation{"crons", "search"},      Operation{"store", "put"},          Operation{"store", "get"},
    Operation{"store", "delete"},      Operation{"store", "search"},       Operation{"store", "list_namespaces"},
    Operation{"meta", "read"},         Operation{"meta", "metrics"},       Operation{"meta", "documents"},
    Operation{"meta", "truncate"}};

constexpr bool is_operation(std::string_view resource, std::string_view action) {
  return std::ranges::any_of(kOperations,
                             [&](const Operation& one) { return one.resource == resource && one.action == action; });
}

}  // namespace heddle::api
