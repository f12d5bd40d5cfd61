#include "api/services/assistant_service.h"

#include <utility>

#include "api/auth/access_rules.h"
#include "api/auth/identity.h"
#include "api/runs/run_queue.h"
#include "api/services/api_error.h"
#include "api/services/hidden_keys.h"
#include "runtime/json.h"
#include "runtime/uuid.h"

namespace heddle::api {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

// As many records as one answer may have (http-api.md 2.9).
constexpr std::int64_t kBatch = 1000;

ApiError unknown_assistant() {
  return ApiError::not_found("Assistant not found");
}

// Only the server makes assistants of the system (http-api.md 2.11).
void drop_reserved(json::object& metadata) {
  const std::optional<std::string_view> maker = runtime::find_text(metadata, "created_by");
  if (maker == "system") metadata.stable_erase("created_by");
}

std::string config_text(json::object config) {
  config.stable_erase("callbacks");
  return runtime::to_text(std::move(config));
}

// Its own record, found for reading; the record of somebody else is not to be changed.
std::optional<storage::Assistant> find_own(const storage::Snapshot& snapshot, const storage::Owner& owner,
                                           storage::AssistantId id) {
  std::optional<storage::Assistant> found = snapshot.assistants().find(owner, id);
  if (found && found->owner != owner) return std::nullopt;
  return found;
}

// Seen by `reader` because it is shared, not because it is theirs or everybody's.
bool is_somebody_elses(const storage::Assistant& assistant, const storage::AssistantReader& reader) {
  return assistant.owner != reader.owner && !assistant.owner.text.empty();
}

void apply(AssistantChange change, storage::Assistant& assistant) {
  if (change.graph_id) assistant.graph_id = *std::move(change.graph_id);
  if (change.name) assistant.name = *std::move(change.name);
  if (change.description) assistant.description = std::move(change.description);
  if (change.config) assistant.config_json = config_text(*std::move(change.config));
  if (change.context) assistant.context_json = runtime::to_text(*change.context);
  if (change.metadata) {
    json::value metadata = runtime::parse_json(assistant.metadata_json);
    drop_reserved(*change.metadata);
    for (json::key_value_pair& member : *change.metadata) {
      metadata.as_object()[member.key()] = std::move(member.value());
    }
    assistant.metadata_json = runtime::to_text(metadata);
  }
}

storage::Containment ran_last_by(storage::AssistantId id) {
  return {runtime::to_text(json::object{{"assistant_id", id.text()}})};
}

void erase_runs_of(storage::AssistantId assistant_id, const storage::Thread& thread, storage::Transaction& tx) {
  storage::RunQuery query{thread.owner, thread.thread_id, std::nullopt, {}, {kBatch, 0}};
  std::vector<storage::RunId> of_assistant;
  for (;;) {
    const std::vector<storage::Run> runs = tx.runs().list(query);
    for (const storage::Run& run : runs) {
      if (run.assistant_id == assistant_id) of_assistant.push_back(run.run_id);
    }
    if (std::ssize(runs) < kBatch) break;
    query.page.offset += kBatch;
  }
  for (const storage::RunId id : of_assistant) tx.runs().erase(id);
}

void collect(const runtime::CompiledGraph& graph, const std::string& outer, const std::string& only, Recurse recurse,
             Subgraphs& found) {
  for (const auto& [node, subgraph] : graph.subgraphs()) {
    const std::string name_space = outer.empty() ? node : outer + "|" + node;
    const bool leads_to_wanted = only.starts_with(name_space + "|");
    const bool is_wanted = only.empty() || name_space == only || name_space.starts_with(only + "|");
    if (is_wanted) found.emplace(name_space, subgraph);
    if (leads_to_wanted || (is_wanted && recurse == Recurse::yes)) {
      collect(*subgraph, name_space, only, recurse, found);
    }
  }
}

}  // namespace

storage::AssistantId default_assistant_id(const std::string& graph_id) {
  return {runtime::uuid5(runtime::kAssistantNamespace, graph_id)};
}

Subgraphs subgraphs_of(const runtime::CompiledGraph& graph, const std::string& only, Recurse recurse) {
  Subgraphs found;
  collect(graph, "", only, recurse, found);
  return found;
}

std::optional<storage::AssistantId> AssistantService::id_of(const std::string& id_or_graph_id) const {
  if (parts_.graphs.find(id_or_graph_id) != nullptr) return default_assistant_id(id_or_graph_id);
  return storage::AssistantId::parse(id_or_graph_id);
}

storage::AssistantId AssistantService::known_id(const std::string& id_or_graph_id) const {
  const std::optional<storage::AssistantId> id = id_of(id_or_graph_id);
  if (!id) throw unknown_assistant();
  return *id;
}

void AssistantService::check_graph(const std::string& graph_id) const {
  if (parts_.graphs.find(graph_id) == nullptr) throw ApiError::not_found("Graph \"" + graph_id + "\" not found");
}

