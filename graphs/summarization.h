#pragma once
// Long conversations of an agent are cut: what is old is replaced by its summary (runtime.md 17, Summarization).

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graphs/agent.h"
#include "graphs/chat_model.h"
#include "runtime/value.h"

namespace heddle::graphs {

using TokenCount = std::function<std::size_t(const runtime::ItemList&)>;

// Four characters of text and of arguments of calls are a token, and each message costs three: near enough for English
// to decide when to cut.
std::size_t approximate_tokens(const runtime::ItemList& messages);

// All that are set must hold.
struct SummaryTrigger {
  std::optional<std::size_t> messages{};  // at least so many
  std::optional<std::size_t> tokens{};
  std::optional<double> fraction{};  // of SummaryOptions::input_tokens_max; above 0, at most 1
};

struct SummaryOptions {
  std::shared_ptr<const ChatModel> model;
  std::vector<SummaryTrigger> triggers;      // any of them; none: there is never a summary
  std::size_t keep_messages = 20;            // at the end; more if a call would lose its answers
  std::optional<std::size_t> keep_tokens{};  // in place of keep_messages: as many messages as these hold, one at least
  std::optional<double> keep_fraction{};     // the same with a fraction of input_tokens_max; at most 1
  std::optional<std::size_t> input_tokens_max;  // that the model of the agent takes; fractions need it
  std::size_t summary_tokens_max = 4000;        // of what the model is given to summarise; the oldest messages go first
  std::string prompt;                           // in front of the messages to summarise; empty: a prompt in English
  TokenCount count;                             // empty: approximate_tokens
};

// Before a question to the model, if a trigger holds: one call of `model` whose tokens nobody sees, and the state's
// messages become the summary, as a message of the human, and those that are kept. A model that fails leaves the
// failure's text in place of a summary. A system message at the beginning does not count for what is kept, and is
// summarised with the rest. Throws std::logic_error without a model, for a trigger that names nothing, for keep_tokens
// beside keep_fraction, and for a fraction that cannot be.
Middleware summarization(SummaryOptions options);

}  // namespace heddle::graphs
