#include "graphs/tools/send_mail.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <deque>

#include "graphs/assistant0.h"
#include "graphs/assistant0_tools.h"
#include "runtime/memory_saver.h"
#include "tests/graphs/vault_fixture.h"

namespace asio = boost::asio;
using namespace heddle;
using namespace heddle::graphs;
using namespace heddle::runtime;
using heddle::test::FakeContext;
using heddle::test::FakeTask;
using heddle::test::granted;
using heddle::test::http_answer;
using heddle::test::refusal;
using heddle::test::Scripted;
using heddle::test::TinyConnection;
using heddle::test::TinyServer;
using heddle::test::VaultFixture;

namespace {

const std::string kMail = R"({"to":["ada@x.org"],"subject":"Hi","body":"Hello"})";
const std::string kSent = http_answer("200 OK", R"({"id":"m1","threadId":"t1","labelIds":["SENT"]})");
const std::string kExpired = http_answer("401 Unauthorized", "{}");
const std::string kNotFound = refusal("401 Unauthorized", "federated_connection_refresh_token_not_found");

std::string sending_token(const std::string& token = "g1") {
  return granted(token, "3600", kGmailSendScope);
}

// The message in the request, in clear.
std::string message_in(const std::string& request) {
  const json::value body = parse_json(test::text_of_body(request));
  return mail_text(std::string_view(body.at("raw").as_string()));
}

class OneTurn final : public ChatModel {
 public:
  asio::awaitable<Message> ask(NodeContext&, ItemList, ModelOptions) const override {
    Message answer = ai_message("that is all");
    if (!answers.empty()) {
      answer = std::move(answers.front());
      answers.pop_front();
    }
    co_return answer;
  }
  mutable std::deque<Message> answers;
};

// assistant0 with send_mail and search_gmail. Every run has a new client, vault and graph, as after a restart.
struct MailFixture : VaultFixture {
  std::shared_ptr<OneTurn> model = std::make_shared<OneTurn>();
  MemorySaver saver;
  CheckpointIds checkpoint_ids;
  int approvals_asked = 0;
  bool on_device = false;

  RunOutcome run(const std::string& tenant_url, const std::string& gmail_url, RunInput input) {
    HttpClient new_client;
    TokenVault vault(new_client, clock, log, test::vault_settings(tenant_url));
    Assistant0Settings settings;
    settings.gmail_url = gmail_url;
    settings.send_mail_approval = on_device ? ApprovalBy::phone : ApprovalBy::page;
    settings.phone.tenant.base_url = tenant_url;
    settings.phone.client_id = "web-client";
    settings.phone.client_secret = Secret(std::string("web-secret"));
    settings.tools = {"send_mail", "search_gmail"};
    Assistant0Options options{model, assistant0_tools(settings, {new_client, clock, vault}), clock};
    const auto graph = make_assistant0(std::move(options));
    const RunServices services{&saver, nullptr, clock, checkpoint_ids, {}};
    RunOptions wanted;
    wanted.input = std::move(input);
    auto config = std::make_shared<RunConfig>();
    config->secrets = test::secrets_of(caller);
    config->thread_id = storage::ThreadId::parse(caller.thread);
    config->resumed_by_server = caller.is_server;
    wanted.config = std::move(config);
    RunOutcome outcome = test::run(io, graph->run(std::move(wanted), services));
    if (asks(outcome) == "approval") ++approvals_asked;
    return outcome;
  }
  static GraphInput say(const char* text) { return GraphInput{json::object{{"messages", text}}}; }
  static Command decision(const std::string& text) {
    Command command;
    command.resume = parse_json(R"({"decisions":[)" + text + "]}");
    return command;
  }
  // "consent", "approval", or nothing.
  static std::string asks(const RunOutcome& outcome) {
    if (outcome.all_interrupts.empty()) return "";
    return find_member(outcome.all_interrupts[0].value, "actionRequests") != nullptr ? "approval" : "consent";
  }
  static std::string last_tool_text(const RunOutcome& outcome) {
    std::string text;
    for (const Value::Item& message : outcome.values["messages"].items()) {
      if (message_type(*message) != "tool") continue;
      text = std::string(find_text(*message, "status").value_or("")) + ": " + message_text(*message);
    }
    return text;
  }
  void model_sends() { model->answers = {ai_message("", json::array{mail_call()})}; }
  static json::object mail_call() {
    return {{"name", "send_mail"}, {"args", parse_json(kMail)}, {"id", "c1"}, {"type", "tool_call"}};
  }
};

// One call of the tool without consent and approval, which may be made again as the same task.
struct SendFixture : VaultFixture {
  FakeTask task;
  Scripted tenant{{sending_token()}};
  std::unique_ptr<TokenVault> vault = vault_at(tenant.url());

