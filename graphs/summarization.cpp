#include "graphs/summarization.h"

#include <algorithm>
#include <exception>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "runtime/json.h"
#include "runtime/message.h"

namespace heddle::graphs {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using runtime::Message;
using runtime::NodeContext;
using runtime::Value;
using Messages = runtime::ItemList;
using Options = std::shared_ptr<const SummaryOptions>;

constexpr std::string_view kPrompt =
    "Summarise the following conversation so that it can be gone on with: facts, decisions, names, open questions. "
    "Answer with the summary alone.";

std::size_t tokens_of(double fraction, const SummaryOptions& options) {
  return static_cast<std::size_t>(fraction * static_cast<double>(options.input_tokens_max.value()));
}

bool holds(const SummaryTrigger& trigger, const Messages& messages, const SummaryOptions& options) {
  if (trigger.messages && messages.size() < *trigger.messages) return false;
  if (!trigger.tokens && !trigger.fraction) return true;
  std::size_t least = trigger.tokens.value_or(0);
  if (trigger.fraction) least = std::max(least, tokens_of(*trigger.fraction, options));
  return options.count(messages) >= least;
}

// How many of the newest messages hold no more than `tokens`, and one however large it is: what was said last is what
// there is to answer. More messages are never fewer tokens, so it halves.
std::size_t newest_within(std::size_t tokens, const Messages& messages, const TokenCount& count) {
  std::size_t fits = std::min<std::size_t>(1, messages.size());
  std::size_t too_many = messages.size() + 1;
  while (too_many - fits > 1) {
    const std::size_t tried = fits + (too_many - fits) / 2;
    const Messages newest(messages.end() - static_cast<std::ptrdiff_t>(tried), messages.end());
    (count(newest) <= tokens ? fits : too_many) = tried;
  }
  return fits;
}

// How many of the newest messages stay.
std::size_t kept_of(const Messages& conversation, const SummaryOptions& options) {
  if (options.keep_fraction) {
    return newest_within(tokens_of(*options.keep_fraction, options), conversation, options.count);
  }
  if (options.keep_tokens) return newest_within(*options.keep_tokens, conversation, options.count);
  return std::min(options.keep_messages, conversation.size());
}

// How many messages at the beginning give way. A call is never separated from its answers.
std::size_t cut_of(const Messages& messages, std::size_t keep) {
  std::size_t cut = messages.size() - keep;
  while (cut > 0 && cut < messages.size() && runtime::message_type(*messages[cut]) == "tool") --cut;
  return cut;
}

// The messages as one text, the newest that fit.
std::string told(const Messages& messages, const SummaryOptions& options) {
  const std::size_t first = messages.size() - newest_within(options.summary_tokens_max, messages, options.count);
  std::string text;
  for (std::size_t place = first; place < messages.size(); ++place) {
    text += std::string(runtime::message_type(*messages[place])) + ": " + runtime::message_text(*messages[place]);
    const json::array& calls = runtime::tool_calls(*messages[place]);
    if (!calls.empty()) text += " " + runtime::to_text(calls);
    text += "\n";
  }
  return text;
}

asio::awaitable<std::string> summary_of(Options options, NodeContext& context, Messages old) {
  const std::string prompt = options->prompt.empty() ? std::string(kPrompt) : options->prompt;
  Messages question{std::make_shared<const json::value>(runtime::human_message(prompt + "\n\n" + told(old, *options)))};
  ModelOptions model_options;
  model_options.tags = {"nostream"};
  std::exception_ptr failure;
  std::string text;
  try {
    const Message answer = co_await options->model->ask(context, std::move(question), std::move(model_options));
    text = runtime::message_text(answer);
  } catch (const std::exception& error) {
    failure = std::current_exception();
    text = "Error generating summary: " + std::string(error.what());
  }
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  const bool cancelled = state.cancelled() != asio::cancellation_type::none;
  if (cancelled && failure) std::rethrow_exception(failure);
  co_return text;
}

asio::awaitable<HookResult> summarise(Options options, NodeContext& context) {
  const Messages messages = context.state()["messages"].items();
  HookResult result;
  const auto wants = [&](const SummaryTrigger& trigger) { return holds(trigger, messages, *options); };
  if (std::ranges::none_of(options->triggers, wants)) co_return result;
  const bool has_system = !messages.empty() && runtime::message_type(*messages.front()) == "system";
  const auto begin = messages.begin() + (has_system ? 1 : 0);
  const Messages conversation(begin, messages.end());
  const std::size_t cut = cut_of(conversation, kept_of(conversation, *options));
  if (cut == 0) co_return result;
  const auto end_of_old = begin + static_cast<std::ptrdiff_t>(cut);
  Messages old(messages.begin(), end_of_old);
  const std::string text = co_await summary_of(options, context, std::move(old));

  Message summary = runtime::human_message("Here is a summary of the conversation to date:\n\n" + text);
  summary["additional_kwargs"] = json::object{{"lc_source", "summarization"}};
  summary["id"] = std::string(runtime::message_id(*conversation.front()));
  json::array written;
  written.push_back({{"type", "remove"}, {"id", "__remove_all__"}, {"content", json::array()}});
  written.push_back(std::move(summary));
  for (auto kept = end_of_old; kept != messages.end(); ++kept) written.push_back(**kept);
  result.update["messages"] = std::move(written);
  co_return result;
}

bool is_share(double fraction) {
  return fraction >= 0 && fraction <= 1;  // and is a number
}

void check(const SummaryOptions& options) {
  if (options.model == nullptr) throw std::logic_error("summaries need a model");
  bool needs_size = options.keep_fraction.has_value();
  for (const SummaryTrigger& trigger : options.triggers) {
    if (!trigger.messages && !trigger.tokens && !trigger.fraction) {
      throw std::logic_error("a trigger of summaries names nothing; give it messages, tokens or a fraction");
    }
    if (!trigger.fraction) continue;
    needs_size = true;
    if (!is_share(*trigger.fraction) || *trigger.fraction == 0) {
      throw std::logic_error("the fraction of a trigger of summaries is above 0 and at most 1");
    }
  }
  if (options.keep_fraction && !is_share(*options.keep_fraction)) {
    throw std::logic_error("keep_fraction of summaries is between 0 and 1");
  }
  if (options.keep_fraction && options.keep_tokens) {
    throw std::logic_error("summaries keep tokens or a fraction; give one of keep_tokens and keep_fraction");
  }
  if (needs_size && !options.input_tokens_max) {
    throw std::logic_error(
        "a fraction of what the model takes needs input_tokens_max; give it, or tokens in place of the fraction");
  }
}

}  // namespace

std::size_t approximate_tokens(const Messages& messages) {
  std::size_t characters = 0;
  for (const Value::Item& message : messages) {
    characters += runtime::message_text(*message).size();
    const json::array& calls = runtime::tool_calls(*message);
    if (!calls.empty()) characters += runtime::to_text(calls).size();
  }
  return characters / 4 + 3 * messages.size();
}

Middleware summarization(SummaryOptions options) {
  check(options);
  if (!options.count) options.count = approximate_tokens;
  const Options shared = std::make_shared<const SummaryOptions>(std::move(options));
  Middleware middleware;
  middleware.name = "SummarizationMiddleware";
  middleware.before_model.body = [shared](NodeContext& context) { return summarise(shared, context); };
  return middleware;
}

}  // namespace heddle::graphs
