#include "api/runs/run_request.h"

#include <array>
#include <limits>
#include <utility>

#include "api/outgoing/url_policy.h"
#include "api/routes/body.h"
#include "api/services/hidden_keys.h"
#include "runtime/command.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 3> kCheckpointKeys{"checkpoint_id", "checkpoint_ns", "checkpoint_map"};
// More than that is a mistake in the unit, and would overflow a time.
constexpr double kAfterSecondsMax = 10.0 * 365 * 24 * 3600;

bool names_checkpoint(std::string_view key) {
  for (const std::string_view known : kCheckpointKeys) {
    if (known == key) return true;
  }
  return false;
}

// Moves the hidden keys of an object into Secrets. Keys of authentication are the server's alone and dropped.
void take_hidden(json::object& members, runtime::Secrets& secrets, const ServerSettings& settings) {
  for (const std::string& key : hidden_keys_of(members, settings)) {
    json::value value = std::move(members.at(key));
    members.stable_erase(key);
    if (is_server_key(key)) {
      runtime::wipe(value);
      continue;
    }
    secrets.insert_or_assign(key, runtime::SecretJson::take(std::move(value)));
  }
}

bool matches(std::string_view pattern, std::string_view name) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == name;
  const std::string_view before = pattern.substr(0, star);
  if (!name.starts_with(before)) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (std::size_t at = before.size(); at <= name.size(); ++at) {
    if (matches(rest, name.substr(at))) return true;
  }
  return false;
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view name) {
  for (const std::string& pattern : patterns) {
    if (matches(pattern, name)) return true;
  }
  return false;
}

// http-api.md 8.7.
bool becomes_setting(std::string_view name, const ServerSettings& settings) {
  static const std::vector<std::string> kBlocked{"x-api-key",     "x-tenant-id",   "x-service-key",
                                                 "x-auth-scheme", "x-auth-token",  "x-csrf-token",
                                                 "x-real-ip",     "x-forwarded-*", "x-middleware-*"};
  // Credentials, whatever the settings say; and no header may look like what the server knows about the caller.
  if (name == "authorization" || name == "x-api-key" || name == "cookie" || is_server_key(name)) return false;
  if (settings.configurable_headers) {
    return matches_any(settings.configurable_headers->includes, name) &&
           !matches_any(settings.configurable_headers->excludes, name);
  }
  if (settings.compat == Compat::platform) return false;
  return name == "user-agent" || (name.starts_with("x-") && !matches_any(kBlocked, name));
}

json::object header_settings(const Headers& headers, const ServerSettings& settings) {
  json::object kept;
  for (const auto& [name, value] : headers.all()) {
    if (becomes_setting(name, settings)) kept[name] = value;
  }
  return kept;
}

void read_config(const Fields& body, RunRequest& request, const ServerSettings& settings) {
  std::optional<json::object> config = body.object("config");
  if (!config) return;
  const Fields fields(*config, body.path_of("config"));
  (void)fields.texts("tags");
  (void)fields.integer("recursion_limit", 1, kRecursionLimitMax);
  std::optional<json::object> configurable = fields.object("configurable");
  (void)fields.object("metadata");
  for (const std::string_view key : {"configurable", "metadata", "callbacks"}) config->stable_erase(key);
  for (const auto& member : *config) {
    if (!member.value().is_null()) request.config[member.key()] = member.value();
  }
  if (!configurable) return;
  take_hidden(*configurable, request.secrets, settings);
  for (const auto& member : *configurable) {
    if (!names_checkpoint(member.key())) {
      request.configurable[member.key()] = member.value();
    } else if (!member.value().is_null()) {
      request.checkpoint[member.key()] = member.value();
    }
  }
}

void read_checkpoint(const Fields& body, RunRequest& request) {
  if (const std::optional<std::string> id = body.text("checkpoint_id")) request.checkpoint["checkpoint_id"] = *id;
  if (std::optional<json::object> given = body.object("checkpoint")) {
    const Fields fields(std::move(*given), body.path_of("checkpoint"));
    (void)fields.text("checkpoint_id");
    (void)fields.text("checkpoint_ns");
    (void)fields.object("checkpoint_map");
    for (const std::string_view key : kCheckpointKeys) {
      if (const json::value* value = fields.find(key)) request.checkpoint[key] = *value;
    }
  }
}

void read_stream(const Fields& body, RunRequest& request) {
  json::array names;
  if (const json::value* given = body.find("stream_mode")) {
    if (given->is_string()) {
      names.push_back(*given);
    } else if (given->is_array()) {
      names = given->as_array();
    } else {
      throw body.wrong("stream_mode", "must be a text or a list of texts");
    }
  }
  if (names.empty()) names.emplace_back("values");
  for (const json::value& name : names) {
    if (!name.is_string() || !stream_mode(std::string_view(name.as_string()))) {
      throw body.wrong("stream_mode", "must be one or several of " + stream_mode_names());
    }
  }
  request.kwargs["stream_mode"] = std::move(names);
  request.kwargs["subgraphs"] = body.flag("stream_subgraphs").value_or(false);
  request.kwargs["resumable"] = body.flag("stream_resumable").value_or(false);
}

