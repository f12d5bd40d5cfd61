#include "api/services/state_service.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "api/runs/run_queue.h"
#include "api/services/api_error.h"
#include "runtime/json.h"
#include "runtime/object_text.h"
#include "runtime/stored_saver.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using runtime::ObjectText;

std::string graph_id_of(const storage::Thread& thread) {
  const json::object metadata = runtime::parse_json_object(thread.metadata_json);
  const auto found = metadata.find("graph_id");
  return found != metadata.end() && found->value().is_string() ? std::string(found->value().as_string()) : "";
}

json::value pointer_json(const std::optional<runtime::CheckpointAddress>& address, storage::ThreadId thread_id) {
  if (!address) return nullptr;
  json::object pointer{{"thread_id", thread_id.text()}, {"checkpoint_ns", address->checkpoint_ns}};
  pointer["checkpoint_id"] = address->id ? json::value(address->id->text()) : json::value(nullptr);
  if (address->map.empty()) {
    pointer["checkpoint_map"] = nullptr;
  } else {
    json::object map;
    for (const auto& [name_space, id] : address->map) map[name_space] = id.text();
    pointer["checkpoint_map"] = std::move(map);
  }
  return pointer;
}

json::object metadata_json(const runtime::CheckpointMetadata& metadata, storage::ThreadId thread_id) {
  json::object shown;
  if (metadata.shared) shown = *metadata.shared;
  for (const auto& member : metadata.own) shown[member.key()] = member.value();
  shown["source"] = runtime::to_text(metadata.source);
  shown["step"] = metadata.step;
  json::object parents;
  for (const auto& [name_space, id] : metadata.parents) parents[name_space] = id.text();
  shown["parents"] = std::move(parents);
  shown["thread_id"] = thread_id.text();
  return shown;
}

// `values.KEY` in a selection asks for one key of the state (http-api.md 7.1).
constexpr std::string_view kValuePrefix = "values.";

bool wants(const std::vector<std::string>& select, std::string_view key) {
  return select.empty() || std::find(select.begin(), select.end(), key) != select.end();
}

// `object` is printed into `out`.
void print_values(const runtime::State& values, const std::vector<std::string>& select, ObjectText& object,
                  runtime::SplicedText& out) {
  if (wants(select, "values")) {
    object.member("values");
    values.print(out);
    return;
  }
  std::vector<runtime::State::Member> chosen;
  bool some = false;
  for (const std::string& key : select) {
    if (!key.starts_with(kValuePrefix)) continue;
    some = true;
    const std::string name = key.substr(kValuePrefix.size());
    if (values.has(name)) chosen.emplace_back(name, values[name]);
  }
  if (!some) return;
  object.member("values");
  runtime::State(std::move(chosen)).print(out);
}

void print_task(const runtime::SnapshotTask& task, storage::ThreadId thread_id, Compat compat,
                runtime::SplicedText& out) {
  const runtime::TaskView& view = task.view;
  ObjectText object(out.printed());
  object.text("id", view.id);
  object.text("name", view.name);
  object.json("path", view.path);
  if (view.error) {
    // A text and not an object: useStream parses it (http-api.md 3.6).
    const json::object error{{"message", view.error->message}, {"name", view.error->name}};
    object.text("error", runtime::to_text(error));
  } else {
    object.raw("error", "null");
  }
  object.json("interrupts", runtime::to_json(view.interrupts));
  if (view.subgraph_ns && !task.state) {
    object.json("checkpoint", json::object{{"thread_id", thread_id.text()}, {"checkpoint_ns", *view.subgraph_ns}});
  } else {
    object.raw("checkpoint", "null");
  }
  if (task.state) {
    object.member("state");
    print_state(*task.state, thread_id, {}, compat, out);
  } else {
    object.raw("state", "null");
  }
  object.json("result", view.result ? *view.result : json::value(nullptr));
  object.end();
}

// What the row of a thread says about the state that it is in.
struct Standing {
  storage::ThreadStatus status;
  std::string interrupts_json;
};

