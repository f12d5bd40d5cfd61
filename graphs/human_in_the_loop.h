#pragma once
// Tool calls of an agent that a human reviews before they are made (runtime.md 17, HumanInTheLoop).
//
// All calls of one answer that need a review are asked about in one question; the others wait with them. For a tool
// that asks by itself, whatever agent calls it, there is with_approval (graphs/approval.h).

#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "graphs/agent.h"

namespace heddle::graphs {

// What may be decided about the calls of one tool.
struct ReviewRule {
  std::vector<std::string> allowed{"approve", "edit", "reject"};
  std::optional<std::string> description{};          // in place of the words that name tool and arguments
  std::optional<boost::json::object> args_schema{};  // for the form in which a page edits the arguments
};

// `rules`: by name of the tool; calls of other tools are made without a question. About calls that another
// hook has answered nobody is asked.
// Question: {"actionRequests": [{name, args, description}], "reviewConfigs": [{actionName, allowedDecisions}]}.
// Answer: {"decisions": [...]}, one for each request, in the same order: {"type": "approve"},
// {"type": "edit", "editedAction": {name, args}}, {"type": "reject", "message"?}. An answer that is none of this fails
// the run with a text that says what is wrong. If a call is rejected none of the approved ones is made, and the model
// is asked again.
Middleware human_in_the_loop(std::map<std::string, ReviewRule> rules);

}  // namespace heddle::graphs
