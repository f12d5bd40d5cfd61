#pragma once
// Assistants as tools of other programs: each under a name that is unique among those that the caller may see
// (http-api.md 14).

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/services/assistant_service.h"
#include "storage/assistants.h"

namespace heddle::api {

// Oldest first. A list of tools is read by a model as a whole; beyond so many it is of no use.
inline constexpr std::int64_t kToolsMax = 1000;

struct AssistantTool {
  std::string name;
  storage::Assistant assistant;
};

// Letters, digits, `_` and `-` as they are, others become `_`; at most 64 of them, because models take no longer names.
std::string tool_name(std::string_view assistant_name);

// An assistant whose name is taken by an older one has its id behind it, so that each name means one assistant and goes
// on meaning it when others are made.
std::vector<AssistantTool> named_tools(std::vector<storage::Assistant> assistants);

// The tools that the owner may see. `assistants` outlives the call.
boost::asio::awaitable<std::vector<AssistantTool>> assistant_tools(const AssistantService& assistants,
                                                                   storage::AssistantReader reader);

}  // namespace heddle::api
