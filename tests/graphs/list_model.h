#pragma once
// A chat model whose answers are given.

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "graphs/chat_model.h"
#include "runtime/message.h"
#include "runtime/uuid.h"

namespace heddle::test {

// Answers from a list, one after the other, and notes what it was asked.
class ListModel final : public graphs::ChatModel {
 public:
  explicit ListModel(std::vector<runtime::Message> answers) : answers_(std::move(answers)) {}

  boost::asio::awaitable<runtime::Message> ask(runtime::NodeContext&, runtime::ItemList messages,
                                               graphs::ModelOptions options) const override {
    std::string types;
    for (const runtime::Value::Item& message : messages) types += std::string(runtime::message_type(*message)) + " ";
    asked.push_back(types);
    given = std::move(messages);
    tags = options.tags;
    last_options = std::move(options);
    if (next_ >= answers_.size()) throw std::runtime_error("the model has no more answers");
    runtime::Message answer = answers_[next_++];
    answer["id"] = runtime::uuid4().text();
    co_return answer;
  }

  mutable std::vector<std::string> asked;  // the types of the messages, for each question
  mutable runtime::ItemList given;         // with the last question
  mutable std::vector<std::string> tags;
  mutable graphs::ModelOptions last_options;

 private:
  std::vector<runtime::Message> answers_;
  mutable std::size_t next_ = 0;
};

// An answer with calls; their ids are call-1, call-2, ...
inline runtime::Message calls(std::vector<std::pair<std::string, runtime::json::object>> wanted) {
  runtime::json::array list;
  for (auto& [name, args] : wanted) {
    const std::string id = "call-" + std::to_string(list.size() + 1);
    list.push_back({{"name", name}, {"args", std::move(args)}, {"id", id}, {"type", "tool_call"}});
  }
  return runtime::ai_message("", std::move(list));
}

}  // namespace heddle::test
