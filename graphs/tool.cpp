#include "graphs/tool.h"

#include <stdexcept>

#include "runtime/schema_check.h"

namespace heddle::graphs {
namespace {

namespace asio = boost::asio;

class WaitingTool final : public Tool {
 public:
  WaitingTool(ToolDeclaration declaration, ToolFunction body)
      : declaration_(std::move(declaration)), body_(std::move(body)) {}
  const ToolDeclaration& declaration() const override { return declaration_; }
  asio::awaitable<ToolResult> call(ToolContext& context, json::object arguments) const override {
    return body_(context, std::move(arguments));
  }

 private:
  ToolDeclaration declaration_;
  ToolFunction body_;
};

class PlainTool final : public Tool {
 public:
  PlainTool(ToolDeclaration declaration, PlainToolFunction body)
      : declaration_(std::move(declaration)), body_(std::move(body)) {}
  const ToolDeclaration& declaration() const override { return declaration_; }
  asio::awaitable<ToolResult> call(ToolContext& context, json::object arguments) const override {
    ToolResult result = body_(context, arguments);
    co_return result;
  }

 private:
  ToolDeclaration declaration_;
  PlainToolFunction body_;
};

}  // namespace

const ThirdPartyToken& ToolContext::token() const {
  if (token_ == nullptr) throw std::logic_error("the tool " + name_ + " needs a token; wrap it in with_token_vault()");
  return *token_;
}

ToolContext ToolContext::with(const ThirdPartyToken& token) const {
  ToolContext context = *this;
  context.token_ = &token;
  return context;
}

ToolPointer make_waiting_tool(ToolDeclaration declaration, ToolFunction body) {
  return std::make_shared<const WaitingTool>(std::move(declaration), std::move(body));
}

ToolPointer make_tool(ToolDeclaration declaration, PlainToolFunction body) {
  return std::make_shared<const PlainTool>(std::move(declaration), std::move(body));
}

json::object parameters(std::vector<std::pair<std::string, json::object>> properties) {
  json::object members;
  json::array required;
  for (auto& [name, schema] : properties) {
    required.emplace_back(name);
    members[name] = std::move(schema);
  }
  json::object schema;
  schema["type"] = "object";
  schema["properties"] = std::move(members);
  schema["required"] = std::move(required);
  return schema;
}

json::object described(json::object schema, std::string description) {
  schema["description"] = std::move(description);
  return schema;
}

std::optional<std::string> argument_mismatch(const json::object& schema, const json::object& arguments) {
  std::optional<std::string> mismatch = runtime::schema_mismatch(schema, arguments, runtime::UnknownKeys::passed_over);
  if (!mismatch) return std::nullopt;
  return "Received tool input did not match expected schema\n" + *mismatch;
}

}  // namespace heddle::graphs
