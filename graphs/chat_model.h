#pragma once
// What an agent needs from a chat model.

#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/message.h"
#include "runtime/node.h"

namespace heddle::graphs {

// A tool as a model sees it: name, description and a JSON Schema (object) of its arguments.
struct ToolDeclaration {
  std::string name;
  std::string description;
  boost::json::object parameters;
};

struct ModelOptions {
  std::vector<ToolDeclaration> tools;
  std::optional<double> temperature;
  std::vector<std::string> tags;  // `nostream` keeps the pieces off the streams
  // Name of the tool that the answer has to call. A model that cannot be made to (OfflineModel) answers as it does.
  std::optional<std::string> must_call{};
};

// Immutable and shared between runs; ask() may be called by any number of tasks at a time.
class ChatModel {
 public:
  virtual ~ChatModel() = default;

  // Asks with the messages (flat form, in order) and gives the finished answer: an `ai` message with a new id. Pieces
  // go to the streams of the run through `context` as they come (NodeContext::model_*). Cancellable: the connection to
  // the provider is closed. Throws runtime::GraphError when the provider cannot be asked or refuses; the text says what
  // to do and holds no key and no message.
  virtual boost::asio::awaitable<runtime::Message> ask(runtime::NodeContext& context, runtime::ItemList messages,
                                                       ModelOptions options) const = 0;
};

}  // namespace heddle::graphs
