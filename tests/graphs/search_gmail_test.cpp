#include "graphs/tools/search_gmail.h"

#include <atomic>
#include <catch2/catch.hpp>

#include "graphs/google_api.h"
#include "tests/graphs/vault_fixture.h"

using namespace heddle;
using namespace heddle::graphs;
using heddle::test::granted;
using heddle::test::http_answer;
using heddle::test::Scripted;
using heddle::test::TinyConnection;
using heddle::test::TinyServer;
using heddle::test::VaultFixture;

namespace {

// "GET /path HTTP/1.1" -> "/path"
std::string path_of(const std::string& request) {
  const std::size_t begin = request.find(' ') + 1;
  return request.substr(begin, request.find(' ', begin) - begin);
}

std::string google_refusal(const std::string& status, const std::string& error, const std::string& headers = "") {
  return http_answer(status, R"({"error":)" + error + "}", headers);
}

std::string base64_of_letters(std::size_t kib) {
  std::string data;
  for (std::size_t bytes = 0; bytes < kib * 1024; bytes += 3) data += "YWFh";
  return data;
}

const std::string kMothMail =
    R"({"id":"a1","threadId":"t1","snippet":"We found","payload":{"mimeType":"text/plain","headers":[)"
    R"({"name":"To","value":"x"},{"name":"Subject","value":"Moth"},{"name":"From","value":"Grace <g@x>"},)"
    R"({"name":"Subject","value":"second"}],"body":{"data":"V2UgZm91bmQgdGhlIG1vdGgu"}}})";
const std::string kGearMail =
    R"({"id":"a2","threadId":"t2","snippet":"Gears","payload":{"parts":[)"
    R"({"mimeType":"text/plain","body":{"data":"b25lLA=="}},{"mimeType":"text/html","body":{"data":"PGI-"}},)"
    R"({"mimeType":"multipart/alternative","parts":[{"mimeType":"text/plain","body":{"data":"bm8="}}]},)"
    R"({"mimeType":"text/plain","body":{"data":"dHdv"}}]}})";
const std::string kHits = R"({"messages":[{"id":"a1","threadId":"t1"},{"id":"a2","threadId":"t2"}]})";

// A mailbox with the two mails, whose answers a test may replace by path.
struct GmailFixture : VaultFixture {
  std::map<std::string, std::string> answers = {
      {"/gmail/v1/users/me/messages/a1?format=full", http_answer("200 OK", kMothMail)},
      {"/gmail/v1/users/me/messages/a2?format=full", http_answer("200 OK", kGearMail)},
      {"/gmail/v1/users/me/threads/t1?format=full", http_answer("200 OK", R"({"messages":[)" + kMothMail + "]}")},
      {"/gmail/v1/users/me/threads/t2?format=full", http_answer("200 OK", R"({"messages":[]})")},
  };
  std::string listing = http_answer("200 OK", kHits);
  TinyServer gmail{[this](TinyConnection& connection, const std::string& request) {
    const std::string path = path_of(request);
    const auto found = answers.find(path);
    const bool is_list = path.starts_with("/gmail/v1/users/me/messages?");
    connection.send(found != answers.end() ? found->second : is_list ? listing : http_answer("404 Not Found", ""));
  }};
  Scripted tenant{{granted("g1"), granted("g2"), granted("g3")}};
  std::unique_ptr<TokenVault> vault = vault_at(tenant.url());
  ToolPointer tool = with_token_vault(*vault, test::gmail_connection(), search_gmail_tool(client, gmail.url("")));

  std::string search(json::object arguments = {{"query", "is:unread"}}) { return call(tool, std::move(arguments)); }
};

}  // namespace

