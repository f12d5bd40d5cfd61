#pragma once
// A call of a tool whose result is a text.

#include <boost/asio/awaitable.hpp>
#include <string>
#include <utility>
#include <variant>

#include "graphs/tool.h"

namespace heddle::test {

inline boost::asio::awaitable<std::string> text_of_call(graphs::ToolPointer tool, graphs::ToolContext& context,
                                                        runtime::json::object arguments) {
  graphs::ToolResult result = co_await tool->call(context, std::move(arguments));
  co_return std::string(std::get<runtime::json::value>(std::move(result).take()).as_string());
}

}  // namespace heddle::test
