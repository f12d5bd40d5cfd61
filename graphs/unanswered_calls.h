#pragma once
// A conversation in the form in which providers take it: every tool call has its answer.

#include <vector>

#include "runtime/message.h"

namespace heddle::graphs {

// The messages with an answer of status `error`, "cancelled by the user", behind those of each ai message whose tool
// calls nobody has answered: the user wrote something new while the run was interrupted, and the calls were given up
// (auth0-token-vault.md 4). Messages that need nothing are shared.
runtime::ItemList with_all_calls_answered(runtime::ItemList messages);

// Puts the calls whose arguments are no JSON among the tool calls of a model's answer, with empty arguments: a call
// that is no tool call is never answered, and the run would end without a word. They stay in `invalid_tool_calls` too,
// by which the tool node knows not to make them. Calls without an id or a name are left where they are.
void take_broken_calls(runtime::Message& answer);

}  // namespace heddle::graphs