// http-api.md C8.
Standing standing_of(const runtime::StateSnapshot& snapshot) {
  json::object interrupts;
  for (const runtime::SnapshotTask& task : snapshot.tasks) {
    if (!task.view.interrupts.empty()) interrupts[task.view.id] = runtime::to_json(task.view.interrupts);
  }
  using enum storage::ThreadStatus;
  return {snapshot.next.empty() ? idle : interrupted, runtime::to_text(interrupts)};
}

}  // namespace

void print_state(const runtime::StateSnapshot& snapshot, storage::ThreadId thread_id,
                 const std::vector<std::string>& select, Compat compat, runtime::SplicedText& out) {
  ObjectText object(out.printed());
  print_values(snapshot.values, select, object, out);
  if (wants(select, "next")) {
    json::array next;
    for (const std::string& name : snapshot.next) next.emplace_back(name);
    object.json("next", next);
  }
  if (wants(select, "tasks")) {
    std::string& tasks = object.member("tasks");
    tasks += '[';
    for (std::size_t i = 0; i < snapshot.tasks.size(); ++i) {
      if (i > 0) tasks += ',';
      print_task(snapshot.tasks[i], thread_id, compat, out);
    }
    tasks += ']';
  }
  if (snapshot.metadata && wants(select, "metadata")) {
    object.json("metadata", metadata_json(*snapshot.metadata, thread_id));
  }
  if (wants(select, "created_at")) {
    if (snapshot.created_at) {
      object.text("created_at", storage::to_rfc3339(*snapshot.created_at));
    } else {
      object.raw("created_at", "null");
    }
  }
  if (wants(select, "checkpoint")) object.json("checkpoint", pointer_json(snapshot.checkpoint, thread_id));
  if (wants(select, "parent_checkpoint")) object.json("parent_checkpoint", pointer_json(snapshot.parent, thread_id));
  const bool asks_interrupts = !select.empty() && wants(select, "interrupts");
  if (asks_interrupts || (select.empty() && compat == Compat::platform)) {
    json::array all;
    for (const runtime::SnapshotTask& task : snapshot.tasks) {
      for (const runtime::Interrupt& interrupt : task.view.interrupts) all.push_back(runtime::to_json(interrupt));
    }
    object.json("interrupts", all);
  }
  object.end();
}

std::shared_ptr<const runtime::CompiledGraph> StateService::graph_of(const storage::Thread& thread) const {
  const std::string graph_id = graph_id_of(thread);
  return graph_id.empty() ? nullptr : parts_.graphs.find(graph_id);
}

asio::awaitable<storage::Thread> StateService::thread(storage::Owner owner, storage::ThreadId id) const {
  auto read = [owner, id](const storage::Snapshot& snapshot) { return snapshot.threads().find(owner, id); };
  std::optional<storage::Thread> found = co_await parts_.storage.read(std::move(read));
  if (!found) throw ApiError::not_found("Thread with ID " + id.text() + " not found");
  co_return std::move(*found);
}

asio::awaitable<runtime::StateSnapshot> StateService::state(storage::Thread thread, runtime::CheckpointAddress address,
                                                            runtime::Subgraphs subgraphs) const {
  const std::shared_ptr<const runtime::CompiledGraph> graph = graph_of(thread);
  if (!graph) co_return runtime::StateSnapshot{};
  const auto executor = co_await asio::this_coro::executor;
  runtime::StoredSaver saver(parts_.storage, thread.thread_id, executor, runtime::Unpacking::on_use, nullptr,
                             &parts_.shown);
  runtime::StateSnapshot snapshot;
  try {
    snapshot = co_await runtime::get_state(*graph, saver, std::move(address), subgraphs);
  } catch (const runtime::GraphError& error) {
    throw ApiError::invalid({"checkpoint", "checkpoint_ns"}, error.what());
  }
  co_return snapshot;
}

HistoryPages StateService::history(const storage::Thread& thread, runtime::HistoryQuery query) const {
  return HistoryPages(parts_.storage, parts_.shown, thread.thread_id, graph_of(thread), std::move(query));
}

