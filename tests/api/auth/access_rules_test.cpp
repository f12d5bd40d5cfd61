#include "api/auth/access_rules.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "api/auth/auth_configuration.h"
#include "api/auth/identity.h"
#include "api/auth/rules_configuration.h"
#include "api/services/api_error.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

using Catch::Contains;

AccessRules rules(const std::string& text) {
  return access_rules_from(runtime::parse_json(text));
}

// `user`: JSON of what is known of them.
Caller caller(const std::string& id, std::vector<std::string> permissions = {}, const std::string& user = "{}") {
  auto identity = std::make_shared<Identity>();
  identity->id = id;
  identity->permissions = std::move(permissions);
  identity->user = runtime::SecretJson::take(runtime::parse_json(user));
  Caller made;
  made.owner.text = id;
  made.identity = std::move(identity);
  return made;
}

std::string fault(const std::string& text) {
  try {
    rules(text);
  } catch (const AuthConfigurationError& error) {
    return error.what();
  }
  return "was taken";
}
std::string fault_of(const std::string& members) {
  return fault("[{" + members + "}]");
}

std::vector<std::string> shared(const std::string& text, const Caller& reader) {
  std::vector<std::string> filters;
  for (const storage::Containment& filter : shared_with(rules(text), reader)) filters.push_back(filter.json);
  return filters;
}

TEST_CASE("Without a rule for it everything is allowed") {
  CHECK(is_allowed({}, caller("ann"), "threads", "create"));
  const AccessRules others = rules(R"([{"resource":"crons","allow":{"permission":"c"}},
                                       {"resource":"threads","action":"delete","deny":"users"}])");
  CHECK(is_allowed(others, caller("ann"), "threads", "create"));
  CHECK_FALSE(is_allowed(others, caller("ann"), "threads", "delete"));
}

TEST_CASE("An operation with allowing rules is for those whom one of them means") {
  const AccessRules some = rules(R"([{"resource":"crons","action":["create","update"],"allow":{"permission":["c","d"]}},
                                     {"resource":"crons","action":"create","allow":{"identity":"ann"}}])");
  CHECK(is_allowed(some, caller("ben", {"x", "d"}), "crons", "create"));
  CHECK(is_allowed(some, caller("ann"), "crons", "create"));
  CHECK_FALSE(is_allowed(some, caller("ann"), "crons", "update"));
  CHECK_FALSE(is_allowed(some, caller("ben", {"C"}), "crons", "create"));
  CHECK(is_allowed(some, caller("ben"), "crons", "read"));
  CHECK_THROWS_AS(require(some, caller("ben"), "crons", "create"), ApiError);
}

TEST_CASE("A denying rule wins, wherever it stands") {
  for (const char* text :
       {R"([{"resource":"*","deny":{"claim":{"suspended":true}}},{"resource":"*","allow":"users"}])",
        R"([{"resource":"*","allow":"users"},{"resource":"*","deny":{"claim":{"suspended":true}}}])"}) {
    CHECK_FALSE(is_allowed(rules(text), caller("ann", {}, R"({"suspended":true})"), "store", "get"));
    CHECK(is_allowed(rules(text), caller("ann", {}, R"({"suspended":"true"})"), "store", "get"));
    CHECK(is_allowed(rules(text), caller("ann"), "store", "get"));
  }
}

TEST_CASE("A claim fits by value and type, or as an element of its list, and all conditions must hold") {
  const AccessRules one =
      rules(R"([{"resource":"store","allow":{"claim":{"plan":["pro",2],"org":"x"},"permission":"s"}}])");
  const auto may = [&](const std::string& user, std::vector<std::string> permissions = {"s"}) {
    return is_allowed(one, caller("ann", std::move(permissions), user), "store", "put");
  };
  CHECK(may(R"({"plan":"pro","org":"x"})"));
  CHECK(may(R"({"plan":2,"org":["y","x"]})"));
  CHECK_FALSE(may(R"({"plan":"2","org":"x"})"));
  CHECK_FALSE(may(R"({"plan":"pro"})"));
  CHECK_FALSE(may(R"({"plan":"pro","org":{"x":1}})"));
  CHECK_FALSE(may(R"({"plan":"pro","org":"x"})", {}));
}

TEST_CASE("Strangers are let in where a rule says everybody, and nowhere else") {
  const AccessRules open = rules(R"([{"resource":"meta","action":["documents","metrics"],"allow":"everybody"}])");
  CHECK(lets_strangers(open, "meta", "documents"));
  CHECK(lets_strangers(open, "meta", "metrics"));
  CHECK_FALSE(lets_strangers(open, "meta", "read"));
  CHECK_FALSE(lets_strangers(rules(R"([{"resource":"meta","allow":"users"}])"), "meta", "read"));
  for (const char* wrong :
       {R"("resource":"threads","action":"read","allow":"everybody")", R"("resource":"meta","allow":"everybody")",
        R"("resource":"*","action":"read","allow":"everybody")",
        R"("resource":"meta","action":"truncate","allow":"everybody")"}) {
    CHECK_THAT(fault_of(wrong), Contains(R"(auth.rules[0].allow: "everybody" lets in people without credentials)"));
  }
}

