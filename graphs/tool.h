#pragma once
// A tool: something that a model can ask an agent to do.

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "graphs/chat_model.h"
#include "runtime/awaited.h"
#include "runtime/command.h"
#include "runtime/message.h"
#include "runtime/node.h"

namespace heddle::graphs {

namespace json = boost::json;

struct ThirdPartyToken;

// What a tool knows about the call that is being made. Valid while the call runs.
class ToolContext {
 public:
  ToolContext(runtime::NodeContext& node, std::string name, std::string tool_call_id, std::string idempotency_key)
      : node_(node),
        name_(std::move(name)),
        tool_call_id_(std::move(tool_call_id)),
        idempotency_key_(std::move(idempotency_key)) {}

  // State, settings, secrets, store and streams of the run.
  runtime::NodeContext& node() { return node_; }
  const std::string& name() const { return name_; }
  const std::string& tool_call_id() const { return tool_call_id_; }
  // The same UUID whenever this call is made again, after an interrupt or a crash. Give it to services that
  // recognise repeated requests.
  const std::string& idempotency_key() const { return idempotency_key_; }

  // The answer to this question, or the end of the task until there is one (NodeContext::interrupt). The
  // call is then made again from its beginning.
  json::value interrupt(json::value question) { return node_.interrupt(std::move(question)); }
  // Of a tool that with_token_vault() has wrapped: what the third party takes for the user of this run. Throws
  // std::logic_error in any other tool.
  const ThirdPartyToken& token() const;
  bool has_token() const { return token_ != nullptr; }
  // The same call with a token, which outlives it.
  ToolContext with(const ThirdPartyToken& token) const;
  // Shows an intermediate result to readers of the `tools` stream.
  void progress(const json::value& data) { node_.tool_wrote(tool_call_id_, name_, data); }

 private:
  runtime::NodeContext& node_;
  std::string name_;
  std::string tool_call_id_;
  std::string idempotency_key_;
  const ThirdPartyToken* token_ = nullptr;
};

// A result that is the answer to the model as it stands.
struct ToolMessage {
  runtime::Message message;
};

// A text is the answer's content; any other JSON is printed. A Command steers the graph and brings its own message.
class ToolResult {
 public:
  using Kind = std::variant<json::value, ToolMessage, runtime::Command>;
  ToolResult(std::string text) : kind_(json::value(text)) {}           // NOLINT: implicit by intent
  ToolResult(const char* text) : kind_(json::value(text)) {}           // NOLINT
  ToolResult(json::value value) : kind_(std::move(value)) {}           // NOLINT
  ToolResult(ToolMessage message) : kind_(std::move(message)) {}       // NOLINT
  ToolResult(runtime::Command command) : kind_(std::move(command)) {}  // NOLINT
  Kind take() && { return std::move(kind_); }

 private:
  Kind kind_;
};

// Immutable and shared between runs; call() may be running any number of times at once.
class Tool {
 public:
  virtual ~Tool() = default;
  virtual const ToolDeclaration& declaration() const = 0;
  // `arguments` fit the declaration's schema (see argument_mismatch). An std::exception is told to the model by its
  // text, so the text must hold no secret. Cancellable.
  virtual boost::asio::awaitable<ToolResult> call(ToolContext& context, json::object arguments) const = 0;
  // How to learn, outside of a run, whether what a call waits for has come. The interrupts of such a call name it by
  // the name of the tool (runtime/awaited.h). Nothing: no call waits for anything but its user.
  virtual std::optional<runtime::Probe> probe() const { return std::nullopt; }
};
using ToolPointer = std::shared_ptr<const Tool>;

using ToolFunction = std::function<boost::asio::awaitable<ToolResult>(ToolContext&, json::object)>;
using PlainToolFunction = std::function<ToolResult(ToolContext&, const json::object&)>;

// Tools from functions: one that waits, and one that does not.
ToolPointer make_waiting_tool(ToolDeclaration declaration, ToolFunction body);
ToolPointer make_tool(ToolDeclaration declaration, PlainToolFunction body);

// The JSON Schema of arguments that are all required.
json::object parameters(std::vector<std::pair<std::string, json::object>> properties);

// The schema with a description for the model.
json::object described(json::object schema, std::string description);

// What is wrong with the arguments (runtime/schema_check.h), in the words of the reference; nothing if they fit.
std::optional<std::string> argument_mismatch(const json::object& schema, const json::object& arguments);

}  // namespace heddle::graphs
