#pragma once
// What the model of an agent is asked with (runtime.md 16.1): the messages of the state and what a prompt makes of
// them. Nothing of a prompt is stored.

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/message.h"
#include "runtime/run_config.h"
#include "runtime/state.h"
#include "runtime/value.h"

namespace heddle::graphs {

// Gives all that the model is asked with, in any form of a message. Called before each question, and should say the
// same each time it is asked with one state in one run. Items of the state that it gives back are shared, not copied.
using PromptFunction = std::function<runtime::ItemList(const runtime::State&, const runtime::RunConfig&)>;

// A text (empty: none) or a system message, which goes in front of the messages; or a function that has its own way.
using Prompt = std::variant<std::string, runtime::Message, PromptFunction>;

// A message and the messages of the state behind it: for functions that only lead with something.
runtime::ItemList led_by(runtime::Message first, const runtime::State& state);

// The messages for the model, in flat form. `state` has those of the conversation in `messages`. Throws what the
// function throws, and MessageCoercionError for what is no message.
runtime::ItemList prompted(const Prompt& prompt, const runtime::State& state, const runtime::RunConfig& config);

}  // namespace heddle::graphs
