#include "api/auth/identity.h"

#include <boost/json/array.hpp>
#include <utility>

namespace heddle::api {
namespace {

namespace json = boost::json;

void put(std::string_view key, json::value value, runtime::Secrets& secrets) {
  secrets.insert_or_assign(std::string(key), runtime::SecretJson::take(std::move(value)));
}

}  // namespace

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
