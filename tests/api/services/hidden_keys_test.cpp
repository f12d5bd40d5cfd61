#include "api/services/hidden_keys.h"

#include <catch2/catch.hpp>

namespace heddle::api {
namespace {

TEST_CASE("A key is hidden by its underscore, by belonging to authentication, or by the settings") {
  ServerSettings settings;
  settings.secret_configurable_keys = {"token"};
  for (const char* key : {"_credentials", "__x", "_", "langgraph_auth_user", "langgraph_auth_user_id",
                          "langgraph_auth_permissions", "langgraph_auth_token", "langgraph_request_id", "token"}) {
    INFO(key);
    CHECK(is_hidden_key(key, settings));
  }
  for (const char* key : {"", "a_", "Token", "langgraph_auth", "user_id"}) {
    INFO(key);
    CHECK_FALSE(is_hidden_key(key, settings));
  }
}

TEST_CASE("The hidden keys of an object are its own, in its order") {
  const boost::json::object members{{"_b", 1}, {"shown", boost::json::object{{"_inside", 1}}}, {"_a", 2}};
  CHECK(hidden_keys_of(members, {}) == std::vector<std::string>{"_b", "_a"});
}

}  // namespace
}  // namespace heddle::api
