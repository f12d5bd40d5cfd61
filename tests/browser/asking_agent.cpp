// heddle-asking-agent: an agent that asks before it acts, for tests of a page in a browser.
//
// Its tools do nothing. `send_mail` wants a human's approval, as the human-in-the-loop middleware asks for it
// (runtime.md 17), and answers with what would have been sent; `book_room` asks in the older form, which agent-chat-ui
// and the agent inbox know; `search_gmail` wants a consent that is never there. The model is named by OPENAI_BASE_URL.

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "api/command_line.h"
#include "graphs/http_client.h"
#include "graphs/openai_model.h"
#include "graphs/react_agent.h"
#include "graphs/tool.h"
#include "runtime/json.h"
#include "runtime/schema.h"

namespace {

namespace api = heddle::api;
namespace graphs = heddle::graphs;
namespace json = boost::json;
namespace schema = heddle::runtime::schema;

graphs::ToolPointer send_mail() {
  graphs::ToolDeclaration declaration{
      "send_mail", "Sends a mail.",
      graphs::parameters({{"to", schema::text()}, {"subject", schema::text()}, {"body", schema::text()}})};
  return graphs::make_tool(
      std::move(declaration), [](graphs::ToolContext& context, const json::object& arguments) -> graphs::ToolResult {
        const json::object action{
            {"name", "send_mail"}, {"args", arguments}, {"description", "A mail leaves the house."}};
        const json::object review{{"actionName", "send_mail"}, {"allowedDecisions", {"approve", "edit", "reject"}}};
        json::object question{{"actionRequests", json::array{action}}, {"reviewConfigs", json::array{review}}};
        const json::value answer = context.interrupt(std::move(question));
        const json::object& decision = answer.at("decisions").at(0).as_object();
        const json::string& type = decision.at("type").as_string();
        if (type == "reject") {
          const json::value* reason = decision.if_contains("message");
          return "rejected, because " + (reason ? std::string(reason->as_string()) : std::string("nothing was said"));
        }
        if (type == "approve") return "sent " + heddle::runtime::to_text(arguments);
        return "sent " + heddle::runtime::to_text(decision.at("editedAction").at("args"));
      });
}

graphs::ToolPointer book_room() {
  graphs::ToolDeclaration declaration{"book_room", "Books a room.", graphs::parameters({{"room", schema::text()}})};
  return graphs::make_tool(
      std::move(declaration), [](graphs::ToolContext& context, const json::object& arguments) -> graphs::ToolResult {
        const json::object allowed{
            {"allow_accept", true}, {"allow_edit", true}, {"allow_respond", true}, {"allow_ignore", true}};
        const json::object action{{"action", "book_room"}, {"args", arguments}};
        const json::object question{
            {"action_request", action}, {"config", allowed}, {"description", "A room for tomorrow."}};
        const json::value answer = context.interrupt(json::array{question});
        const json::object& decision = answer.at(0).as_object();
        const json::string& type = decision.at("type").as_string();
        if (type == "accept") return "booked " + heddle::runtime::to_text(arguments);
        if (type == "edit") return "booked " + heddle::runtime::to_text(decision.at("args").at("args"));
        if (type == "response") return "not booked: " + std::string(decision.at("args").as_string());
        return "left alone";
      });
}

graphs::ToolPointer search_gmail() {
  graphs::ToolDeclaration declaration{"search_gmail", "Searches mail.",
                                      graphs::parameters({{"query", schema::text()}})};
  return graphs::make_tool(std::move(declaration),
                           [](graphs::ToolContext& context, const json::object&) -> graphs::ToolResult {
                             const json::array scopes{"https://www.googleapis.com/auth/gmail.readonly"};
                             return context.interrupt({{"name", "AUTH0_AI_INTERRUPT"},
                                                       {"code", "FEDERATED_CONNECTION_ERROR"},
                                                       {"behavior", "resume"},
                                                       {"connection", "google-oauth2"},
                                                       {"scopes", scopes},
                                                       {"requiredScopes", scopes},
                                                       {"message", "Authorization required"}});
                           });
}

}  // namespace

int main(int argc, char** argv) {
  std::unique_ptr<graphs::HttpClient> client;
  api::Program program;
  program.name = "heddle-asking-agent";
  program.builtin["agent"] = [&client](const std::map<std::string, std::string>& environment) {
    const auto url = environment.find("OPENAI_BASE_URL");
    if (url == environment.end()) throw std::runtime_error("set OPENAI_BASE_URL");
    // Made here, because its thread must inherit the signals that the server blocks.
    if (!client) client = std::make_unique<graphs::HttpClient>();
    graphs::OpenAiSettings settings;
    settings.base_url = url->second;
    settings.model = "rules";
    graphs::ReactAgentOptions options;
    options.model = std::make_shared<graphs::OpenAiModel>(*client, std::move(settings));
    options.tools = {send_mail(), search_gmail(), book_room()};
    options.version = graphs::ReactVersion::v1;
    return graphs::make_react_agent(std::move(options));
  };
  program.default_graphs["agent"] = {"builtin:agent", std::nullopt};
  return api::run_command_line(argc, argv, program);
}