  std::string send(const std::string& gmail_url, const std::string& arguments = kMail) {
    VaultConnection connection = test::gmail_connection();
    connection.scopes = {kGmailSendScope};
    const ToolPointer tool = with_token_vault(*vault, connection, send_mail_tool(client, gmail_url));
    FakeContext node(task, State());
    node.run_config.secrets = test::secrets_of(caller);
    node.run_config.thread_id = storage::ThreadId::parse(caller.thread);
    ToolContext context(node, "send_mail", "c1", "5a1e-key");
    try {
      return test::run(io, test::text_of_call(tool, context, parse_json(arguments).as_object()));
    } catch (const NodeInterrupted& asked) {
      return "asks " + to_text(asked.interrupt.value);
    } catch (const std::exception& error) {
      return std::string("fails ") + error.what();
    }
  }
};

}  // namespace

TEST_CASE_METHOD(MailFixture, "Consent is asked for first, then approval, and the mail leaves once") {
  const Scripted tenant({kNotFound, sending_token()});
  const Scripted gmail({kSent});
  model_sends();
  const RunOutcome consent = run(tenant.url(), gmail.url(), say("write to ada"));
  CHECK(asks(consent) == "consent");
  CHECK(consent.all_interrupts[0].value.at("scopes").at(0) == kGmailSendScope);
  const RunOutcome approval = run(tenant.url(), gmail.url(), NoInput{});
  REQUIRE(asks(approval) == "approval");
  CHECK(to_text(approval.all_interrupts[0].value.at("actionRequests").at(0).at("args")) == kMail);
  // A page that only looks again is asked again.
  CHECK(asks(run(tenant.url(), gmail.url(), NoInput{})) == "approval");
  CHECK(gmail.asked() == 0);
  const RunOutcome done = run(tenant.url(), gmail.url(), decision(R"({"type":"approve"})"));
  CHECK(done.status == OutcomeStatus::done);
  CHECK(last_tool_text(done) == "success: The mail was sent to ada@x.org (Gmail's id of it: m1).");
  REQUIRE(gmail.asked() == 1);
  CHECK(gmail.server().requests()[0].find("Authorization: Bearer g1\r\n") != std::string::npos);
}

TEST_CASE_METHOD(MailFixture, "An edited mail leaves as the user wrote it") {
  const Scripted tenant({sending_token()});
  const Scripted gmail({kSent});
  model_sends();
  run(tenant.url(), gmail.url(), say("write to ada"));
  const RunOutcome done = run(
      tenant.url(), gmail.url(),
      decision(
          R"({"type":"edit","editedAction":{"name":"send_mail","args":{"to":["bo@x.org"],"subject":"No","body":"b"}}})"));
  CHECK(done.status == OutcomeStatus::done);
  REQUIRE(gmail.asked() == 1);
  CHECK(message_in(gmail.server().requests()[0]).starts_with("To: bo@x.org\r\nSubject: No\r\n"));
  CHECK(last_tool_text(done).starts_with("success: The mail was sent to bo@x.org"));
}

TEST_CASE_METHOD(MailFixture, "A rejected mail does not leave, and the model has the last word") {
  const Scripted tenant({sending_token()});
  const Scripted gmail({kSent});
  model_sends();
  run(tenant.url(), gmail.url(), say("write to ada"));
  const RunOutcome done = run(tenant.url(), gmail.url(), decision(R"({"type":"reject","message":"not to her"})"));
  CHECK(done.status == OutcomeStatus::done);
  CHECK(last_tool_text(done) == "error: not to her");
  CHECK(gmail.asked() == 0);
}

