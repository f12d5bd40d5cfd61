#pragma once
// Asking a model of a provider that a test plays.

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "graphs/chat_model.h"
#include "graphs/http_client.h"
#include "graphs/provider_client.h"
#include "runtime/error.h"
#include "tests/graphs/fake_context.h"
#include "tests/graphs/tiny_server.h"
#include "tests/support/run.h"

namespace heddle::test {

inline const std::string kStreamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

// The body of a request that a TinyServer has recorded.
inline runtime::json::value body_of(const std::string& request) {
  return runtime::parse_json(std::string_view(request).substr(request.find("\r\n\r\n") + 4));
}

struct AskingFixture {
  boost::asio::io_context io;
  graphs::HttpClient client;
  FakeTask task;
  FakeContext context{task, runtime::State()};
  graphs::ModelOptions options;
  graphs::ProviderLimits limits;
  runtime::ItemList messages{std::make_shared<const runtime::json::value>(runtime::human_message("hi"))};

  AskingFixture() { limits.backoff = std::chrono::milliseconds{1}; }

  runtime::Message ask(const graphs::ChatModel& model) { return run(io, model.ask(context, messages, options)); }
  // Name and text of the error.
  std::string failure(const graphs::ChatModel& model) {
    try {
      ask(model);
    } catch (const runtime::GraphError& error) {
      return error.name() + ": " + error.what();
    }
    return "none";
  }
};

}  // namespace heddle::test