TEST_CASE("What is shared depends on what is known of the reader") {
  const std::string by_team =
      R"([{"resource":"assistants","action":"read","share":"users","filter":{"team":"$claims.team"}}])";
  CHECK(shared(by_team, caller("ann", {}, R"({"team":"mail"})")) == std::vector<std::string>{R"({"team":"mail"})"});
  CHECK(shared(by_team, caller("ann", {}, R"({"team":7})")) == std::vector<std::string>{R"({"team":7})"});
  // What would fit everything, or nothing, shares nothing.
  for (const char* user : {"{}", R"({"team":null})", R"({"team":{}})", R"({"team":[]})"}) {
    CHECK(shared(by_team, caller("ann", {}, user)).empty());
  }
  CHECK(shared(by_team, Caller{storage::Owner{"ann"}}).empty());
  const std::string by_name =
      R"([{"resource":"assistants","action":"read","share":"users","filter":{"readers":["$identity"]}},
      {"resource":"assistants","action":["read"],"share":{"permission":"audit"},"filter":{"x":1}}])";
  CHECK(shared(by_name, caller("ann")) == std::vector<std::string>{R"({"readers":["ann"]})"});
  CHECK(shared(by_name, caller("ann", {"audit"})).size() == 2);
  CHECK(shared(by_name, Caller{storage::Owner{"ann"}}) == std::vector<std::string>{R"({"readers":["ann"]})"});
  // Sharing says nothing about what is allowed.
  CHECK(is_allowed(rules(by_team), caller("ben"), "assistants", "read"));
}

TEST_CASE("What is wrong with a rule is told by its place, with the nearest name") {
  CHECK_THAT(fault("{}"), Contains("auth.rules: must be a list"));
  CHECK_THAT(fault("[7]"), Contains("auth.rules[0]: must be an object"));
  CHECK_THAT(fault(R"([{"resource":"store","allow":"users"},{"resource":"store"}])"),
             Contains("auth.rules[1]: says none of `allow`, `deny` and `share`"));
  CHECK_THAT(fault_of(R"("resorce":"store","allow":"users")"),
             Contains("auth.rules[0].resorce: no such key; did you mean `resource`?"));
  CHECK_THAT(fault_of(R"("allow":"users")"), Contains("auth.rules[0].resource: is missing"));
  CHECK_THAT(fault_of(R"("resource":"thread","allow":"users")"), Contains("did you mean `threads`?"));
  CHECK_THAT(fault_of(R"("resource":"runs","allow":"users")"), Contains("create_run"));
  CHECK_THAT(fault_of(R"("resource":"threads","action":"remove","allow":"users")"),
             Contains("auth.rules[0].action") && Contains("delete"));
  CHECK_THAT(fault_of(R"("resource":"crons","action":"create_run","allow":"users")"),
             Contains("actions of \"crons\" are"));
  CHECK_THAT(fault_of(R"("resource":"crons","action":7,"allow":"users")"), Contains("auth.rules[0].action: must be"));
  CHECK_THAT(fault_of(R"("resource":"crons","allow":"users","deny":"users")"),
             Contains("auth.rules[0].deny: stands beside `allow`"));
  CHECK_THAT(fault_of(R"("resource":"crons","allow":"nobody")"), Contains("auth.rules[0].allow: must be \"users\""));
  CHECK_THAT(fault_of(R"("resource":"crons","deny":"everybody")"), Contains("auth.rules[0].deny: must be \"users\""));
  for (const char* nobody : {"{}", R"({"permission":[]})", R"({"claim":{}})"}) {
    CHECK_THAT(fault_of(R"("resource":"crons","allow":)" + std::string(nobody)),
               Contains("auth.rules[0].allow: names nobody"));
  }
  CHECK_THAT(fault_of(R"("resource":"crons","allow":{"permissions":"x"})"),
             Contains("auth.rules[0].allow.permissions: no such key"));
  CHECK_THAT(fault_of(R"("resource":"crons","allow":{"claim":{"a":{}}})"),
             Contains("auth.rules[0].allow.claim.a: must be"));
  CHECK_THAT(fault_of(R"("resource":"crons","allow":{"claim":{"a":[]}})"), Contains("names no value"));
  CHECK_THAT(fault_of(R"("resource":"crons","allow":"users","filter":{"a":1})"),
             Contains("auth.rules[0].filter: goes with `share`"));
  const std::string share = R"("resource":"assistants","action":"read","share":"users")";
  CHECK_THAT(fault_of(share), Contains("auth.rules[0].filter: must say which"));
  CHECK_THAT(fault_of(share + R"(,"filter":{})"), Contains("auth.rules[0].filter: must say which"));
  CHECK_THAT(fault_of(share + R"(,"filter":{"a":["$user"]})"), Contains(R"("$user" is no variable)"));
  CHECK_THAT(fault_of(share + R"(,"filter":{"a":"$claims."})"), Contains("is no variable"));
  for (const char* wrong : {R"("resource":"threads","action":"read","share":"users","filter":{"a":1})",
                            R"("resource":"assistants","share":"users","filter":{"a":1})",
                            R"("resource":"assistants","action":["read","update"],"share":"users","filter":{"a":1})"}) {
    CHECK_THAT(fault_of(wrong), Contains("auth.rules[0].share: is for the resource \"assistants\""));
  }
}

}  // namespace
}  // namespace heddle::api
