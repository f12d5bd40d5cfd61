#include "graphs/assistant0.h"

#include <catch2/catch.hpp>
#include <deque>

#include "graphs/openai_model.h"
#include "graphs/tools/calculator.h"
#include "graphs/tools/search_gmail.h"
#include "runtime/memory_saver.h"
#include "tests/graphs/vault_fixture.h"

namespace asio = boost::asio;
using namespace heddle;
using namespace heddle::graphs;
using namespace heddle::runtime;
using namespace std::chrono_literals;
using heddle::test::Caller;
using heddle::test::granted;
using heddle::test::http_answer;
using heddle::test::refusal;
using heddle::test::Scripted;
using heddle::test::TinyConnection;
using heddle::test::TinyServer;
using heddle::test::VaultFixture;

namespace {

// Gives prepared answers, and keeps what it was asked with: one line per question.
class ScriptedModel final : public ChatModel {
 public:
  asio::awaitable<Message> ask(NodeContext&, ItemList messages, ModelOptions options) const override {
    asked.push_back(std::move(messages));
    temperature = options.temperature;
    Message answer = ai_message("that is all");
    if (!answers.empty()) {
      answer = std::move(answers.front());
      answers.pop_front();
    }
    co_return answer;
  }
  mutable std::deque<Message> answers;
  mutable std::vector<ItemList> asked;
  mutable std::optional<double> temperature;
};

json::object tool_call(const std::string& id, const std::string& name, json::object args) {
  return {{"name", name}, {"args", std::move(args)}, {"id", id}, {"type", "tool_call"}};
}

const char* const kMailResult = "Result for the query in:inbox:\n[]";

struct AgentFixture : VaultFixture {
  std::shared_ptr<ScriptedModel> model = std::make_shared<ScriptedModel>();
  int calculated = 0;
  MemorySaver saver;
  CheckpointIds checkpoint_ids;
  Scripted gmail{{http_answer("200 OK", "{}")}};
  std::string gmail_url = gmail.url();
  std::unique_ptr<TokenVault> vault;
  std::shared_ptr<const ChatModel> chosen_model = model;

  RunOutcome run(const std::string& tenant_url, RunInput input) {
    if (vault == nullptr) vault = vault_at(tenant_url);
    const ToolPointer inner = calculator_tool();
    auto counting = [this, inner](ToolContext& context, json::object arguments) {
      ++calculated;
      return inner->call(context, std::move(arguments));
    };
    Assistant0Options options{chosen_model, {}, clock};
    options.tools = {make_waiting_tool(inner->declaration(), counting),
                     with_token_vault(*vault, test::gmail_connection(), search_gmail_tool(client, gmail_url))};
    const auto graph = make_assistant0(std::move(options));
    const RunServices services{&saver, nullptr, clock, checkpoint_ids, {}};
    RunOptions wanted;
    wanted.input = std::move(input);
    auto config = std::make_shared<RunConfig>();
    config->secrets = test::secrets_of(caller);
    config->thread_id = storage::ThreadId::parse(caller.thread);
    wanted.config = std::move(config);
    return test::run(io, graph->run(std::move(wanted), services));
  }
  RunOutcome say(const std::string& tenant_url, const char* text) {
    return run(tenant_url, GraphInput{json::object{{"messages", text}}});
  }

  static Message asking_both() {
    json::array calls;
    calls.push_back(tool_call("c1", "calculator", {{"input", "6*7"}}));
    calls.push_back(tool_call("c2", "search_gmail", {{"query", "in:inbox"}}));
    return ai_message("", std::move(calls));
  }
  static Message asking(const std::string& name, json::object args) {
    json::array calls;
    calls.push_back(tool_call("c1", name, std::move(args)));
    return ai_message("", std::move(calls));
  }
  // "type: text" of each message, with the status of tool messages.
  static std::vector<std::string> texts(const ItemList& messages) {
    std::vector<std::string> lines;
    for (const Value::Item& message : messages) {
      std::string line(message_type(*message));
      if (line == "system") continue;
      if (line == "tool") line += " " + std::string(message->at("tool_call_id").as_string());
      if (line != "ai" && find_text(*message, "status") == "error") line += " error";
      lines.push_back(line + ": " + message_text(*message));
    }
    return lines;
  }
};

using Texts = std::vector<std::string>;
const std::string kNotFound = refusal("401 Unauthorized", "federated_connection_refresh_token_not_found");

}  // namespace

