#include "graphs/tools/current_time.h"

namespace heddle::graphs {

ToolPointer current_time_tool(const runtime::Clock& clock) {
  constexpr std::size_t kToTheSecond = 19;  // characters of an RFC 3339 time
  ToolDeclaration declaration{"current_time", "Tells the current date and time in UTC.", parameters({})};
  return make_tool(std::move(declaration), [&clock](ToolContext&, const json::object&) -> ToolResult {
    return storage::to_rfc3339(clock.now()).substr(0, kToTheSecond) + "Z";
  });
}

}  // namespace heddle::graphs
