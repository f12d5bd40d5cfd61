#include "graphs/device_flow.h"

#include <catch2/catch.hpp>

#include "graphs/mail.h"
#include "tests/graphs/permission_fixture.h"

using namespace heddle;
using namespace heddle::graphs;
using heddle::test::http_answer;
using heddle::test::refusal;
using heddle::test::TinyConnection;
using heddle::test::TinyServer;

namespace {

const std::string kPending = refusal("403 Forbidden", "authorization_pending");

std::string allowed_by(const std::string& subject) {
  const std::string claims = base64url(R"({"sub":")" + subject + R"("})");
  return http_answer("200 OK", R"({"access_token":"private","id_token":"e30.)" + claims + R"(.x","expires_in":60})");
}

// A tenant: its discovery document, a code for each request, and the polls' answers in turn.
class Tenant {
 public:
  explicit Tenant(std::vector<std::string> polls) : polls_(std::move(polls)) {}

  void set_device_endpoint(std::string url) {
    const std::lock_guard lock(mutex_);
    device_endpoint_ = std::move(url);
  }
  void set_code_answer(std::string answer) {
    const std::lock_guard lock(mutex_);
    code_answer_ = std::move(answer);
  }

  std::string url() const { return server_.url(""); }
  // The bodies of the requests for this path.
  std::vector<std::string> bodies(const std::string& path) const {
    std::vector<std::string> found;
    for (const std::string& request : server_.requests()) {
      if (request.substr(request.find(' ') + 1).starts_with(path + " ")) found.push_back(test::text_of_body(request));
    }
    return found;
  }

 private:
  void answer(TinyConnection& connection, const std::string& request) { connection.send(answer_to(request)); }
  std::string answer_to(const std::string& request) {
    const std::lock_guard lock(mutex_);
    if (request.starts_with("GET /.well-known/openid-configuration ")) {
      const std::string endpoint = device_endpoint_.empty() ? url() + "/oauth/device/code" : device_endpoint_;
      return http_answer("200 OK", R"({"device_authorization_endpoint":")" + endpoint + R"("})");
    }
    if (request.starts_with("POST /oauth/device/code ")) return code_answer_;
    return polls_.at(std::min(next_++, polls_.size() - 1));
  }