asio::awaitable<runtime::CheckpointAddress> StateService::update(
    storage::Thread thread, runtime::CheckpointAddress address,
    std::vector<std::vector<runtime::StateUpdate>> supersteps) const {
  co_await parts_.queue.end_of_asking_run(thread.owner, thread.thread_id);
  auto is_busy = [id = thread.thread_id](const storage::Snapshot& snapshot) {
    return !snapshot.runs().in_flight(id).empty();
  };
  const bool busy = co_await parts_.storage.read(std::move(is_busy));
  if (busy) throw ApiError::conflict("Thread is busy");
  const std::string graph_id = graph_id_of(thread);
  if (graph_id.empty()) throw ApiError::bad_request("Thread " + thread.thread_id.text() + " has no graph ID");
  const std::shared_ptr<const runtime::CompiledGraph> graph = parts_.graphs.find(graph_id);
  if (!graph) throw ApiError::not_found("Graph \"" + graph_id + "\" not found");

  // The settings kept in the thread count for an update, too (http-api.md 23).
  const json::object config = runtime::parse_json_object(thread.config_json);
  json::object configurable;
  if (const auto found = config.find("configurable"); found != config.end() && found->value().is_object()) {
    configurable = found->value().as_object();
  }
  auto shared = std::make_shared<json::object>(configurable);
  (*shared)["graph_id"] = graph_id;
  (*shared)["thread_id"] = thread.thread_id.text();
  auto settings = std::make_shared<runtime::RunConfig>();
  settings->thread_id = thread.thread_id;
  settings->graph_id = graph_id;
  settings->configurable = std::move(configurable);
  settings->metadata = runtime::parse_json_object(thread.metadata_json);
  settings->checkpoint_metadata = shared;

  const auto executor = co_await asio::this_coro::executor;
  runtime::StoredSaver saver(parts_.storage, thread.thread_id, executor);
  saver.require_thread();
  const runtime::UpdateServices services{saver, parts_.clock, parts_.checkpoint_ids, shared, settings};
  runtime::CheckpointAddress made;
  try {
    made = co_await runtime::update_state(*graph, services, std::move(address), std::move(supersteps));
  } catch (const runtime::GraphError& error) {
    if (error.name() == runtime::kCheckpointGone) throw ApiError::conflict(error.what());
    throw ApiError::invalid({}, error.what());
  }

  std::optional<Standing> standing;
  if (parts_.settings.compat == Compat::platform) {
    runtime::CheckpointAddress head;
    const runtime::StateSnapshot snapshot =
        co_await runtime::get_state(*graph, saver, std::move(head), runtime::Subgraphs::as_pointer);
    standing = standing_of(snapshot);
  }
  auto store = [id = thread.thread_id, owner = thread.owner, standing,
                now = parts_.clock.now()](storage::Transaction& transaction) {
    std::optional<storage::Thread> changed = transaction.threads().find(owner, id);
    if (!changed) return;
    if (standing) {
      changed->status = standing->status;
      changed->interrupts_json = standing->interrupts_json;
    }
    const std::optional<storage::CheckpointId> head = transaction.checkpoints().newest_id(id, "");
    if (head) changed->values_checkpoint = head;
    changed->changed(now);
    transaction.threads().update(*changed);
    transaction.awaited().replace(id, {});  // whoever changes the state by hand says how it goes on
  };
  co_await parts_.storage.commit(std::move(store));
  parts_.queue.thread_news().tell(thread.thread_id);
  co_return made;
}

asio::awaitable<std::optional<std::string>> StateService::values_text(storage::Thread thread, Purpose purpose) const {
  if (!thread.values_checkpoint) co_return std::nullopt;
  const std::shared_ptr<const runtime::CompiledGraph> graph = graph_of(thread);
  if (!graph) co_return "{}";
  const auto executor = co_await asio::this_coro::executor;
  runtime::PartCache* const parts = purpose == Purpose::shown ? &parts_.shown : nullptr;
  runtime::StoredSaver saver(parts_.storage, thread.thread_id, executor, runtime::Unpacking::on_use, nullptr, parts);
  runtime::CheckpointAddress address;
  address.id = thread.values_checkpoint;
  const runtime::StateSnapshot snapshot =
      co_await runtime::get_state(*graph, saver, std::move(address), runtime::Subgraphs::as_pointer);
  std::string text;
  snapshot.values.print(text);
  co_return text;
}

}  // namespace heddle::api
