#pragma once
// A chat model without a network, for a first start without an account.
//
// It understands nothing and says so. By simple rules it calls tools for real, so that streaming, tool
// calls, interrupts and resuming can be seen at work.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "graphs/chat_model.h"

namespace heddle::graphs {

struct OfflineModelSettings {
  // Between two pieces: slow enough to see the answer grow. 0: none.
  std::chrono::milliseconds delay{15};
};

// If tools have answered since the last human message, it repeats what they said. Else, if it was given the tool: a
// message that begins with "ask me" calls `ask_human`; one with an arithmetic expression calls `calculator`, one that
// speaks of mail `search_gmail`, one with both calls both; one with the word "time" calls `current_time`. Else it says
// what it is. Texts begin with "[offline model]".
class OfflineModel final : public ChatModel {
 public:
  explicit OfflineModel(OfflineModelSettings settings = {}) : settings_(settings) {}

  boost::asio::awaitable<runtime::Message> ask(runtime::NodeContext& context, runtime::ItemList messages,
                                               ModelOptions options) const override;

 private:
  OfflineModelSettings settings_;
};

// The longest part of a text that can be calculated and is more than a number.
std::optional<std::string> find_expression(std::string_view text);

}  // namespace heddle::graphs
