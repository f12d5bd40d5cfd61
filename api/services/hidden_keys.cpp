#include "api/services/hidden_keys.h"

#include <algorithm>
#include <utility>

#include "api/services/api_error.h"

namespace heddle::api {

bool is_server_key(std::string_view key) {
  return key.starts_with("langgraph_auth_") || key == "langgraph_request_id";
}

bool is_hidden_key(std::string_view key, const ServerSettings& settings) {
  if (key.starts_with('_')) return true;
  if (is_server_key(key)) return true;
  const std::vector<std::string>& named = settings.secret_configurable_keys;
  return std::ranges::find(named, key) != named.end();
}

std::vector<std::string> hidden_keys_of(const boost::json::object& members, const ServerSettings& settings) {
  std::vector<std::string> hidden;
  for (const boost::json::key_value_pair& member : members) {
    if (is_hidden_key(member.key(), settings)) hidden.emplace_back(member.key());
  }
  return hidden;
}

void refuse_hidden_keys(const boost::json::object& config, const boost::json::value& context,
                        const ServerSettings& settings, const std::string& record) {
  const auto refuse = [&](const boost::json::value* members, std::vector<std::string> path) {
    if (members == nullptr || !members->is_object()) return;
    const std::vector<std::string> hidden = hidden_keys_of(members->get_object(), settings);
    if (hidden.empty()) return;
    path.push_back(hidden.front());
    throw ApiError::invalid(std::move(path), "is secret and cannot be kept in " + record + "; send it with each run");
  };
  refuse(config.if_contains("configurable"), {"config", "configurable"});
  refuse(&context, {"context"});
}

}  // namespace heddle::api
