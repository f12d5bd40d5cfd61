#include "graphs/offline_model.h"

#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "graphs/model_stream.h"
#include "graphs/tools/calculator.h"
#include "runtime/json.h"
#include "runtime/uuid.h"

namespace heddle::graphs {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using runtime::Message;
using runtime::Value;

struct PlannedCall {
  std::string name;
  json::object arguments;
};
struct Plan {
  std::string text;
  std::vector<PlannedCall> calls;
};

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Words with the white space in front of them; joined they are the text.
std::vector<std::string> pieces_of(std::string_view text) {
  std::vector<std::string> pieces;
  std::size_t begin = 0;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (!is_space(text[at]) || is_space(text[at - 1])) continue;
    pieces.emplace_back(text.substr(begin, at - begin));
    begin = at;
  }
  if (begin < text.size()) pieces.emplace_back(text.substr(begin));
  return pieces;
}

bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool starts = at == 0 || !is_letter(text[at - 1]);
    const bool ends = at + word.size() == text.size() || !is_letter(text[at + word.size()]);
    if (starts && ends) return true;
  }
  return false;
}

bool offers(const ModelOptions& options, std::string_view name) {
  auto is_it = [&](const ToolDeclaration& tool) { return tool.name == name; };
  return std::ranges::any_of(options.tools, is_it);
}

// What the tools have said since the last human message.
std::string said_by_tools(const runtime::ItemList& messages) {
  std::string said;
  for (const Value::Item& message : messages) {
    const std::string_view type = runtime::message_type(*message);
    if (type == "human") said.clear();
    if (type != "tool") continue;
    if (!said.empty()) said += "; ";
    said +=
        std::string(runtime::find_text(*message, "name").value_or("a tool")) + ": " + runtime::message_text(*message);
  }
  return said;
}

std::string last_human_text(const runtime::ItemList& messages) {
  auto is_human = [](const Value::Item& message) { return runtime::message_type(*message) == "human"; };
  const auto found = std::find_if(messages.rbegin(), messages.rend(), is_human);
  return found == messages.rend() ? std::string() : runtime::message_text(**found);
}

bool is_about_mail(std::string_view small) {
  constexpr std::array<std::string_view, 6> kWords = {"mail", "mails", "email", "emails", "inbox", "gmail"};
  return std::ranges::any_of(kWords, [&](std::string_view word) { return has_word(small, word); });
}

// What the tools that it was given can be shown with.
std::string things_to_try(const ModelOptions& options) {
  std::string things = "what is 12 * (3 + 4)?";
  if (offers(options, "current_time")) things += " what time is it?";
  if (offers(options, "search_gmail")) things += " what is in my mail?";
  if (offers(options, "ask_human")) things += " ask me how my day was";
  return things;
}

Plan plan_answer(const runtime::ItemList& messages, const ModelOptions& options) {
  const std::string said = said_by_tools(messages);
  if (!said.empty()) return {"[offline model] " + said, {}};

  const std::string human = last_human_text(messages);
  const std::string_view text = trimmed(human);
  const std::string small = lower(text);
  constexpr std::string_view kAskMe = "ask me";
  if (small.starts_with(kAskMe) && offers(options, "ask_human")) {
    const std::string_view rest = trimmed(text.substr(kAskMe.size()));
    json::object arguments{{"question", rest.empty() ? std::string_view("What would you like to tell me?") : rest}};
    Plan plan;
    plan.calls.push_back({"ask_human", std::move(arguments)});
    return plan;
  }
  Plan plan;
  const std::optional<std::string> expression = find_expression(text);
  if (expression && offers(options, "calculator")) plan.calls.push_back({"calculator", {{"input", *expression}}});
  if (is_about_mail(small) && offers(options, "search_gmail")) {
    json::object arguments{{"query", "in:inbox is:unread"}, {"maxResults", 5}, {"resource", "messages"}};
    plan.calls.push_back({"search_gmail", std::move(arguments)});
  }
  if (!plan.calls.empty()) return plan;
  if (has_word(small, "time") && offers(options, "current_time")) {
    plan.calls.push_back({"current_time", {}});
    return plan;
  }
  plan.text =
      "[offline model] I am a stand-in without a network and do not understand what you say. Set OPENAI_API_KEY "
      "and start the server again to talk to a real model. Until then try: " +
      things_to_try(options);
  return plan;
}