TEST_CASE_METHOD(AgentFixture,
                 "Mail without consent interrupts, and the run goes on after consent with the new login") {
  const Scripted tenant({kNotFound, kNotFound, granted("g1")});
  model->answers = {asking_both()};
  const RunOutcome asked = say(tenant.url(), "my mail and 6*7");
  CHECK(asked.status == OutcomeStatus::interrupted);
  CHECK(asked.next == Texts{"tools"});
  REQUIRE(asked.all_interrupts.size() == 1);
  CHECK(asked.all_interrupts[0].value.at("code") == "FEDERATED_CONNECTION_ERROR");
  CHECK(asked.values["messages"].size() == 2);

  // The popup was closed without consent.
  const RunOutcome again = run(tenant.url(), NoInput{});
  REQUIRE(again.all_interrupts.size() == 1);
  CHECK(again.all_interrupts[0].id == asked.all_interrupts[0].id);
  CHECK(again.all_interrupts[0].value == asked.all_interrupts[0].value);
  CHECK(again.head == asked.head);

  caller.refresh_token = "refresh-2";
  const RunOutcome done = run(tenant.url(), NoInput{});
  CHECK(done.status == OutcomeStatus::done);
  CHECK(texts(done.values["messages"].items()) == Texts{"human: my mail and 6*7", "ai: ", "tool c1: 42",
                                                        std::string("tool c2: ") + kMailResult, "ai: that is all"});
  CHECK(calculated == 1);
  std::vector<std::string> subjects;
  for (const std::string& body : tenant.bodies())
    subjects.emplace_back(parse_json(body).at("subject_token").as_string());
  CHECK(subjects == Texts{"refresh-1", "refresh-1", "refresh-2"});
}

TEST_CASE_METHOD(AgentFixture, "An answer given by a command does not stand for consent") {
  const Scripted tenant({kNotFound, kNotFound, granted("g1")});
  model->answers = {asking("search_gmail", {{"query", "in:inbox"}})};
  const RunOutcome asked = say(tenant.url(), "my mail");
  Command answer;
  answer.resume = "go on";
  const RunOutcome again = run(tenant.url(), answer);
  CHECK(again.status == OutcomeStatus::interrupted);
  REQUIRE(again.all_interrupts.size() == 1);
  CHECK(again.all_interrupts[0].id == asked.all_interrupts[0].id);
  CHECK(run(tenant.url(), answer).status == OutcomeStatus::done);
}

TEST_CASE_METHOD(AgentFixture, "A resumed run without credentials asks again, whoever came before") {
  const Scripted tenant({kNotFound, granted("g1")});
  model->answers = {asking("search_gmail", {{"query", "in:inbox"}})};
  say(tenant.url(), "my mail");
  caller.refresh_token = "";
  CHECK(run(tenant.url(), NoInput{}).status == OutcomeStatus::interrupted);
  CHECK(tenant.asked() == 1);
}

TEST_CASE_METHOD(AgentFixture, "A new message instead of consent gives the open calls up, and the model is told so") {
  const Scripted tenant({kNotFound});
  model->answers = {asking_both()};
  say(tenant.url(), "my mail and 6*7");
  const RunOutcome done = say(tenant.url(), "never mind");
  CHECK(done.status == OutcomeStatus::done);
  REQUIRE(model->asked.size() == 2);
  const std::string cancelled = "The call was cancelled by the user, who wrote a new message instead.";
  CHECK(texts(model->asked[1]) == Texts{"human: my mail and 6*7", "ai: ", "tool c1 error: " + cancelled,
                                        "tool c2 error: " + cancelled, "human: never mind"});
  CHECK(texts(done.values["messages"].items()) ==
        Texts{"human: my mail and 6*7", "ai: ", "human: never mind", "ai: that is all"});
}

TEST_CASE("What a tool cannot do is told to the model, which has the last word") {
  struct Row {
    std::string tenant;
    std::string gmail;
    const char* told;
  };
  const std::string fine = http_answer("200 OK", "{}");
  const std::vector<Row> rows = {
      {refusal("503 Down", "x"), fine, "auth0_exchange_failed"},
      {refusal("400 Bad Request", "invalid_request"), fine, "auth0_exchange_misconfigured"},
      {http_answer("200 OK", "<html>"), fine, "auth0_exchange_failed"},
      {"", fine, "auth0_exchange_failed"},
      {granted("g"), http_answer("429 Too Many", "{}"), "Google answered 429"},
      {granted("g"), http_answer("500 Oops", "{}"), "Google answered 500"},
  };
  for (const Row& row : rows) {
    AgentFixture fixture;
    const Scripted tenant({row.tenant});
    const Scripted mailbox({row.gmail});
    fixture.gmail_url = mailbox.url();
    fixture.model->answers = {AgentFixture::asking("search_gmail", {{"query", "in:inbox"}})};
    const RunOutcome done = fixture.say(tenant.url(), "my mail");
    CHECK(done.status == OutcomeStatus::done);
    const Texts lines = AgentFixture::texts(done.values["messages"].items());
    REQUIRE(lines.size() == 4);
    CHECK(lines[2].starts_with("tool c1 error: "));
    CHECK(lines[2].find(row.told) != std::string::npos);
    CHECK(lines[3] == "ai: that is all");
  }
}

