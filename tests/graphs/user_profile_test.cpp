#include "graphs/tools/user_profile.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "runtime/json.h"
#include "tests/graphs/fake_context.h"
#include "tests/graphs/tool_call.h"
#include "tests/support/run.h"

using namespace heddle;
using namespace heddle::graphs;

namespace {

std::string profile_with(const char* key, const std::string& value) {
  boost::asio::io_context io;
  test::FakeTask task;
  test::FakeContext node(task, runtime::State());
  auto secrets = std::make_shared<runtime::Secrets>();
  if (key != nullptr) secrets->emplace(key, runtime::SecretJson::take(runtime::parse_json(value)));
  node.run_config.secrets = secrets;
  ToolContext context(node, "user_profile", "c1", "key");
  return test::run(io, test::text_of_call(user_profile_tool(), context, {}));
}

}  // namespace

TEST_CASE("The profile of the authenticated user is told, and no claim that is for the server") {
  CHECK(profile_with("langgraph_auth_user",
                     R"({"sub":"auth0|1","email":"ada@x.org","name":"Ada","email_verified":true,"identity":"auth0|1",)"
                     R"("permissions":["read"],"https://x/app":{"plan":"secret"},"sid":"s","iss":"i"})") ==
        R"({"identity":"auth0|1","sub":"auth0|1","name":"Ada","email":"ada@x.org","email_verified":true,)"
        R"("permissions":["read"]})");
}

TEST_CASE("Without an authenticated user there is no profile, whatever the client says") {
  CHECK(profile_with(nullptr, "") == "There is no user logged in.");
  CHECK(profile_with("_credentials", R"({"user":{"email":"ada@x.org"}})") == "There is no user logged in.");
  CHECK(profile_with("langgraph_auth_user", "\"ada\"") == "There is no user logged in.");
}

TEST_CASE("A claim that is very long is left out") {
  CHECK(profile_with("langgraph_auth_user", R"({"name":"Ada","picture":")" + std::string(9000, 'x') + "\"}") ==
        R"({"name":"Ada"})");
}
