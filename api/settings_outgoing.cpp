#include "api/settings_outgoing.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

#include "api/setting_kinds.h"
#include "graphs/network.h"

namespace heddle::api {
namespace {

using namespace setting_kinds;

std::optional<std::uint16_t> port_from(const std::string& text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

void add_webhook_urls(std::vector<Setting>& table) {
  table.push_back(on_off(
      {"disable-webhooks", "http.disable_webhooks"}, "refuses runs that name a webhook, and calls none",
      [](ServerSettings& s) -> auto& { return s.webhooks.enabled; }, false));
  table.push_back(list(
      {"webhooks-allowed-domains", "webhooks.url.allowed_domains"}, "names of hosts, `*.example.com` for all below it",
      "the only hosts that webhooks may name; none named: all",
      [](ServerSettings& s) -> auto& { return s.webhooks.url.allowed_domains; }, Letters::lower));
  table.push_back(parsed_list<std::uint16_t>(
      {"webhooks-allowed-ports", "webhooks.url.allowed_ports"}, "numbers from 1 to 65535",
      "the only ports that webhooks may name, 80 and 443 being those of http and https; none named: all",
      [](ServerSettings& s) -> auto& { return s.webhooks.url.allowed_ports; }, port_from, SettingForm::numbers));
  table.push_back(parsed_list<graphs::Network>(
      {"webhooks-allowed-networks", "webhooks.url.allowed_networks"}, "networks like `10.1.0.0/16`, or addresses",
      "may be called although they are not public; whoever can start a run can make the server call them",
      [](ServerSettings& s) -> auto& { return s.webhooks.url.allowed_networks; },
      [](const std::string& text) { return graphs::Network::parse(text); }));
  table.push_back(on_off({"webhooks-require-https", "webhooks.url.require_https"},
                         "refuses webhooks by http, over which everybody on the way can read them",
                         [](ServerSettings& s) -> auto& { return s.webhooks.url.require_https; }));
  table.push_back(on_off({"webhooks-disable-loopback", "webhooks.url.disable_loopback"},
                         "false lets webhooks call the machine of the server, and makes one that begins with `/` a "
                         "route of the server itself; other services on the machine may trust whoever comes from there",
                         [](ServerSettings& s) -> auto& { return s.webhooks.url.disable_loopback; }));
  table.push_back(number({"webhooks-max-url-length", "webhooks.url.max_url_length", "bytes"}, 16, 65'536,
                         "longer webhooks are refused; the reference takes as many",
                         [](ServerSettings& s) -> auto& { return s.webhooks.url.max_url_length; }));
  auto take_prefix = [](ServerSettings& settings, const std::string& prefix) { settings.webhooks.env_prefix = prefix; };
  table.push_back(
      text({"webhooks-env-prefix", "webhooks.env_prefix"}, "the beginning of names of variables",
           WebhookSettings{}.env_prefix,
           "only variables that begin so may be named in `webhooks.headers`, so that no other secret of the "
           "server is sent away",
           take_prefix));
}

void add_webhook_calls(std::vector<Setting>& table) {
  table.push_back(number({"webhooks-timeout-ms", "heddle.webhooks_timeout_ms", "milliseconds"}, 100, 600'000,
                         "of one attempt, to the status of the answer; a receiver should take the call and work later",
                         [](ServerSettings& s) -> auto& { return s.webhooks.timeout; }));
  table.push_back(number({"webhooks-attempts", "heddle.webhooks_attempts"}, 1, 20,
                         "then a webhook is given up and logged; three outlive a restart of the receiver",
                         [](ServerSettings& s) -> auto& { return s.webhooks.attempts; }));
  table.push_back(number({"webhooks-backoff-ms", "heddle.webhooks_backoff_ms", "milliseconds"}, 1, 3'600'000,
                         "from the first attempt to the second; doubled for each further one, up to an hour",
                         [](ServerSettings& s) -> auto& { return s.webhooks.backoff; }));
  table.push_back(number({"webhooks-at-once", "heddle.webhooks_at_once"}, 1, 4'096,
                         "calls under way; further ones wait in the database. Each takes a connection and holds its "
                         "body in memory",
                         [](ServerSettings& s) -> auto& { return s.webhooks.at_once; }));
  table.push_back(number({"webhooks-values-bytes-max", "heddle.webhooks_values_bytes_max", "bytes"}, 0, kGiB,
                         "larger `values` are left out of a call, which is logged; the receiver can ask for the state "
                         "of the thread",
                         [](ServerSettings& s) -> auto& { return s.webhooks.values_bytes_max; }));
  table.push_back(number({"webhooks-bytes-in-memory", "heddle.webhooks_bytes_in_memory", "bytes"}, 0, kGiB,
                         "calls of runs that are stored nowhere, together; beyond it further ones are given up and "
                         "logged",
                         [](ServerSettings& s) -> auto& { return s.webhooks.bytes_in_memory; }));
}

std::string endpoint_from(std::string endpoint) {
  while (endpoint.ends_with('/')) endpoint.pop_back();
  const bool is_url = endpoint.starts_with("http://") || endpoint.starts_with("https://");
  if (!endpoint.empty() && (!is_url || endpoint.find_first_of(" ?#") != std::string::npos))
    throw SettingError("allowed is a URL like `http://127.0.0.1:4318`, without the path `/v1/traces`");
  return endpoint;
}

void add_traces(std::vector<Setting>& table) {
  auto take_endpoint = [](ServerSettings& settings, const std::string& endpoint) {
    settings.traces.endpoint = endpoint_from(endpoint);
  };
  table.push_back(
      text({"otlp-endpoint", "heddle.otlp_endpoint"}, "a URL like `http://127.0.0.1:4318`", "",
           "the OpenTelemetry collector that is told of each run when it ends: nodes, models and tools with "
           "times and counts, never what was said; none: nobody is told",
           take_endpoint));
  auto take_name = [](ServerSettings& settings, const std::string& name) { settings.traces.service_name = name; };
  table.push_back(text({"otlp-service-name", "heddle.otlp_service_name"}, "a text", TraceSettings{}.service_name,
                       "the name of this server in traces", take_name));
}

}  // namespace

void add_outgoing_settings(std::vector<Setting>& table) {
  add_webhook_urls(table);
  add_webhook_calls(table);
  add_traces(table);
}

}  // namespace heddle::api