std::vector<Message> streamed(const Plan& plan, std::int64_t tokens_read) {
  std::vector<Message> pieces;
  auto add = [&]() -> Message& { return pieces.emplace_back(empty_piece()); };
  for (const std::string& word : pieces_of(plan.text)) add()["content"] = word;
  for (std::size_t index = 0; index < plan.calls.size(); ++index) {
    const PlannedCall& call = plan.calls[index];
    json::object start{{"index", index},
                       {"id", "call_" + runtime::uuid4().text()},
                       {"name", call.name},
                       {"args", ""},
                       {"type", "tool_call_chunk"}};
    add()["tool_call_chunks"].as_array().push_back(std::move(start));
    json::object arguments{{"index", index}, {"args", runtime::to_text(call.arguments)}, {"type", "tool_call_chunk"}};
    add()["tool_call_chunks"].as_array().push_back(std::move(arguments));
  }
  const auto written = static_cast<std::int64_t>(pieces.size());
  Message& last = add();
  last["response_metadata"] =
      json::object{{"finish_reason", plan.calls.empty() ? "stop" : "tool_calls"}, {"model_name", "offline"}};
  last["usage_metadata"] =
      json::object{{"input_tokens", tokens_read}, {"output_tokens", written}, {"total_tokens", tokens_read + written}};
  pieces.front()["id"] = runtime::uuid4().text();
  return pieces;
}

// How many bytes at `at` may be part of an expression: a digit, an operator, or a known name.
std::size_t expression_part(std::string_view text, std::size_t at) {
  if (std::string_view("0123456789.+-*/%^(), ").find(text[at]) != std::string_view::npos) return 1;
  if (!is_letter(text[at]) || (at > 0 && is_letter(text[at - 1]))) return 0;
  static constexpr std::array<std::string_view, 9> kNames = {"sqrt",  "abs",  "min", "max", "round",
                                                             "floor", "ceil", "pi",  "e"};
  std::size_t end = at;
  while (end < text.size() && is_letter(text[end])) ++end;
  const std::string_view name = text.substr(at, end - at);
  return std::ranges::find(kNames, name) == kNames.end() ? 0 : name.size();
}

bool can_be_calculated(std::string_view text) {
  // A number alone is not worth a calculation; a sign in front does not make it one.
  const bool is_more = text.find_first_of("+-*/%^(", 1) != std::string_view::npos;
  if (!is_more || text.find_first_of("0123456789") == std::string_view::npos) return false;
  try {
    calculate(text);
    return true;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

}  // namespace

std::optional<std::string> find_expression(std::string_view text) {
  std::string_view best;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size()) {
      const std::size_t part = expression_part(text, end);
      if (part == 0) break;
      end += part;
    }
    std::string_view candidate = trimmed(text.substr(at, end - at));
    // The full stop and comma of a sentence, and a minus that is a dash.
    while (!candidate.empty() && std::string_view(".,- ").find(candidate.back()) != std::string_view::npos) {
      candidate.remove_suffix(1);
    }
    while (!candidate.empty() && std::string_view(", ").find(candidate.front()) != std::string_view::npos) {
      candidate.remove_prefix(1);
    }
    if (candidate.size() > best.size() && can_be_calculated(candidate)) best = candidate;
    at = end + 1;
  }
  if (best.empty()) return std::nullopt;
  return std::string(best);
}

asio::awaitable<Message> OfflineModel::ask(runtime::NodeContext& context, runtime::ItemList messages,
                                           ModelOptions options) const {
  const Plan plan = plan_answer(messages, options);
  runtime::ModelCall call;
  call.run_id = runtime::uuid4().text();
  call.class_name = "OfflineModel";
  call.ls_metadata = {{"ls_provider", "heddle"}, {"ls_model_name", "offline"}, {"ls_model_type", "chat"}};
  call.tags = std::move(options.tags);
  ModelStream stream(context, std::move(call), messages);

  std::int64_t tokens_read = 0;
  for (const Value::Item& message : messages) {
    tokens_read += static_cast<std::int64_t>(pieces_of(runtime::message_text(*message)).size());
  }
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  std::vector<Message> pieces = streamed(plan, tokens_read);
  for (Message& piece : pieces) {
    stream.piece(std::move(piece));
    if (settings_.delay.count() <= 0) continue;
    timer.expires_after(settings_.delay);
    co_await timer.async_wait(asio::use_awaitable);
  }
  co_return stream.end();
}

}  // namespace heddle::graphs
