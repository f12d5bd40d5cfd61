#include "api/services/assistant_tools.h"

#include <functional>
#include <set>
#include <utility>

namespace heddle::api {

namespace asio = boost::asio;

std::string tool_name(std::string_view assistant_name) {
  constexpr std::size_t kLettersMax = 64;
  std::string name;
  for (const char c : assistant_name.substr(0, kLettersMax)) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool is_kept = is_letter || (c >= '0' && c <= '9') || c == '_' || c == '-';
    name += is_kept ? c : '_';
  }
  return name.empty() ? "_" : name;
}

std::vector<AssistantTool> named_tools(std::vector<storage::Assistant> assistants) {
  std::vector<AssistantTool> tools;
  std::set<std::string, std::less<>> taken;
  for (storage::Assistant& assistant : assistants) {
    std::string name = tool_name(assistant.name);
    if (!taken.insert(name).second) {
      name += "_" + assistant.assistant_id.text();
      taken.insert(name);
    }
    tools.push_back({std::move(name), std::move(assistant)});
  }
  return tools;
}

asio::awaitable<std::vector<AssistantTool>> assistant_tools(const AssistantService& assistants,
                                                            storage::AssistantReader reader) {
  storage::AssistantQuery query;
  query.reader = std::move(reader);
  query.order = storage::SortOrder::ascending;
  query.page = {kToolsMax, 0};
  storage::Found<storage::Assistant> found = co_await assistants.search(query);
  co_return named_tools(std::move(found.records));
}

}  // namespace heddle::api