void AssistantService::check_hidden(const json::object& config, const json::value& context) const {
  refuse_hidden_keys(config, context, parts_.settings, "an assistant");
}

std::shared_ptr<const runtime::CompiledGraph> AssistantService::graph_of(const storage::Assistant& assistant) const {
  check_graph(assistant.graph_id);
  return parts_.graphs.find(assistant.graph_id);
}

asio::awaitable<void> AssistantService::make_defaults() {
  std::vector<storage::Assistant> defaults;
  for (const std::string& graph_id : parts_.graphs.ids()) {
    storage::Assistant assistant;
    assistant.assistant_id = default_assistant_id(graph_id);
    assistant.graph_id = graph_id;
    assistant.name = graph_id;
    assistant.description = parts_.graphs.description(graph_id);
    assistant.metadata_json = R"({"created_by":"system"})";
    const auto given = parts_.settings.assistant_defaults.find(graph_id);
    if (given != parts_.settings.assistant_defaults.end()) {
      assistant.config_json = given->second.config_json;
      assistant.context_json = given->second.context_json;
    }
    assistant.created_at = assistant.updated_at = parts_.clock.now();
    defaults.push_back(std::move(assistant));
  }
  auto insert = [defaults = std::move(defaults)](storage::Transaction& tx) {
    for (const storage::Assistant& assistant : defaults) tx.assistants().insert(assistant);
  };
  const AssistantCache::Change change(*cache_);
  co_await parts_.storage.commit(std::move(insert));
}

storage::AssistantReader AssistantService::reader_for_absent(const storage::Owner& owner) const {
  if (!parts_.settings.auth) return owner;
  const Caller absent{owner};
  return {owner, shared_with(parts_.settings.auth->rules, absent)};
}

asio::awaitable<std::optional<storage::Assistant>> AssistantService::resolve(storage::AssistantReader reader,
                                                                             std::string id_or_graph_id) const {
  const std::optional<storage::AssistantId> id = id_of(id_or_graph_id);
  if (!id) co_return std::nullopt;
  std::optional<storage::Assistant> found = cache_->find(reader.owner, *id);
  if (found) co_return found;
  const std::uint64_t asked_at = cache_->moment();
  auto find = [reader, id = *id](const storage::Snapshot& snapshot) { return snapshot.assistants().find(reader, id); };
  found = co_await parts_.storage.read(std::move(find));
  // What somebody else shares is seen as long as the rules and the reader's permissions say so.
  if (found && !is_somebody_elses(*found, reader)) cache_->keep(reader.owner, *found, asked_at);
  co_return found;
}

asio::awaitable<storage::Assistant> AssistantService::get(storage::AssistantReader reader,
                                                          std::string id_or_graph_id) const {
  std::optional<storage::Assistant> found = co_await resolve(reader, id_or_graph_id);
  if (!found) throw unknown_assistant();
  co_return *std::move(found);
}

asio::awaitable<storage::Assistant> AssistantService::create(storage::Owner owner, NewAssistant wanted) {
  check_graph(wanted.graph_id);
  check_hidden(wanted.config, wanted.context);
  drop_reserved(wanted.metadata);
  const storage::Timestamp now = parts_.clock.now();

  storage::Assistant assistant;
  assistant.assistant_id = wanted.assistant_id.value_or(storage::AssistantId{runtime::uuid7(now)});
  assistant.owner = owner;
  assistant.graph_id = std::move(wanted.graph_id);
  assistant.name = std::move(wanted.name);
  assistant.description = std::move(wanted.description);
  assistant.config_json = config_text(std::move(wanted.config));
  assistant.context_json = runtime::to_text(wanted.context);
  assistant.metadata_json = runtime::to_text(wanted.metadata);
  assistant.created_at = assistant.updated_at = now;

  auto insert = [assistant, if_exists = wanted.if_exists](storage::Transaction& tx) {
    if (tx.assistants().insert(assistant)) return std::optional(assistant);
    if (if_exists == IfExists::raise) return std::optional<storage::Assistant>();
    return tx.assistants().find(assistant.owner, assistant.assistant_id);
  };
  const AssistantCache::Change change(*cache_);
  std::optional<storage::Assistant> stored = co_await parts_.storage.commit(std::move(insert));
  if (!stored) throw ApiError::conflict("Assistant already exists");
  co_return *std::move(stored);
}

asio::awaitable<storage::Found<storage::Assistant>> AssistantService::search(storage::AssistantQuery query) const {
  auto find = [query](const storage::Snapshot& snapshot) { return snapshot.assistants().search(query); };
  storage::Found<storage::Assistant> found = co_await parts_.storage.read(std::move(find));
  co_return found;
}

asio::awaitable<std::int64_t> AssistantService::count(storage::AssistantQuery query) const {
  auto find = [query](const storage::Snapshot& snapshot) { return snapshot.assistants().count(query); };
  const std::int64_t total = co_await parts_.storage.read(std::move(find));
  co_return total;
}