  std::mutex mutex_;             // connections have threads of their own
  std::string device_endpoint_;  // empty: its own
  std::string code_answer_ = http_answer(
      "200 OK",
      R"({"device_code":"s3cret device","user_code":"ABCD-EFGH","verification_uri":"https://t/activate",)"
      R"("verification_uri_complete":"https://t/activate?user_code=ABCD-EFGH","expires_in":900,"interval":5})");
  std::vector<std::string> polls_;
  std::size_t next_ = 0;
  TinyServer server_{[this](TinyConnection& connection, const std::string& request) { answer(connection, request); }};
};

struct DeviceFixture : test::PermissionFixture {
  ToolPointer tool_at(const std::string& tenant_url, const std::string& client_id = "native app") {
    DeviceFlowSettings settings;
    settings.tenant.base_url = tenant_url;
    settings.client_id = client_id;
    const ToolPointer pay = make_tool({"pay", "Pays.", parameters({})},
                                      [](ToolContext&, const json::object&) { return ToolResult("paid"); });
    auto flow = std::make_shared<const DeviceFlow>(client, clock, std::move(settings));
    return with_async_authorization(std::move(flow), wanted, pay);
  }
};

}  // namespace

TEST_CASE_METHOD(DeviceFixture, "The interrupt shows code and address, and the device code stays with the server") {
  wanted.scopes = {"pay"};
  wanted.audience = "https://api";
  Tenant tenant({kPending, kPending, allowed_by("auth0|ada")});
  const ToolPointer tool = tool_at(tenant.url());
  const json::object value = value_of(call(tool));
  CHECK(value.at("name") == "AUTH0_AI_INTERRUPT");
  CHECK(value.at("code") == "DEVICE_AUTHORIZATION_PENDING");
  const double now = std::chrono::duration<double>(clock.now().time_since_epoch()).count();
  json::object expected{{"userCode", "ABCD-EFGH"},
                        {"verificationUri", "https://t/activate"},
                        {"verificationUriComplete", "https://t/activate?user_code=ABCD-EFGH"}};
  for (const auto& member : expected) CHECK(value.at("response").at(member.key()) == member.value());
  CHECK(value.at("response").at("requestedAt").to_number<double>() == now);
  CHECK(runtime::equal_json(value.at("response").at("expiresIn"), 900));
  CHECK(runtime::equal_json(value.at("response").at("interval"), 5));
  CHECK(value.at("response").as_object().size() == 6);
  CHECK(value_of(call(tool)) == value);
  CHECK(call(tool) == "paid");
  CHECK(call(tool) == "paid");

  CHECK(tenant.bodies("/oauth/device/code") ==
        std::vector<std::string>{"scope=openid%20pay&audience=https%3A%2F%2Fapi&client_id=native%20app"});
  const std::vector<std::string> polls = tenant.bodies("/oauth/token");
  REQUIRE(polls.size() == 3);
  CHECK(polls[0] ==
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=s3cret%20device&client_id="
        "native%20app");
  for (const auto& [key, kept] : task.finished) {
    CHECK(runtime::to_text(kept).find("s3cret") == std::string::npos);
    CHECK(runtime::to_text(kept).find("private") == std::string::npos);
  }
  CHECK(runtime::to_text(awaited->subject).find("s3cret") == std::string::npos);
}

TEST_CASE_METHOD(DeviceFixture, "What came to nothing is the result, with what was shown") {
  struct Row {
    std::string answer;
    const char* code;
  };
  for (const Row& row : std::vector<Row>{{refusal("403 No", "access_denied"), "DEVICE_ACCESS_DENIED"},
                                         {refusal("403 No", "expired_token"), "DEVICE_AUTHORIZATION_REQUEST_EXPIRED"},
                                         {refusal("403 No", "invalid_grant"), "DEVICE_AUTHORIZATION_REQUEST_EXPIRED"},
                                         {allowed_by("auth0|ben"), "DEVICE_ACCESS_DENIED"},
                                         {http_answer("200 OK", R"({"access_token":"t"})"), "DEVICE_ACCESS_DENIED"}}) {
    task = {};
    Tenant tenant({row.answer});
    const json::value result = runtime::parse_json(call(tool_at(tenant.url())));
    CHECK(result.at("code") == row.code);
    CHECK(result.at("response").at("userCode") == "ABCD-EFGH");
    CHECK(runtime::to_text(result).find("private") == std::string::npos);
  }
}

TEST_CASE_METHOD(DeviceFixture, "Without authentication whoever has the code may allow") {
  caller.user = "";
  Tenant tenant({allowed_by("auth0|whoever")});
  CHECK(call(tool_at(tenant.url())) == "paid");
}

TEST_CASE_METHOD(DeviceFixture, "Polling too fast is told, and a code that has expired is not polled") {
  Tenant tenant({refusal("429 Slow", "slow_down")});
  const ToolPointer tool = tool_at(tenant.url());
  CHECK(value_of(call(tool)).at("code") == "DEVICE_AUTHORIZATION_POLLING_ERROR");
  CHECK(awaited->interval == std::chrono::seconds(10));
  CHECK(look(tool).longer_by == std::chrono::seconds(5));
  clock.advance(std::chrono::seconds(900));
  CHECK(runtime::parse_json(call(tool)).at("code") == "DEVICE_AUTHORIZATION_REQUEST_EXPIRED");
  CHECK(tenant.bodies("/oauth/token").size() == 2);
}

TEST_CASE_METHOD(DeviceFixture, "What the server learns in between is there for the next execution") {
  Tenant tenant({kPending, kPending, allowed_by("auth0|ada")});
  const ToolPointer tool = tool_at(tenant.url());
  call(tool);
  CHECK_FALSE(look(tool).has_come);
  CHECK(look(tool).has_come);
  CHECK(call(tool) == "paid");
  CHECK(tenant.bodies("/oauth/token").size() == 3);
}

TEST_CASE_METHOD(DeviceFixture, "A restart loses the device code, so the run goes on and shows a new code") {
  Tenant tenant({kPending});
  CHECK(call(tool_at(tenant.url())).starts_with("asks "));
  const ToolPointer after = tool_at(tenant.url());
  CHECK(look(after).has_come);
  CHECK(call(after).starts_with("asks "));
  CHECK(tenant.bodies("/oauth/device/code").size() == 2);
}

TEST_CASE_METHOD(DeviceFixture, "A wrong set-up is told, and another server's address is not used") {
  Tenant tenant({kPending});
  const Tenant other({kPending});
  tenant.set_device_endpoint(other.url() + "/oauth/device/code");
  CHECK(call(tool_at(tenant.url())).starts_with("fails the Auth0 tenant has no address of its own for device codes"));
  CHECK(other.bodies("/oauth/device/code").empty());
  Tenant refusing({kPending});
  refusing.set_code_answer(refusal("403 No", "unauthorized_client"));
  CHECK(call(tool_at(refusing.url())).starts_with("fails the Auth0 tenant refused to give a code with 403"));
  refusing.set_code_answer(http_answer("200 OK", R"({"device_code":"d"})"));
  CHECK(call(tool_at(refusing.url())).starts_with("fails the Auth0 tenant could not give a code"));
  CHECK(call(tool_at("")).find("AUTH0_DOMAIN and AUTH0_DEVICE_CLIENT_ID") != std::string::npos);
  CHECK(call(tool_at(tenant.url(), "")).find("AUTH0_DEVICE_CLIENT_ID") != std::string::npos);
  Tenant misconfigured({refusal("401 No", "invalid_client")});
  CHECK(call(tool_at(misconfigured.url())).starts_with("fails the Auth0 tenant refused to tell what the user said"));
}