void read_breakpoints(const Fields& body, RunRequest& request, std::string_view key) {
  const json::value* given = body.find(key);
  if (given == nullptr) return;
  if (given->is_string() && given->as_string() == "*") {
    request.kwargs[key] = "*";
    return;
  }
  if (!given->is_array()) throw body.wrong(key, "must be \"*\" or a list of nodes");
  (void)body.texts(key);
  request.kwargs[key] = *given;
}

void read_webhook(const Fields& body, RunRequest& request, const WebhookSettings& settings) {
  const std::optional<std::string> url = body.text("webhook");
  if (!url) return;
  // A client that relies on the call has to know.
  if (!settings.enabled) throw body.wrong("webhook", "is switched off on this server; leave it out");
  if (const std::optional<std::string> refusal = refusal_of(settings.url, *url)) throw body.wrong("webhook", *refusal);
  request.kwargs["webhook"] = *url;
}

}  // namespace

RunRequest run_request_from(json::value given, const Headers& headers, const ServerSettings& settings,
                            std::vector<std::string> path) {
  RunRequest request;
  // Secrets leave the body before anything else looks at it.
  if (given.is_object()) {
    json::object& members = given.as_object();
    const auto context = members.find("context");
    if (context != members.end() && context->value().is_object()) {
      take_hidden(context->value().as_object(), request.context_secrets, settings);
    }
    const auto config = members.find("config");
    if (config != members.end() && config->value().is_object()) {
      const auto configurable = config->value().as_object().find("configurable");
      if (configurable != config->value().as_object().end() && configurable->value().is_object()) {
        take_hidden(configurable->value().as_object(), request.secrets, settings);
      }
    }
  }
  const Fields body(std::move(given), std::move(path));

  request.assistant_id = body.required_text("assistant_id");
  if (body.names("input")) request.kwargs["input"] = body.json().at("input");
  if (std::optional<json::object> command = body.object("command")) {
    try {
      (void)runtime::command_from_json(*command);
    } catch (const std::exception& error) {
      throw body.wrong("command", error.what());
    }
    request.kwargs["command"] = std::move(*command);
  }
  request.metadata = body.object("metadata").value_or(json::object{});
  read_config(body, request, settings);
  if (const json::value* context = body.find("context")) request.kwargs["context"] = *context;
  read_checkpoint(body, request);
  read_stream(body, request);
  read_breakpoints(body, request, "interrupt_before");
  read_breakpoints(body, request, "interrupt_after");

  using storage::MultitaskStrategy;
  request.multitask_strategy =
      body.one_of<MultitaskStrategy>("multitask_strategy", {{"reject", MultitaskStrategy::reject},
                                                            {"rollback", MultitaskStrategy::rollback},
                                                            {"interrupt", MultitaskStrategy::interrupt},
                                                            {"enqueue", MultitaskStrategy::enqueue}});
  request.if_not_exists = body.one_of<IfThreadMissing>("if_not_exists", {{"reject", IfThreadMissing::reject},
                                                                         {"create", IfThreadMissing::create}})
                              .value_or(IfThreadMissing::reject);
  request.on_disconnect =
      body.one_of<OnDisconnect>("on_disconnect", {{"cancel", OnDisconnect::cancel}, {"continue", OnDisconnect::go_on}})
          .value_or(OnDisconnect::go_on);
  using storage::OnCompletion;
  request.on_completion = body.one_of<OnCompletion>("on_completion", {{"delete", OnCompletion::delete_thread},
                                                                      {"complete", OnCompletion::delete_thread},
                                                                      {"keep", OnCompletion::keep},
                                                                      {"continue", OnCompletion::keep}});
  request.after_seconds = body.number("after_seconds", 0).value_or(0);
  if (request.after_seconds > kAfterSecondsMax) throw body.wrong("after_seconds", "must be at most ten years");
  read_webhook(body, request, settings.webhooks);
  if (std::optional<json::array> keys = body.array("feedback_keys")) {
    (void)body.texts("feedback_keys");
    request.kwargs["feedback_keys"] = std::move(*keys);
  }
  std::optional<std::string> durability =
      body.one_of<std::string>("durability", {{"sync", "sync"}, {"async", "async"}, {"exit", "exit"}});
  const std::optional<bool> during = body.flag("checkpoint_during");
  if (!durability && during) durability = *during ? "async" : "exit";
  if (durability) request.kwargs["durability"] = *durability;
  if (body.flag("strict_resume").value_or(false)) request.kwargs["strict_resume"] = true;

  request.header_settings = header_settings(headers, settings);
  return request;
}

}  // namespace heddle::api
