#pragma once
// Where an agent goes next, by what its messages say (runtime.md 16.1 and 17). Pure.

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/command.h"
#include "runtime/message.h"
#include "runtime/node.h"
#include "runtime/state.h"

namespace heddle::graphs {

// The calls of the last ai message that nobody has answered.
boost::json::array open_calls(const runtime::ItemList& messages);

// The key under which a task that is sent one call finds it, beside the state (runtime.md 16.1).
inline constexpr std::string_view kSentCall = "lg_tool_call";

// A task of `node` for each call: its argument is the state with the call as kSentCall.
std::vector<runtime::Goto> sends_of(const boost::json::array& calls, const runtime::State& state,
                                    std::string_view node);

// What counts as the answer of a tool that returns directly.
enum class DirectAnswer { any, successful };

// Whether one of the answers at the end is that of one of these tools.
bool ends_with_answer_of(const runtime::ItemList& messages, const std::set<std::string>& tools, DirectAnswer counted);
// Whether the last ai message calls one of them.
bool calls_one_of(const runtime::ItemList& messages, const std::set<std::string>& tools);

enum class StepGuard {
  off,
  // An answer with tool calls that the recursion limit leaves no room for is replaced by an apology.
  on,
};

// The answer, or the apology with its id and name.
runtime::Message guarded(StepGuard guard, const runtime::NodeContext& context, runtime::Message answer);

}  // namespace heddle::graphs