asio::awaitable<storage::Assistant> AssistantService::patch(storage::Owner owner, std::string id_or_graph_id,
                                                            AssistantChange change) {
  const storage::AssistantId id = known_id(id_or_graph_id);
  if (change.graph_id) check_graph(*change.graph_id);
  check_hidden(change.config.value_or(json::object{}), change.context.value_or(nullptr));

  auto add = [owner, id, change, now = parts_.clock.now()](storage::Transaction& tx) {
    std::optional<storage::Assistant> assistant = find_own(tx, owner, id);
    if (!assistant) throw unknown_assistant();
    apply(change, *assistant);
    assistant->updated_at = now;
    return tx.assistants().add_version(*std::move(assistant));
  };
  const AssistantCache::Change changing(*cache_);
  storage::Assistant patched = co_await parts_.storage.commit(std::move(add));
  co_return patched;
}

asio::awaitable<storage::Assistant> AssistantService::set_latest(storage::Owner owner, std::string id_or_graph_id,
                                                                 std::int64_t version) {
  const storage::AssistantId id = known_id(id_or_graph_id);
  auto choose = [owner, id, version, now = parts_.clock.now()](storage::Transaction& tx) {
    if (!find_own(tx, owner, id)) throw unknown_assistant();
    if (!tx.assistants().find_version(id, version)) throw ApiError::not_found("Assistant version not found");
    return tx.assistants().make_current(id, version, now);
  };
  const AssistantCache::Change change(*cache_);
  storage::Assistant chosen = co_await parts_.storage.commit(std::move(choose));
  co_return chosen;
}

asio::awaitable<std::vector<storage::Assistant>> AssistantService::versions(storage::AssistantReader reader,
                                                                            std::string id_or_graph_id,
                                                                            storage::Containment metadata,
                                                                            storage::Page page) const {
  const auto unknown = [id_or_graph_id] {
    return ApiError::not_found("Assistant \"" + id_or_graph_id + "\" not found.");
  };
  const std::optional<storage::AssistantId> id = id_of(id_or_graph_id);
  if (!id) throw unknown();
  auto find = [reader, id = *id, metadata, page, unknown](const storage::Snapshot& snapshot) {
    const std::optional<storage::Assistant> assistant = snapshot.assistants().find(reader, id);
    if (!assistant) throw unknown();
    if (is_somebody_elses(*assistant, reader)) return std::vector<storage::Assistant>{*assistant};
    return snapshot.assistants().versions(id, metadata, page);
  };
  std::vector<storage::Assistant> found = co_await parts_.storage.read(std::move(find));
  co_return found;
}

asio::awaitable<storage::AssistantId> AssistantService::erase(storage::Owner owner, std::string id_or_graph_id,
                                                              DeleteThreads threads) {
  const storage::AssistantId id = known_id(id_or_graph_id);
  auto find = [owner, id](const storage::Snapshot& snapshot) { return find_own(snapshot, owner, id); };
  const std::optional<storage::Assistant> assistant = co_await parts_.storage.read(std::move(find));
  if (!assistant) throw unknown_assistant();

  // First the assistant, so that no further run of it can begin.
  auto erase_assistant = [id](storage::Transaction& tx) { tx.assistants().erase(id); };
  {
    const AssistantCache::Change change(*cache_);
    co_await parts_.storage.commit(std::move(erase_assistant));
  }
  co_await parts_.queue.stop_assistant(id);
  co_await erase_work(owner, id, threads);
  co_return id;
}

// Runs are found through their threads, which name the assistant that ran on them last.
asio::awaitable<void> AssistantService::erase_work(storage::Owner owner, storage::AssistantId id,
                                                   DeleteThreads threads) {
  storage::ThreadQuery query;
  query.owner = owner;
  query.metadata = ran_last_by(id);
  query.order = storage::SortOrder::ascending;
  query.page = {kBatch, 0};
  for (;;) {
    auto find = [query](const storage::Snapshot& snapshot) { return snapshot.threads().search(query).records; };
    const std::vector<storage::Thread> batch = co_await parts_.storage.read(std::move(find));
    if (threads == DeleteThreads::yes) {
      for (const storage::Thread& thread : batch) co_await parts_.queue.stop_thread(thread.thread_id);
    }
    auto erase_batch = [batch, id, threads](storage::Transaction& tx) {
      for (const storage::Thread& thread : batch) {
        if (threads == DeleteThreads::yes) {
          tx.threads().erase(thread.thread_id);
        } else {
          erase_runs_of(id, thread, tx);
        }
      }
    };
    co_await parts_.storage.commit(std::move(erase_batch));
    if (std::ssize(batch) < kBatch) break;
    if (threads == DeleteThreads::no) query.page.offset += kBatch;
  }
}

}  // namespace heddle::api
