#include "api/auth/identity.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <utility>

#include "api/http/target.h"

namespace heddle::api {
namespace {

namespace json = boost::json;

void put(std::string_view key, json::value value, runtime::Secrets& secrets) {
  secrets.insert_or_assign(std::string(key), runtime::SecretJson::take(std::move(value)));
}

}  // namespace

bool is_identity(std::string_view text) {
  constexpr std::size_t kBytesMax = 1'024;  // OpenID Connect allows 255 characters
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (text.empty() || text.size() > kBytesMax || std::ranges::any_of(text, is_control)) return false;
  return as_utf8(std::string(text)) == text;
}

void add_identity(const Identity& identity, runtime::Secrets& secrets) {
  put("langgraph_auth_user", identity.user.reveal(), secrets);
  put("langgraph_auth_user_id", json::value(identity.id), secrets);
  put("langgraph_auth_permissions", json::array(identity.permissions.begin(), identity.permissions.end()), secrets);
  if (!identity.token.empty()) put("langgraph_auth_token", json::value(identity.token.reveal()), secrets);
}

void add_owner(const storage::Owner& owner, runtime::Secrets& secrets) {
  put("langgraph_auth_user_id", json::value(owner.text), secrets);
}

}  // namespace heddle::api
