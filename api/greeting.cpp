#include "api/greeting.h"

#include <algorithm>

#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace json = boost::json;

bool is_ipv6(const std::string& host) {
  return host.find(':') != std::string::npos;
}

bool takes_messages(const NamedGraph& graph) {
  const json::value* properties = graph.schemas->input.if_contains("properties");
  return properties != nullptr && runtime::find_member(*properties, "messages") != nullptr;
}

// Inside single quotes a POSIX shell changes nothing; a single quote itself has to stand outside.
std::string shell_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace

std::string base_url(const std::vector<BoundAddress>& addresses, const std::string& mount_prefix, Scheme scheme) {
  const auto ipv4 = std::ranges::find_if(addresses, [](const BoundAddress& a) { return !is_ipv6(a.host); });
  const BoundAddress& address = ipv4 != addresses.end() ? *ipv4 : addresses.front();
  std::string host = address.host;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (is_ipv6(host)) host = "[" + host + "]";
  return (scheme == Scheme::https ? "https://" : "http://") + host + ":" + std::to_string(address.port) + mount_prefix;
}

const NamedGraph& first_to_try(const std::vector<NamedGraph>& graphs) {
  const auto chat = std::ranges::find_if(graphs, takes_messages);
  return chat != graphs.end() ? *chat : graphs.front();
}

std::string curl_line(const std::string& url, const NamedGraph& graph, Callers callers) {
  json::object body{{"assistant_id", graph.id}};
  if (takes_messages(graph)) {
    const json::object question{{"role", "user"}, {"content", "What is 17 * 23?"}};
    body["input"] = json::object{{"messages", json::array{question}}};
    body["stream_mode"] = "messages-tuple";
  } else {
    body["input"] = json::object{};
    body["stream_mode"] = json::array{"updates", "values"};
  }
  // -g: without it curl reads the brackets of an IPv6 address as a pattern.
  const std::string no_patterns = url.find('[') != std::string::npos ? "-g " : "";
  std::string token;
  if (callers == Callers::with_token) token = " -H \"authorization: Bearer $TOKEN\"";
  if (callers == Callers::with_key) token = " -H \"x-api-key: $KEY\"";
  return "curl -N " + no_patterns + shell_quoted(url + "/runs/stream") + token +
         " -H 'content-type: application/json' -d " + shell_quoted(runtime::to_text(body));
}

}  // namespace heddle::api
