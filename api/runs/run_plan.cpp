#include "api/runs/run_plan.h"

#include <utility>

#include "api/runs/webhook_call.h"
#include "runtime/command.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace json = boost::json;

runtime::RunInput input_of(const json::object& kwargs) {
  const json::object& command = object_member(kwargs, "command");
  // `{}` says to go on, like no command at all (http-api.md 8.8).
  bool says_something = false;
  for (const auto& member : command) says_something = says_something || !member.value().is_null();
  if (says_something) return runtime::command_from_json(command);
  const auto input = kwargs.find("input");
  if (input == kwargs.end() || input->value().is_null()) return runtime::NoInput{};
  return runtime::GraphInput{input->value()};
}

std::optional<runtime::CheckpointAddress> address_of(const json::object& configurable) {
  runtime::CheckpointAddress address;
  bool is_given = false;
  if (const auto id = configurable.find("checkpoint_id"); id != configurable.end() && id->value().is_string()) {
    // What is no id of a checkpoint names none that exists (http-api.md 8.9).
    address.id =
        storage::CheckpointId::parse(std::string_view(id->value().as_string())).value_or(storage::CheckpointId{});
    is_given = true;
  }
  if (const auto ns = configurable.find("checkpoint_ns"); ns != configurable.end() && ns->value().is_string()) {
    address.checkpoint_ns = ns->value().as_string();
    is_given = is_given || !address.checkpoint_ns.empty();
  }
  for (const auto& entry : object_member(configurable, "checkpoint_map")) {
    if (!entry.value().is_string()) continue;
    const auto id = storage::CheckpointId::parse(std::string_view(entry.value().as_string()));
    if (id) address.map[entry.key()] = *id;
  }
  if (!is_given && address.map.empty()) return std::nullopt;
  return address;
}

std::shared_ptr<const runtime::Breakpoints> breakpoints_of(const json::object& kwargs, std::string_view key) {
  const auto found = kwargs.find(key);
  if (found == kwargs.end()) return nullptr;
  auto breakpoints = std::make_shared<runtime::Breakpoints>();
  if (found->value().is_string()) {
    breakpoints->all = true;
  } else {
    for (const json::value& name : found->value().as_array()) breakpoints->nodes.emplace(name.as_string());
  }
  return breakpoints;
}

std::vector<std::string> tags_of(const json::object& config) {
  std::vector<std::string> tags;
  const auto found = config.find("tags");
  if (found == config.end() || !found->value().is_array()) return tags;
  for (const json::value& tag : found->value().as_array()) {
    if (tag.is_string()) tags.emplace_back(tag.as_string());
  }
  return tags;
}

std::int64_t recursion_limit_of(const json::object& config) {
  const auto found = config.find("recursion_limit");
  if (found == config.end() || !found->value().is_number()) return 25;
  return found->value().to_number<std::int64_t>();
}

}  // namespace

RunPlan run_plan(const storage::Run& record, const RunDetails& details,
                 std::shared_ptr<const runtime::CompiledGraph> graph, const std::string& graph_id, RunSecrets secrets) {
  const json::object& kwargs = *details.kwargs;
  const json::object& config = object_member(kwargs, "config");
  const json::object& configurable = object_member(config, "configurable");

  auto settings = std::make_shared<runtime::RunConfig>();
  settings->thread_id = record.thread_id;
  settings->run_id = record.run_id;
  settings->graph_id = graph_id;
  settings->assistant_id = record.assistant_id.text();
  settings->recursion_limit = recursion_limit_of(config);
  if (const auto most = config.find("max_concurrency"); most != config.end() && most->value().is_int64()) {
    settings->max_concurrency = most->value().as_int64();
  }
  settings->tags = tags_of(config);
  settings->configurable = configurable;
  for (const auto& header : secrets.header_settings) settings->configurable[header.key()] = header.value();
  settings->secrets = std::move(secrets.configurable);
  settings->resumed_by_server = secrets.is_resumed;
  settings->context_secrets = std::move(secrets.context);
  if (const auto context = kwargs.find("context"); context != kwargs.end()) settings->context = context->value();
  settings->metadata = *details.metadata;
  settings->metadata["run_id"] = record.run_id.text();
  settings->metadata["graph_id"] = graph_id;
  settings->metadata["assistant_id"] = settings->assistant_id;

  auto shared = std::make_shared<json::object>();
  for (const auto& member : configurable) {
    if (!member.key().starts_with("checkpoint_")) (*shared)[member.key()] = member.value();
  }
  for (const auto& member : settings->metadata) (*shared)[member.key()] = member.value();
  (*shared)["thread_id"] = record.thread_id.text();
  settings->checkpoint_metadata = std::move(shared);

  RunPlan plan;
  plan.graph = std::move(graph);
  plan.input = input_of(kwargs);
  plan.from = address_of(configurable);
  plan.config = std::move(settings);
  if (const auto durability = kwargs.find("durability"); durability != kwargs.end()) {
    if (durability->value() == "sync") plan.durability = runtime::Durability::sync;
    if (durability->value() == "exit") plan.durability = runtime::Durability::exit;
  }
  if (const auto strict = kwargs.find("strict_resume"); strict != kwargs.end()) {
    plan.strict_resume = strict->value() == true;
  }
  plan.interrupt_before = breakpoints_of(kwargs, "interrupt_before");
  plan.interrupt_after = breakpoints_of(kwargs, "interrupt_after");
  plan.webhook = webhook_url(kwargs);
  return plan;
}

std::shared_ptr<const StreamShape> stream_shape(const storage::Run& record, const RunDetails& details,
                                                const std::string& graph_id, const ServerSettings& settings) {
  const json::object& kwargs = *details.kwargs;
  const json::object& config = object_member(kwargs, "config");
  auto shape = std::make_shared<StreamShape>();
  shape->run_id = record.run_id;
  shape->thread_id = record.thread_id;
  if (const auto modes = kwargs.find("stream_mode"); modes != kwargs.end() && modes->value().is_array()) {
    for (const json::value& name : modes->value().as_array()) {
      const std::optional<StreamMode> mode = stream_mode(std::string_view(name.as_string()));
      if (mode) shape->modes.add(*mode);
    }
  }
  const auto subgraphs = kwargs.find("subgraphs");
  shape->subgraphs = subgraphs != kwargs.end() && subgraphs->value().is_bool() && subgraphs->value().as_bool();
  shape->graph_id = graph_id;
  shape->assistant_id = record.assistant_id.text();
  shape->metadata = *details.metadata;
  shape->tags = tags_of(config);
  shape->recursion_limit = recursion_limit_of(config);
  shape->compat = settings.compat;
  return shape;
}

}  // namespace heddle::api
