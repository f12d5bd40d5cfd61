#include "api/services/run_draft.h"

#include <string>
#include <utility>

#include "api/services/thread_ttl.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace json = boost::json;

void lay_over(json::object& below, const json::object& above) {
  for (const auto& member : above) below[member.key()] = member.value();
}

json::object configurable_of(const json::object& config) {
  const auto found = config.find("configurable");
  return found != config.end() && found->value().is_object() ? found->value().as_object() : json::object{};
}

// `above` over `below`, one level, and the settings inside `configurable` the same way.
json::object merged_config(json::object below, const json::object& above) {
  json::object configurable = configurable_of(below);
  lay_over(configurable, configurable_of(above));
  lay_over(below, above);
  if (!configurable.empty()) below["configurable"] = std::move(configurable);
  return below;
}

// What the request asks for as a config: the part of it that a thread keeps (http-api.md C6).
json::object request_config(const RunRequest& request) {
  json::object config = request.config;
  if (!request.configurable.empty()) config["configurable"] = request.configurable;
  return config;
}

json::value merged_context(const std::string& assistant_context, const json::object& kwargs) {
  json::value below = runtime::parse_json(assistant_context);
  const auto given = kwargs.find("context");
  if (given == kwargs.end() || given->value().is_null()) return below;
  if (!below.is_object()) return below;  // a context of the assistant that is no object wins (http-api.md 8.3)
  if (!given->value().is_object()) return given->value();
  lay_over(below.as_object(), given->value().as_object());
  return below;
}

// A run that somebody watches starts with its creation, which spares a commit.
void begin(storage::Run& record) {
  record.status = storage::RunStatus::running;
  record.attempt = 1;
  record.started_at = record.updated_at;
}

void insert(storage::Transaction& transaction, Draft& draft) {
  write_details(draft.details, draft.record);
  transaction.runs().insert(draft.record);
  if (draft.sealed) transaction.sealed().insert(*draft.sealed);
}

}  // namespace

void make_details(Draft& draft, const json::object& thread_config, const json::object& thread_metadata) {
  const storage::Run& record = draft.record;
  json::object metadata = runtime::parse_json_object(draft.assistant.metadata_json);
  lay_over(metadata, thread_metadata);
  lay_over(metadata, draft.request.metadata);

  const json::object assistant_config = runtime::parse_json_object(draft.assistant.config_json);
  json::object config = assistant_config;
  lay_over(config, draft.request.config);
  json::object configurable = configurable_of(assistant_config);
  lay_over(configurable, configurable_of(thread_config));
  lay_over(configurable, draft.request.configurable);
  lay_over(configurable, draft.request.checkpoint);
  configurable["run_id"] = record.run_id.text();
  configurable["thread_id"] = record.thread_id.text();
  configurable["graph_id"] = draft.assistant.graph_id;
  configurable["assistant_id"] = record.assistant_id.text();
  // Whoever is known by name, unless request, thread or assistant say otherwise.
  if (!record.owner.text.empty() && runtime::find_given(configurable, "user_id") == nullptr) {
    configurable["user_id"] = record.owner.text;
  }
  config["configurable"] = std::move(configurable);
  config["metadata"] = metadata;

  json::object kwargs = std::move(draft.request.kwargs);
  kwargs["config"] = std::move(config);
  kwargs["context"] = merged_context(draft.assistant.context_json, kwargs);
  kwargs["temporary"] = record.on_completion == storage::OnCompletion::delete_thread;
  draft.details.kwargs = std::make_shared<const json::object>(std::move(kwargs));
  draft.details.metadata = std::make_shared<const json::object>(std::move(metadata));
}

storage::Thread new_thread(const Draft& draft) {
  storage::Thread thread;
  thread.thread_id = draft.record.thread_id;
  thread.owner = draft.record.owner;
  thread.created_at = draft.record.updated_at;
  thread.updated_at = draft.record.updated_at;
  thread.status = storage::ThreadStatus::busy;
  set_default_ttl(draft.ttl, draft.record.updated_at, thread);
  json::object metadata{{"graph_id", draft.assistant.graph_id}, {"assistant_id", draft.record.assistant_id.text()}};
  lay_over(metadata, draft.request.metadata);
  thread.metadata_json = runtime::to_text(metadata);
  if (draft.compat == Compat::js) {
    thread.config_json = runtime::to_text(
        merged_config(runtime::parse_json_object(draft.assistant.config_json), request_config(draft.request)));
  }
  return thread;
}

StoreAnswer store_run(storage::Transaction& transaction, Draft draft) {
  storage::Run& record = draft.record;
  if (const std::optional<CronClaim>& claim = draft.origin.claim) {
    const bool is_good = transaction.crons().claim(claim->cron_id, claim->due, claim->next);
    if (!is_good) return ClaimLost{};
  }
  std::optional<storage::Thread> thread;
  if (draft.origin.thread_id) thread = transaction.threads().find(record.owner, record.thread_id);
  if (!thread) {
    const bool may_create = !draft.origin.thread_id || draft.request.if_not_exists == IfThreadMissing::create;
    if (!may_create || transaction.threads().exists(record.thread_id)) return ThreadMissing{};
    make_details(draft, {}, {});
    std::optional<runtime::SeenHead> head;
    if (draft.origin.is_watched && record.created_at <= record.updated_at) {
      begin(record);
      head.emplace();
    }
    transaction.threads().insert(new_thread(draft));
    insert(transaction, draft);
    return Stored{std::move(record), std::move(draft.details), {}, head};
  }

  const std::vector<storage::Run> in_flight = transaction.runs().in_flight(record.thread_id);
  if (!in_flight.empty() && record.multitask_strategy == storage::MultitaskStrategy::reject) return ThreadBusy{};
  if (const std::optional<ResumeClaim>& claim = draft.origin.resumed) {
    const bool is_good = transaction.awaited().claim(record.thread_id, claim->interrupt_id, claim->asked);
    if (!is_good) return ClaimLost{};
  }

  json::object thread_metadata = runtime::parse_json_object(thread->metadata_json);
  const json::object thread_config = runtime::parse_json_object(thread->config_json);
  if (thread->status != storage::ThreadStatus::busy) {
    thread->status = storage::ThreadStatus::busy;
    thread_metadata["graph_id"] = draft.assistant.graph_id;
    thread_metadata["assistant_id"] = record.assistant_id.text();
    thread->metadata_json = runtime::to_text(thread_metadata);
    if (draft.compat == Compat::js) {
      json::object config = merged_config(runtime::parse_json_object(draft.assistant.config_json), thread_config);
      thread->config_json = runtime::to_text(merged_config(std::move(config), request_config(draft.request)));
    }
    thread->changed(record.updated_at);
    transaction.threads().update(*thread);
  }
  make_details(draft, draft.compat == Compat::js ? thread_config : json::object{}, thread_metadata);
  std::optional<runtime::SeenHead> head;
  if (draft.origin.is_watched && in_flight.empty() && record.created_at <= record.updated_at) {
    begin(record);
    head = runtime::SeenHead{transaction.checkpoints().head(record.thread_id, "")};
  }
  insert(transaction, draft);
  Stored stored{record, draft.details, {}, head};
  const bool cancels = record.multitask_strategy == storage::MultitaskStrategy::interrupt ||
                       record.multitask_strategy == storage::MultitaskStrategy::rollback;
  if (cancels) {
    for (const storage::Run& other : in_flight) stored.to_cancel.push_back(other.run_id);
  }
  return stored;
}

}  // namespace heddle::api
