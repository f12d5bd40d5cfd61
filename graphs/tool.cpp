#include "graphs/tool.h"

#include <cmath>
#include <stdexcept>
#include <string_view>

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

std::string_view kind_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "boolean";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "number";
    case json::kind::string:
      return "string";
    case json::kind::array:
      return "array";
    case json::kind::object:
      return "object";
  }
  return "unknown";
}

bool is_of_type(const json::value& value, std::string_view type) {
  if (type != "integer") return kind_of(value) == type;
  return value.is_int64() || value.is_uint64() ||
         (value.is_double() && std::trunc(value.get_double()) == value.get_double());
}

// Whether `value` is of the schema's `type`, one or a list of them. A schema without `type` takes anything.
bool fits(const json::value& value, const json::value& type) {
  if (type.is_string()) return is_of_type(value, std::string_view(type.get_string()));
  if (!type.is_array()) return true;
  for (const json::value& one : type.get_array()) {
    if (one.is_string() && is_of_type(value, std::string_view(one.get_string()))) return true;
  }
  return false;
}

std::string names_of(const json::value& type) {
  if (type.is_string()) return std::string(type.get_string());
  std::string names;
  for (const json::value& one : type.get_array()) {
    if (!one.is_string()) continue;
    if (!names.empty()) names += "|";
    names += std::string_view(one.get_string());
  }
  return names;
}

std::string issue(std::string_view expected, std::string_view received, std::string_view key) {
  std::string text = "\n\u2716 Invalid input: expected ";
  text.append(expected).append(", received ").append(received).append("\n  \u2192 at ").append(key);
  return text;
}

bool is_required(const json::object& schema, std::string_view key) {
  const json::value* required = schema.if_contains("required");
  if (required == nullptr || !required->is_array()) return false;
  for (const json::value& name : required->get_array()) {
    if (name.is_string() && std::string_view(name.get_string()) == key) return true;
  }
  return false;
}

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
  const json::value* properties = schema.if_contains("properties");
  if (properties == nullptr || !properties->is_object()) return std::nullopt;
  std::string issues;
  for (const auto& [key, property] : properties->get_object()) {
    const json::value* type = property.is_object() ? property.get_object().if_contains("type") : nullptr;
    const json::value* value = arguments.if_contains(key);
    if (value == nullptr) {
      if (is_required(schema, key)) issues += issue(type == nullptr ? "a value" : names_of(*type), "undefined", key);
    } else if (type != nullptr && !fits(*value, *type)) {
      issues += issue(names_of(*type), kind_of(*value), key);
    }
  }
  if (issues.empty()) return std::nullopt;
  return "Received tool input did not match expected schema\n" + issues;
}

}  // namespace heddle::graphs