TEST_CASE_METHOD(MailFixture, "A mail that was sent beside a question is not sent again") {
  std::atomic<bool> may_read{false};
  const TinyServer tenant([&](TinyConnection& connection, const std::string&) {
    connection.send(granted("g1", "3600", kGmailSendScope + (may_read ? " " + test::kGmailScope : std::string())));
  });
  std::atomic<int> sent{0};
  const TinyServer gmail([&](TinyConnection& connection, const std::string& request) {
    const bool is_send = request.starts_with("POST /gmail/v1/users/me/messages/send ");
    if (is_send) ++sent;
    connection.send(is_send ? kSent : http_answer("200 OK", "{}"));
  });
  json::array calls{mail_call()};
  calls.push_back({{"name", "search_gmail"}, {"args", {{"query", "x"}}}, {"id", "c2"}, {"type", "tool_call"}});
  model->answers = {ai_message("", std::move(calls))};
  RunOutcome outcome = run(tenant.url(""), gmail.url(""), say("write to ada and look"));
  int consents_asked = 0;
  for (int i = 0; i < 8 && outcome.status == OutcomeStatus::interrupted; ++i) {
    if (asks(outcome) == "approval") {
      outcome = run(tenant.url(""), gmail.url(""), decision(R"({"type":"approve"})"));
      continue;
    }
    if (++consents_asked == 3) may_read = true;
    outcome = run(tenant.url(""), gmail.url(""), NoInput{});
  }
  CHECK(outcome.status == OutcomeStatus::done);
  CHECK(consents_asked >= 3);
  CHECK(sent == 1);
}

TEST_CASE_METHOD(MailFixture, "Consent that is found missing when the mail leaves does not undo the approval") {
  const Scripted tenant({sending_token("g1")});
  const Scripted gmail({kExpired, kExpired, kSent});
  model_sends();
  CHECK(asks(run(tenant.url(), gmail.url(), say("write to ada"))) == "approval");
  CHECK(asks(run(tenant.url(), gmail.url(), decision(R"({"type":"approve"})"))) == "consent");
  const RunOutcome done = run(tenant.url(), gmail.url(), NoInput{});
  CHECK(done.status == OutcomeStatus::done);
  CHECK(last_tool_text(done).starts_with("success: "));
  CHECK(gmail.asked() == 3);
  CHECK(approvals_asked == 1);
}

TEST_CASE_METHOD(MailFixture, "A mail that is allowed on the user's device leaves once, after consent") {
  on_device = true;
  caller.user = "auth0|ada";
  const std::string started = http_answer("200 OK", R"({"auth_req_id":"r1","expires_in":300,"interval":5})");
  const std::string pending = refusal("400 Bad Request", "authorization_pending");
  const std::string allowed = http_answer("200 OK", R"({"access_token":"a","expires_in":60})");
  const Scripted tenant({kNotFound, sending_token(), started, pending, pending, allowed, sending_token()});
  const Scripted gmail({kSent});
  model_sends();
  CHECK(asks(run(tenant.url(), gmail.url(), say("write to ada"))) == "consent");
  for (int i = 0; i < 2; ++i) {
    const RunOutcome waiting = run(tenant.url(), gmail.url(), NoInput{});
    REQUIRE(waiting.all_interrupts.size() == 1);
    CHECK(waiting.all_interrupts[0].value.at("code") == "CIBA_AUTHORIZATION_PENDING");
    CHECK(gmail.asked() == 0);
  }
  const RunOutcome done = run(tenant.url(), gmail.url(), NoInput{});
  CHECK(done.status == OutcomeStatus::done);
  CHECK(last_tool_text(done).starts_with("success: The mail was sent to ada@x.org"));
  CHECK(gmail.asked() == 1);
  CHECK(tenant.bodies()[2].find("binding_message=Send%20a%20mail%20to%20ada.x.org&") != std::string::npos);
}

TEST_CASE_METHOD(MailFixture,
                 "A mail that was allowed while nobody was logged in waits for the user, and is not asked for again") {
  on_device = true;
  caller.user = "auth0|ada";
  const std::string started = http_answer("200 OK", R"({"auth_req_id":"r1","expires_in":300,"interval":5})");
  const std::string pending = refusal("400 Bad Request", "authorization_pending");
  const std::string allowed = http_answer("200 OK", R"({"access_token":"a","expires_in":60})");
  const Scripted tenant({sending_token(), started, pending, allowed, sending_token()});
  const Scripted gmail({kSent});
  model_sends();
  const test::Caller logged_in = caller;
  CHECK(run(tenant.url(), gmail.url(), say("write to ada")).all_interrupts.size() == 1);
  caller = {.user = "auth0|ada", .is_server = true};
  const RunOutcome resumed = run(tenant.url(), gmail.url(), NoInput{});
  REQUIRE(resumed.all_interrupts.size() == 1);
  CHECK(resumed.all_interrupts[0].value.at("code") == "FEDERATED_CONNECTION_ERROR");
  CHECK(gmail.asked() == 0);
  caller = logged_in;
  const RunOutcome done = run(tenant.url(), gmail.url(), NoInput{});
  CHECK(last_tool_text(done).starts_with("success: The mail was sent to ada@x.org"));
  CHECK(gmail.asked() == 1);
  CHECK(tenant.asked() == 5);
}