TEST_CASE_METHOD(AgentFixture,
                 "An unknown tool and arguments that are no JSON are told to the model, and the thread goes on") {
  const Scripted tenant({granted("g1")});
  Message broken = ai_message("");
  broken["invalid_tool_calls"] =
      json::array{{{"name", "calculator"}, {"args", "{\"input\": 6*}"}, {"id", "c9"}, {"error", "Malformed args."}}};
  model->answers = {asking("send_money", {}), std::move(broken)};
  const RunOutcome done = say(tenant.url(), "hi");
  CHECK(done.status == OutcomeStatus::done);
  const Texts lines = texts(done.values["messages"].items());
  REQUIRE(lines.size() == 6);
  CHECK(lines[2] == "tool c1 error: Error: Tool \"send_money\" not found.\n Please fix your mistakes.");
  CHECK(lines[4] ==
        "tool c9 error: Error: The arguments of this call are no valid JSON; it was not made.\n Please fix your "
        "mistakes.");
  CHECK(calculated == 0);
  CHECK(say(tenant.url(), "and now?").status == OutcomeStatus::done);
}

TEST_CASE_METHOD(AgentFixture, "The model is asked with the request of the sample") {
  const Scripted tenant({granted("g1")});
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
  auto delta = [](const std::string& said, const char* reason) {
    return R"(data: {"id":"chatcmpl-)" + std::string(reason) + R"(","choices":[{"delta":)" + said +
           R"(,"finish_reason":")" + reason + "\"}]}\n\n";
  };
  const Scripted provider(
      {head +
           delta(
               R"({"tool_calls":[{"index":0,"id":"c1","function":{"name":"calculator","arguments":"{\"input\":\"6*7\"}"}}]})",
               "tool_calls") +
           "data: [DONE]\n\n",
       head + delta(R"({"content":"42"})", "stop") + "data: [DONE]\n\n"});
  OpenAiSettings settings;
  settings.base_url = provider.url();
  settings.model = "gpt-4o";
  chosen_model = std::make_shared<OpenAiModel>(client, std::move(settings));
  CHECK(say(tenant.url(), "6*7?").status == OutcomeStatus::done);
  REQUIRE(provider.asked() == 2);
  json::object request = parse_json(provider.bodies()[1]).as_object();
  CHECK(request.at("model") == "gpt-4o");
  CHECK(equal_json(request.at("temperature"), 0));
  CHECK(request.at("stream") == true);
  CHECK(to_text(request.at("stream_options")) == R"({"include_usage":true})");
  CHECK(request.size() == 6);  // and messages and tools
  CHECK(request.at("tools").at(0).at("function").at("name") == "calculator");
  CHECK(request.at("tools").at(1).at("function").at("name") == "search_gmail");
  json::array& messages = request.at("messages").as_array();
  const std::string prompt(messages[0].at("content").as_string());
  CHECK(messages[0].at("role") == "system");
  CHECK(prompt.find("Assistant0") != std::string::npos);
  messages.erase(messages.begin());
  CHECK(to_text(messages) ==
        R"([{"role":"user","content":"6*7?"},)"
        R"({"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":)"
        R"({"name":"calculator","arguments":"{\"input\":\"6*7\"}"}}]},)"
        R"({"role":"tool","tool_call_id":"c1","content":"42","name":"calculator"}])");
}

TEST_CASE_METHOD(AgentFixture, "The prompt names the time of the run and is not stored") {
  const Scripted tenant({granted("g1")});
  const RunOutcome done = say(tenant.url(), "hi");
  CHECK(message_text(*model->asked.at(0).at(0)).find("2026-11-22T00:00:00Z") != std::string::npos);
  CHECK(message_type(*done.values["messages"].items().front()) == "human");
  CHECK(model->temperature == 0);
}

TEST_CASE("The time of a run is when it was asked for, unless that is long ago or unknown") {
  const test::ManualClock clock;
  const storage::Timestamp now = clock.now();
  RunConfig config;
  CHECK(time_of_run(config, now) == now);
  config.run_id = storage::RunId{uuid7(now - 59min)};
  CHECK(time_of_run(config, now) == now - 59min);
  CHECK(time_of_run(config, now - 90min) == now - 90min);
  CHECK(time_of_run(config, now + 2min) == now + 2min);
  config.run_id = storage::RunId{uuid4()};
  CHECK(time_of_run(config, now) == now);
}
