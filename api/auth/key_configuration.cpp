#include "api/auth/key_configuration.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <optional>
#include <string>
#include <utility>

#include "api/auth/api_keys.h"
#include "api/auth/identity.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace json = boost::json;

ApiKey key_from(const ConfigurationPart& part) {
  part.check_keys({"id", "identity", "sha256", "permissions", "claims"});
  ApiKey key;
  key.id = part.required_text("id", "mail-robot");
  key.identity = part.required_text("identity", "mail-robot");
  if (!is_identity(key.identity)) {
    throw part.fault("identity", "must be a text of at most 1024 bytes without control characters");
  }
  const std::optional<std::string> hex = part.text("sha256");
  const std::optional<ApiKeyHash> hash = hex ? api_key_hash_from(*hex) : std::nullopt;
  // Not shown: somebody may have written the key itself there.
  if (!hash) {
    throw part.fault("sha256",
                     "must be the SHA-256 of the key, 64 hex digits; `heddle key` makes a key and prints both");
  }
  key.hash = *hash;
  key.permissions = part.texts("permissions");
  if (const json::value* const claims = runtime::find_given(part.members, "claims")) {
    if (!claims->is_object()) throw part.fault("claims", "must be an object");
    key.claims_json = runtime::to_text(*claims);
  }
  return key;
}

std::vector<ApiKey> keys_in(const ConfigurationPart& part) {
  const json::array* const list = runtime::find_array(part.members, "keys");
  if (list == nullptr || list->empty()) throw part.fault("keys", "must be a list of keys, at least one");
  std::vector<ApiKey> keys;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string path = part.path + ".keys[" + std::to_string(i) + "]";
    const json::value& one = (*list)[i];
    if (!one.is_object()) throw AuthConfigurationError(path + ": must be an object");
    const ConfigurationPart key_part{path, one.get_object()};
    ApiKey key = key_from(key_part);
    for (const ApiKey& other : keys) {
      if (other.id == key.id) throw key_part.fault("id", in_quotes(key.id) + " comes twice");
      if (other.hash == key.hash) throw key_part.fault("sha256", "is that of " + in_quotes(other.id) + ", too");
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

std::string header_name(const ConfigurationPart& part, std::string_view key, std::string name) {
  constexpr std::string_view kOwn = "authorization";
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const bool is_name = !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (!is_name || name == kOwn || name == "x-api-key" || name == "cookie" || name == "host") {
    throw part.fault(key, "must be the name of a header of the proxy's own, like \"x-forwarded-user\"");
  }
  return name;
}

}  // namespace

std::vector<ApiKey> api_keys_from(const ConfigurationPart& auth, const ReadFile& read_file) {
  const std::optional<std::string> file = auth.text("keys_file");
  const bool has_list = runtime::find_given(auth.members, "keys") != nullptr;
  if (file && has_list) throw auth.fault("keys_file", "stands beside `keys`; write one of them");
  if (!file && !has_list) {
    throw auth.fault("keys", R"(is missing; write {"id", "identity", "sha256"} for each key, or name a `keys_file`)");
  }
  if (!file) return keys_in(auth);
  const std::string path = auth.path + ".keys_file " + in_quotes(*file);
  json::value content;
  try {
    content = runtime::parse_json(read_file(*file));
  } catch (const runtime::JsonError& error) {
    throw AuthConfigurationError(path + ": " + error.what());
  }
  if (!content.is_object()) throw AuthConfigurationError(path + R"(: must be an object, {"keys": [...]})");
  const ConfigurationPart part{path, content.get_object()};
  part.check_keys({"keys"});
  return keys_in(part);
}

ProxySettings proxy_from(const ConfigurationPart& auth) {
  ProxySettings proxy;
  proxy.header = header_name(auth, "header", auth.required_text("header", "x-forwarded-user"));
  for (const std::string_view key : {"email_header", "permissions_header"}) {
    const std::optional<std::string> name = auth.text(key);
    if (!name) continue;
    (key == "email_header" ? proxy.email_header : proxy.permissions_header) = header_name(auth, key, *name);
  }
  const std::vector<std::string> from = auth.texts("from");
  if (from.empty()) {
    throw auth.fault("from", R"(must name the addresses of the proxy, for example ["10.0.0.0/8", "127.0.0.1"])");
  }
  for (const std::string& text : from) {
    const std::optional<graphs::Network> network = graphs::Network::parse(text);
    if (!network) throw auth.fault("from", in_quotes(text) + " is no address and no network like 10.0.0.0/8");
    if (text.ends_with("/0")) throw auth.fault("from", in_quotes(text) + " would let anybody say who they are");
    proxy.from.push_back(*network);
  }
  return proxy;
}

}  // namespace heddle::api