TEST_CASE_METHOD(MailFixture, "A new message instead of a decision sends nothing") {
  const Scripted tenant({sending_token()});
  const Scripted gmail({kSent});
  model_sends();
  run(tenant.url(), gmail.url(), say("write to ada"));
  CHECK(run(tenant.url(), gmail.url(), say("never mind")).status == OutcomeStatus::done);
  CHECK(gmail.asked() == 0);
}

TEST_CASE_METHOD(SendFixture, "The request holds the message and the key of the call") {
  const Scripted gmail({kSent});
  CHECK(send(gmail.url(), R"({"to":["a@x.org"],"cc":["b@x.org"],"subject":"Gr\u00fc\u00dfe","body":"x"})") ==
        "The mail was sent to a@x.org, b@x.org (Gmail's id of it: m1).");
  REQUIRE(gmail.asked() == 1);
  const std::string request = gmail.server().requests()[0];
  CHECK(request.starts_with("POST /gmail/v1/users/me/messages/send HTTP/1.1\r\n"));
  CHECK(request.find("X-Idempotency-Key: 5a1e-key\r\n") != std::string::npos);
  CHECK(message_in(request).find("Message-ID: <5a1e-key@heddle.invalid>\r\n") != std::string::npos);
  CHECK(message_in(request).starts_with("To: a@x.org\r\nCc: b@x.org\r\nSubject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n"));
}

TEST_CASE_METHOD(SendFixture, "A mail whose fate is not known is not sent again by the same call") {
  for (const std::string& bad :
       {std::string(), http_answer("503 Down", "{}"), std::string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")}) {
    task = {};
    const Scripted gmail({bad, kSent});
    const std::string text = send(gmail.url());
    CHECK(text.starts_with("fails Error while sending the mail: "));
    CHECK(text.find("It is not known whether this mail was sent") != std::string::npos);
    CHECK(send(gmail.url()).starts_with("fails It is not known whether this mail was sent"));
    CHECK(gmail.asked() == 1);
  }
}

TEST_CASE_METHOD(SendFixture, "A call that finds its process died while the mail was under way sends nothing") {
  task.finished["send_mail under way"] = true;
  const Scripted gmail({kSent});
  CHECK(send(gmail.url()).starts_with("fails It is not known whether"));
  CHECK(gmail.asked() == 0);
}

TEST_CASE_METHOD(SendFixture, "A mail that Gmail refused may be sent by the same call later") {
  for (const std::string& refused : {http_answer("429 Too Many", "{}"), http_answer("400 Bad", "{}")}) {
    task = {};
    const Scripted gmail({refused, kSent});
    const std::string text = send(gmail.url());
    CHECK(text.starts_with("fails Error while sending the mail: Google answered 4"));
    CHECK(text.find("not known") == std::string::npos);
    CHECK(send(gmail.url()).starts_with("The mail was sent"));
  }
}

TEST_CASE_METHOD(SendFixture, "Gmail's yes without words is a yes") {
  const Scripted gmail({http_answer("200 OK", "fine"), kSent});
  CHECK(send(gmail.url()) == "The mail was sent to ada@x.org.");
}

TEST_CASE_METHOD(SendFixture, "Nothing is asked of Gmail for a mail that is none") {
  const Scripted gmail({kSent});
  CHECK(send(gmail.url(), R"({"to":["a@x.org\r\nBcc: e@x.org"],"subject":"s","body":"b"})").starts_with("fails to: "));
  CHECK(send(gmail.url(), R"({"to":[7],"subject":"s","body":"b"})").starts_with("fails to: "));
  CHECK(send(gmail.url(), R"({"to":["a@x.org"],"subject":"s\nBcc: e@x.org","body":"b"})").starts_with("fails subject"));
  CHECK(gmail.asked() == 0);
  CHECK(send(gmail.url()).starts_with("The mail was sent"));  // no note was left
}