TEST_CASE("search_gmail has the name and schema of the sample") {
  HttpClient client;
  const ToolDeclaration declaration = search_gmail_tool(client)->declaration();
  CHECK(declaration.name == "search_gmail");
  CHECK(runtime::to_text(declaration.parameters) ==
        R"({"type":"object","properties":{"query":{"type":"string"},"maxResults":{"type":"number"},)"
        R"("resource":{"type":"string","enum":["messages","threads"]}},"required":["query"],)"
        R"("additionalProperties":false,"$schema":"http://json-schema.org/draft-07/schema#"})");
}

TEST_CASE_METHOD(GmailFixture, "Mails come in the order of the hits, with whole headers and the top plain text") {
  CHECK(search() ==
        "Result for the query is:unread:\n"
        R"([{"id":"a1","threadId":"t1","snippet":"We found","body":"We found the moth.",)"
        R"("subject":{"name":"Subject","value":"Moth"},"sender":{"name":"From","value":"Grace <g@x>"}},)"
        R"({"id":"a2","threadId":"t2","snippet":"Gears","body":"one,two"}])");
}

TEST_CASE_METHOD(GmailFixture, "A search asks for messages with the user's token, ten of them by default") {
  search({{"query", "from:me \u00e9&a=b"}});
  const std::vector<std::string> requests = gmail.requests();
  REQUIRE(requests.size() == 3);
  CHECK(path_of(requests[0]) == "/gmail/v1/users/me/messages?q=from%3Ame%20%C3%A9%26a%3Db&maxResults=10");
  for (const std::string& request : requests) CHECK(request.find("Authorization: Bearer g1\r\n") != std::string::npos);
  search({{"query", "x"}, {"maxResults", 5}, {"resource", "messages"}});
  CHECK(path_of(gmail.requests()[3]).ends_with("&maxResults=5"));
  for (const json::value& odd : {json::value(100000), json::value(-3), json::value(2.9)}) {
    search({{"query", "x"}, {"maxResults", odd}});
  }
  std::vector<std::string> asked;
  for (const std::string& request : gmail.requests()) {
    const std::string path = path_of(request);
    if (path.find("maxResults=") != std::string::npos) asked.push_back(path.substr(path.find("maxResults=") + 11));
  }
  CHECK(asked == std::vector<std::string>{"10", "5", "500", "1", "2"});
}

TEST_CASE_METHOD(GmailFixture, "Of a thread the first mail is told, under the thread's id") {
  CHECK(search({{"query", "x"}, {"resource", "threads"}}) ==
        "Result for the query x:\n"
        R"([{"id":"t1","snippet":"We found","body":"We found the moth.",)"
        R"("subject":{"name":"Subject","value":"Moth"},"sender":{"name":"From","value":"Grace <g@x>"}},{"id":"t2"}])");
}

TEST_CASE_METHOD(GmailFixture, "An empty mailbox is an empty list and no error") {
  listing = http_answer("200 OK", R"({"resultSizeEstimate":0})");
  CHECK(search({{"query", "in:inbox"}}) == "Result for the query in:inbox:\n[]");
}

TEST_CASE_METHOD(GmailFixture, "A mail that is gone meanwhile is left out") {
  answers["/gmail/v1/users/me/messages/a1?format=full"] = google_refusal("404 Not Found", "{}");
  CHECK(search().starts_with("Result for the query is:unread:\n[{\"id\":\"a2\""));
}

TEST_CASE_METHOD(GmailFixture, "A refused token is exchanged once more and then asked for") {
  const std::string expired = google_refusal("401 Unauthorized", R"({"code":401,"status":"UNAUTHENTICATED"})");
  listing = expired;
  CHECK(search().starts_with(R"(asks {"name":"AUTH0_AI_INTERRUPT","code":"FEDERATED_CONNECTION_ERROR")"));
  CHECK(tenant.asked() == 2);
  CHECK(gmail.requests().size() == 2);
  // Also when it is one of the mails that is refused.
  listing = http_answer("200 OK", kHits);
  answers["/gmail/v1/users/me/messages/a2?format=full"] = expired;
  CHECK(search().starts_with("asks "));
}

TEST_CASE_METHOD(GmailFixture, "Missing scopes ask the user, in each form in which Google says so") {
  for (const std::string& answer :
       {google_refusal("403 Forbidden",
                       R"({"errors":[{"reason":"insufficientPermissions"}],"status":"PERMISSION_DENIED"})"),
        google_refusal("403 Forbidden", R"({"details":[{"reason":"ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]})"),
        http_answer("403 Forbidden", "", "WWW-Authenticate: Bearer error=\"insufficient_scope\"\r\n")}) {
    listing = answer;
    CHECK(search().find("Missing scopes: " + test::kGmailScope) != std::string::npos);
  }
}

TEST_CASE_METHOD(GmailFixture, "Other refusals fail the call with Google's code and nothing else of the answer") {
  struct Row {
    std::string answer;
    const char* text;
  };
  const std::vector<Row> rows = {
      {google_refusal("403 Forbidden", R"({"errors":[{"reason":"domainPolicy"}],"message":"private"})"),
       "Google answered 403 domainPolicy"},
      {google_refusal("403 Forbidden", R"({"errors":[{"reason":"userRateLimitExceeded"}]})"),
       "Google answered 403 userRateLimitExceeded; try again later"},
      {google_refusal("429 Too Many", R"({"status":"RESOURCE_EXHAUSTED"})"),
       "Google answered 429 RESOURCE_EXHAUSTED; try again later"},
      {http_answer("500 Oops", "<html>private</html>"), "Google answered 500; try again later"},
      {google_refusal("400 Bad", R"({"status":"words that are no code"})"), "Google answered 400"},
      {http_answer("200 OK", "<html>"), "Google's answer is no JSON"},
  };
  for (const Row& row : rows) {
    listing = row.answer;
    CHECK(search() == std::string("fails Error while searching Gmail: ") + row.text);
  }
}

