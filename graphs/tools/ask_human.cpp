#include "graphs/tools/ask_human.h"

#include "runtime/schema.h"

namespace heddle::graphs {

ToolPointer ask_human_tool() {
  json::object question = described(runtime::schema::text(), "What to ask, as a full sentence.");
  ToolDeclaration declaration{"ask_human", "Asks the human a question and waits for the answer.",
                              parameters({{"question", std::move(question)}})};
  return make_tool(std::move(declaration), [](ToolContext& context, const json::object& arguments) -> ToolResult {
    return context.interrupt({{"question", arguments.at("question")}});
  });
}

}  // namespace heddle::graphs
