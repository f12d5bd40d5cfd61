#pragma once
// A tool that acts only when a human has said so (the human-in-the-loop form of runtime.md 17).

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "graphs/tool.h"

namespace heddle::graphs {

// {"actionRequests": [{name, args, description}], "reviewConfigs": [{actionName, allowedDecisions}]}
boost::json::object approval_question(const std::string& name, const boost::json::object& arguments);

// What a human said about one call.
struct Decision {
  enum class Kind { approve, edit, reject };
  Kind kind = Kind::reject;
  boost::json::object arguments;       // of an edit
  std::optional<std::string> message;  // of a rejection
};

// Reads {"decisions": [{"type": "approve"}]}, with {"type": "edit", "editedAction": {name, args}} (or `edited_action`)
// and {"type": "reject", "message"}. Throws std::invalid_argument that says what is wrong, for anything else, for more
// or fewer decisions than one, and for an edit that makes another tool of it.
Decision decision_from(const boost::json::value& answer, std::string_view name);

struct ApprovalOptions {
  // What has to be settled before anybody is bothered, like the consent at a third party: it may throw, and it may ask
  // a question that needs no answer (ask_to_authorize). Runs each time the call is made. May be empty.
  std::function<boost::asio::awaitable<void>(ToolContext&)> before{};
};

// The tool with name, description and schema of `tool`, which asks before it acts. An approved call is made as it is,
// an edited one with the human's arguments, which must fit the schema; a rejected one is answered with status `error`.
// An answer that is no decision fails the call, and nothing is done.
ToolPointer with_approval(ToolPointer tool, ApprovalOptions options = {});

}  // namespace heddle::graphs