TEST_CASE_METHOD(GmailFixture, "A mailbox that hangs up fails the call, and the text names no query") {
  listing = "";
  const std::string text = search({{"query", "private"}});
  CHECK(text.starts_with("fails Error while searching Gmail: GET http://127.0.0.1"));
  CHECK(text.find("private") == std::string::npos);
}

TEST_CASE_METHOD(GmailFixture, "Odd answers are no danger") {
  for (const char* odd : {"[]", "null", "7", R"({"messages":7})", R"({"messages":[7,{"id":9},{}]})"}) {
    listing = http_answer("200 OK", odd);
    CHECK(search() == "Result for the query is:unread:\n[]");
  }
  listing = http_answer("200 OK", R"({"messages":[{"id":"a1"}]})");
  for (const char* odd :
       {"{}", "[]", R"({"payload":7})", R"({"payload":{"parts":7,"headers":[3,{"name":5}]}})",
        R"({"payload":{"parts":[7,{"mimeType":"text/plain"},{"mimeType":"text/plain","body":{"data":1}}]}})"}) {
    answers["/gmail/v1/users/me/messages/a1?format=full"] = http_answer("200 OK", odd);
    CHECK(search() == "Result for the query is:unread:\n[{\"body\":\"\"}]");
  }
}

TEST_CASE_METHOD(GmailFixture, "An id from Gmail cannot lead to another place") {
  listing = http_answer("200 OK", R"({"messages":[{"id":"../x?y"}]})");
  search();
  CHECK(path_of(gmail.requests().back()) == "/gmail/v1/users/me/messages/..%2Fx%3Fy?format=full");
}

TEST_CASE_METHOD(GmailFixture, "Long texts are cut, and a mail that is too large is told as such") {
  const std::string data = base64_of_letters(100);
  answers["/gmail/v1/users/me/messages/a1?format=full"] =
      http_answer("200 OK", R"({"id":"a1","payload":{"body":{"data":")" + data + R"("}}})");
  answers["/gmail/v1/users/me/messages/a2?format=full"] =
      http_answer("200 OK", std::string(std::size_t{5} << 20, ' ') + "{}");
  const std::string text = search();
  CHECK(text.size() < (std::size_t{66} << 10));
  CHECK(text.find(" (cut here)\"}") != std::string::npos);
  CHECK(text.ends_with(R"x({"id":"a2","threadId":"t2","body":"(this mail is too large to be read here)"}])x"));
}

TEST_CASE_METHOD(GmailFixture, "Many mails together are cut too") {
  const std::string data = base64_of_letters(60);
  std::string hits;
  for (int i = 0; i < 30; ++i) {
    const std::string id = "m" + std::to_string(i);
    hits += (i == 0 ? "" : ",") + (R"({"id":")" + id + R"("})");
    answers["/gmail/v1/users/me/messages/" + id + "?format=full"] =
        http_answer("200 OK", R"({"id":")" + id + R"(","payload":{"body":{"data":")" + data + R"("}}})");
  }
  listing = http_answer("200 OK", R"({"messages":[)" + hits + "]}");
  const std::string text = search();
  CHECK(text.size() < (std::size_t{520} << 10));
  CHECK(text.find("\"m29\"") != std::string::npos);
}

TEST_CASE("A mail's text is UTF-8; each byte is a character where it is none; what is no base64url stays as it is") {
  CHECK(mail_text("R3LDvMOfZSDwn5iA") == "Gr\u00fc\u00dfe \U0001F600");
  CHECK(mail_text("Pz8_") == "???");
  CHECK(mail_text("R3L8337l") == "Gr\u00fc\u00df~\u00e5");
  CHECK(mail_text("YQ") == "a");
  CHECK(mail_text("YQ==") == "a");
  CHECK(mail_text("not base64!") == "not base64!");
  CHECK(mail_text("abcde") == "abcde");
  CHECK(mail_text("").empty());
}

TEST_CASE("A text is cut behind a whole character") {
  CHECK(shortened("abc", 3) == "abc");
  CHECK(shortened("abcd", 3) == "abc (cut here)");
  CHECK(shortened("a\u00e9\u00e9", 4) == "a\u00e9 (cut here)");
  CHECK(shortened("\u00e9", 0) == " (cut here)");
}
