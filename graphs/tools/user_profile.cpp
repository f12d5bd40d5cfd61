#include "graphs/tools/user_profile.h"

#include <array>
#include <utility>

#include "runtime/json.h"
#include "runtime/run_config.h"

namespace heddle::graphs {
namespace {

constexpr std::array kShown = {"identity",
                               "sub",
                               "name",
                               "display_name",
                               "given_name",
                               "family_name",
                               "middle_name",
                               "nickname",
                               "preferred_username",
                               "email",
                               "email_verified",
                               "picture",
                               "profile",
                               "website",
                               "gender",
                               "birthdate",
                               "zoneinfo",
                               "locale",
                               "phone_number",
                               "address",
                               "permissions"};
constexpr std::size_t kBytesMax = 8UL * 1024;  // of one claim; they come from a token, whose size is limited elsewhere

ToolResult profile(ToolContext& context, const json::object&) {
  const runtime::RunConfig& config = context.node().config();
  const runtime::SecretJson* user = nullptr;
  if (config.secrets != nullptr) {
    const auto found = config.secrets->find("langgraph_auth_user");
    if (found != config.secrets->end()) user = &found->second;
  }
  if (user == nullptr || !user->is_object()) return "There is no user logged in.";
  json::object shown;
  for (const char* claim : kShown) {
    const runtime::SecretJson* value = user->find(claim);
    if (value == nullptr) continue;
    json::value clear = value->reveal();
    if (runtime::to_text(clear).size() <= kBytesMax) shown[claim] = std::move(clear);
  }
  return runtime::to_text(shown);
}

}  // namespace

ToolPointer user_profile_tool() {
  ToolDeclaration declaration{"user_profile",
                              "Tells who the user is: name, e-mail address and what else their profile says, as JSON.",
                              parameters({})};
  return make_tool(std::move(declaration), profile);
}

}  // namespace heddle::graphs
