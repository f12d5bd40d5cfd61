#pragma once
// A tenant and a caller, for tests of what stands on the Token Vault.

#include <boost/asio/io_context.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "graphs/token_vault.h"
#include "runtime/json.h"
#include "runtime/secret.h"
#include "tests/graphs/fake_context.h"
#include "tests/graphs/tiny_server.h"
#include "tests/graphs/tool_call.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run.h"

namespace heddle::test {

inline std::string refusal(const std::string& status, const std::string& code, const std::string& headers = "") {
  return http_answer(status, R"({"error":")" + code + R"(","error_description":"private words"})", headers);
}

inline const std::string kGmailScope = "https://www.googleapis.com/auth/gmail.readonly";

inline std::string granted(const std::string& token, const std::string& expires_in = "3600",
                           const std::string& scope = kGmailScope) {
  return http_answer("200 OK", R"({"access_token":")" + token + R"(","scope":")" + scope + R"(","expires_in":)" +
                                   expires_in + R"(,"token_type":"Bearer"})");
}

inline std::string text_of_body(const std::string& request) {
  const std::size_t end = request.find("\r\n\r\n");
  return end == std::string::npos ? "" : request.substr(end + 4);
}

// Answers each request with the next text of a list, and with the last one from then on.
class Scripted {
 public:
  explicit Scripted(std::vector<std::string> answers)
      : answers_(std::move(answers)), server_([this](TinyConnection& connection, const std::string&) {
          const std::string answer = next();
          if (!answer.empty()) connection.send(answer);
        }) {}

  const TinyServer& server() const { return server_; }
  std::string url() const { return server_.url(""); }
  std::size_t asked() const { return server_.requests().size(); }
  // The JSON bodies of the requests.
  std::vector<std::string> bodies() const {
    std::vector<std::string> bodies;
    for (const std::string& request : server_.requests()) bodies.push_back(text_of_body(request));
    return bodies;
  }

 private:
  std::string next() {
    const std::lock_guard lock(mutex_);
    const std::size_t at = next_ < answers_.size() ? next_ : answers_.size() - 1;
    ++next_;
    return answers_[at];
  }

  std::mutex mutex_;  // connections have threads of their own
  std::vector<std::string> answers_;
  std::size_t next_ = 0;
  TinyServer server_;
};

// What a run knows of its caller. No `user`: the server has no authentication.
struct Caller {
  std::string refresh_token{};
  std::string access_token{};
  std::string user{};
  std::string thread = "0199a000-0000-7000-8000-000000000001";
  bool is_server = false;  // nobody: the server lets an interrupted run go on
};

inline std::shared_ptr<const runtime::Secrets> secrets_of(const Caller& caller) {
  auto secrets = std::make_shared<runtime::Secrets>();
  auto add = [&](const char* key, runtime::json::value value) {
    secrets->emplace(key, runtime::SecretJson::take(std::move(value)));
  };
  if (!caller.refresh_token.empty()) {
    add("_credentials", runtime::json::object{{"refreshToken", caller.refresh_token}});
  }
  if (!caller.access_token.empty()) add("langgraph_auth_token", runtime::json::value(caller.access_token));
  if (!caller.user.empty()) add("langgraph_auth_user_id", runtime::json::value(caller.user));
  return secrets;
}

inline graphs::TokenVaultSettings vault_settings(const std::string& tenant_url) {
  graphs::TokenVaultSettings settings;
  settings.exchange.base_url = tenant_url;
  settings.exchange.pause = std::chrono::milliseconds(1);
  settings.exchange.retry_after = std::chrono::milliseconds(1);
  settings.application = {"web-client", runtime::Secret(std::string("web-secret"))};
  settings.custom_api = {"api-client", runtime::Secret(std::string("api-secret"))};
  return settings;
}

inline graphs::VaultConnection gmail_connection(
    graphs::VaultGeneration generation = graphs::VaultGeneration::federated) {
  graphs::VaultConnection connection;
  connection.name = "google-oauth2";
  connection.scopes = {kGmailScope};
  connection.generation = generation;
  return connection;
}

// A vault at a tenant, and calls of tools in it.
struct VaultFixture {
  boost::asio::io_context io;
  graphs::HttpClient client;
  ManualClock clock;
  std::string log_text;
  runtime::Log log{clock, runtime::LogLevel::debug, [this](std::string_view line) { log_text += line; }};
  Caller caller{.refresh_token = "refresh-1"};

  std::unique_ptr<graphs::TokenVault> vault_at(const std::string& tenant_url) {
    return std::make_unique<graphs::TokenVault>(client, clock, log, vault_settings(tenant_url));
  }

  // A call of a wrapped tool by `caller`: its result, "asks {...}" with the interrupt's value, or "fails ...".
  std::string call(const graphs::ToolPointer& tool, runtime::json::object arguments = {},
                   const std::string& call_id = "call-1") {
    FakeTask task;
    FakeContext node(task, runtime::State());
    node.run_config.secrets = secrets_of(caller);
    node.run_config.thread_id = storage::ThreadId::parse(caller.thread);
    node.run_config.resumed_by_server = caller.is_server;
    graphs::ToolContext context(node, tool->declaration().name, call_id, "key-of-" + call_id);
    try {
      return run(io, text_of_call(tool, context, std::move(arguments)));
    } catch (const runtime::NodeInterrupted& asked) {
      return "asks " + runtime::to_text(asked.interrupt.value);
    } catch (const std::exception& error) {
      return std::string("fails ") + error.what();
    }
  }
};

// A tool that says which token it was given.
inline graphs::ToolPointer show_token() {
  return graphs::make_tool({"show_token", "Shows it.", graphs::parameters({})},
                           [](graphs::ToolContext& context, const runtime::json::object&) -> graphs::ToolResult {
                             return std::string(context.token().access_token.reveal());
                           });
}

}  // namespace heddle::test
