#include "api/services/run_service.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>
#include <variant>

#include "api/runs/run_log.h"
#include "api/runs/run_queue.h"
#include "api/runs/run_sealer.h"
#include "api/runs/webhook_call.h"
#include "api/services/api_error.h"
#include "runtime/erased_run.h"
#include "runtime/json.h"
#include "runtime/run_progress.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::int64_t kAttemptsMax = 3;  // in a row that came no further (http-api.md 8.11, runtime/run_progress.h)
constexpr const char* kRetryAfter = "5";  // seconds; about as long as a short run takes
// How often, and for how long, it is tried to delete a run from which another one goes on.
constexpr std::chrono::milliseconds kErasePause{50};
constexpr std::chrono::milliseconds kErasePatience{2'000};

bool is_empty(const RunSecrets& secrets) {
  return secrets.configurable->empty() && secrets.context->empty() && secrets.header_settings.empty();
}

ApiError retry_after(std::string seconds, ApiError error) {
  error.add_header("retry-after", std::move(seconds));
  return error;
}

runtime::ErrorInfo credentials_lost(const std::string& why) {
  return {"CredentialsLost", "The server restarted while this run was in flight, and its credentials are lost: " + why +
                                 ". Send the request again."};
}

}  // namespace

asio::awaitable<storage::Assistant> RunService::assistant_for(storage::AssistantReader reader, std::string id) const {
  std::optional<storage::Assistant> assistant = co_await assistants_.resolve(reader, id);
  if (!assistant) throw no_assistant_found(id);
  co_return std::move(*assistant);
}

storage::AssistantReader RunService::reader_of(const Caller& caller, const RunOrigin& origin) const {
  if (caller.identity) return caller.assistant_reader();
  // Who started the run that goes on was let in then, perhaps by a claim that is not known any more.
  if (origin.resumed) return {caller.owner, {storage::Containment{}}};
  return assistants_.reader_for_absent(caller.owner);
}

asio::awaitable<std::shared_ptr<ActiveRun>> RunService::create(Caller caller, RunOrigin origin, RunRequest request) {
  const storage::Owner& owner = caller.owner;
  Draft draft;
  storage::AssistantReader reader = reader_of(caller, origin);
  draft.assistant = co_await assistant_for(std::move(reader), request.assistant_id);
  if (!parts_.graphs.find(draft.assistant.graph_id)) {
    throw ApiError::not_found("Graph \"" + draft.assistant.graph_id + "\" not found");
  }
  check_room(owner, 1);

  const storage::Timestamp now = parts_.clock.now();
  const auto delay =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::duration<double>(request.after_seconds));
  storage::Run& record = draft.record;
  record.run_id = storage::RunId{runtime::uuid7(now)};
  record.thread_id = origin.thread_id.value_or(storage::ThreadId{runtime::uuid7(now)});
  record.assistant_id = draft.assistant.assistant_id;
  record.owner = owner;
  record.created_at = now + delay;
  record.updated_at = now;
  record.multitask_strategy = request.multitask_strategy.value_or(parts_.settings.compat == Compat::platform
                                                                      ? storage::MultitaskStrategy::enqueue
                                                                      : storage::MultitaskStrategy::reject);
  record.on_completion = storage::OnCompletion::keep;
  if (!origin.thread_id) record.on_completion = request.on_completion.value_or(storage::OnCompletion::delete_thread);
  // Only what the client sent: without its identity a run can go on after a restart.
  record.had_hidden_keys = !request.secrets.empty() || !request.context_secrets.empty();
  if (caller.identity) {
    add_identity(*caller.identity, request.secrets);
  } else if (parts_.settings.auth && !owner.text.empty()) {
    add_owner(owner, request.secrets);  // a cron's run is its owner's, who is not there
  }

  RunSecrets secrets;
  secrets.configurable = std::make_shared<const runtime::Secrets>(std::move(request.secrets));
  secrets.context = std::make_shared<const runtime::Secrets>(std::move(request.context_secrets));
  request.secrets.clear();
  request.context_secrets.clear();
  secrets.header_settings = std::move(request.header_settings);
  secrets.is_resumed = origin.resumed.has_value();

  const std::string graph_id = draft.assistant.graph_id;
  draft.compat = parts_.settings.compat;
  draft.ttl = parts_.settings.thread_ttl;
  draft.origin = origin;
  // Only RunRequest's secrets cannot be copied, and they have been moved out; a shared draft keeps the work copyable.
  draft.request = std::move(request);
  const bool is_temporary =
      !origin.thread_id && origin.is_watched && record.on_completion == storage::OnCompletion::delete_thread;
  if (is_temporary) {
    make_details(draft, {}, {});
    std::shared_ptr<ActiveRun> run = activate(draft.record, draft.details, graph_id, std::move(secrets), true);
    run->request_id = origin.request_id;
    run->thread = [draft = std::make_shared<const Draft>(std::move(draft))] { return new_thread(*draft); };
    parts_.queue.add(run);
    co_return run;
  }

  if (parts_.settings.sealer && !is_empty(secrets)) {
    draft.sealed = parts_.settings.sealer->seal(record.run_id, record.thread_id, secrets);
  }
  if (origin.thread_id && record.multitask_strategy == storage::MultitaskStrategy::reject) {
    co_await parts_.queue.end_of_asking_run(owner, *origin.thread_id);
  }
  auto shared_draft = std::make_shared<Draft>(std::move(draft));
  auto store = [shared_draft](storage::Transaction& transaction) {
    return store_run(transaction, std::move(*shared_draft));
  };
  StoreAnswer answer = co_await parts_.storage.commit(std::move(store));
  if (std::holds_alternative<ThreadMissing>(answer)) throw ApiError::not_found("Thread not found");
  if (std::holds_alternative<ThreadBusy>(answer)) throw thread_is_busy(parts_.settings.compat);
  if (std::holds_alternative<ClaimLost>(answer))
    throw ApiError::conflict("What the run was to be made for is not due any more");
  const Stored& stored = std::get<Stored>(answer);

  const CancelAction action = stored.record.multitask_strategy == storage::MultitaskStrategy::rollback
                                  ? CancelAction::rollback
                                  : CancelAction::interrupt;
  for (const storage::RunId& id : stored.to_cancel) {
    const std::shared_ptr<ActiveRun> other = parts_.queue.find(id);
    if (other) parts_.queue.cancel(other, action);
  }
  std::shared_ptr<ActiveRun> run = activate(stored.record, stored.details, graph_id, std::move(secrets), false);
  run->request_id = origin.request_id;
  run->plan.head = stored.head;
  parts_.queue.add(run);
  co_return run;
}

void RunService::check_room(const storage::Owner& owner, std::size_t count) const {
  if (parts_.queue.is_draining()) throw retry_after("1", ApiError::unavailable("The server is stopping. Try again."));
  if (!parts_.queue.has_room(count))
    throw retry_after(kRetryAfter, ApiError::unavailable("Too many runs are waiting. Try again later."));
  if (!parts_.queue.has_room_for(owner, count)) {
    const std::string most = std::to_string(parts_.settings.runs_per_user_max);
    throw retry_after(kRetryAfter, ApiError(429, "You have as many runs in flight as you may have, " + most +
                                                     ". Wait for one of them, or cancel it."));
  }
}

asio::awaitable<std::vector<std::shared_ptr<ActiveRun>>> RunService::create_batch(Caller caller, std::string request_id,
                                                                                  std::vector<RunRequest> requests) {
  for (const RunRequest& request : requests) {
    storage::AssistantReader reader = caller.assistant_reader();
    (void)co_await assistant_for(std::move(reader), request.assistant_id);
  }
  check_room(caller.owner, requests.size());
  std::vector<std::shared_ptr<ActiveRun>> runs;
  for (RunRequest& request : requests) {
    RunOrigin stateless;
    stateless.request_id = request_id;
    std::shared_ptr<ActiveRun> run = co_await create(caller, stateless, std::move(request));
    runs.push_back(std::move(run));
  }
  co_return runs;
}

std::shared_ptr<ActiveRun> RunService::activate(const storage::Run& record, RunDetails details,
                                                const std::string& graph_id, RunSecrets secrets, bool temporary) {
  const auto executor = parts_.queue.executor();
  auto run = std::make_shared<ActiveRun>(executor);
  run->record = record;
  if (!temporary) run->as_created = record;
  run->temporary = temporary;
  run->plan = run_plan(record, details, parts_.graphs.find(graph_id), graph_id, std::move(secrets));
  std::shared_ptr<RunLog> log;
  if (!temporary) {
    log = std::make_shared<RunLog>(executor, parts_.storage, record.thread_id, record.run_id,
                                   run->plan.durability != runtime::Durability::exit);
  }
  run->stream = std::make_shared<RunStream>(stream_shape(record, details, graph_id, parts_.settings),
                                            parts_.settings.stream_bytes_in_memory, std::move(log));
  run->details = std::move(details);
  return run;
}

asio::awaitable<FoundRun> RunService::get(storage::Owner owner, storage::ThreadId thread_id,
                                          storage::RunId run_id) const {
  FoundRun found;
  found.active = parts_.queue.find(run_id);
  if (found.active && found.active->temporary && found.active->record.thread_id == thread_id &&
      found.active->record.owner == owner) {
    found.record = found.active->shown_record();
    co_return found;
  }
  struct Answer {
    bool has_thread = false;
    std::optional<storage::Run> run;
  };
  auto read = [owner, thread_id, run_id](const storage::Snapshot& snapshot) {
    Answer answer;
    answer.has_thread = snapshot.threads().find(owner, thread_id).has_value();
    answer.run = snapshot.runs().find(owner, run_id);
    return answer;
  };
  Answer answer = co_await parts_.storage.read(std::move(read));
  if (!answer.has_thread) throw ApiError::not_found("Thread with ID " + thread_id.text() + " not found");
  if (!answer.run || answer.run->thread_id != thread_id) throw ApiError::not_found("Run not found");
  found.record = std::move(*answer.run);
  found.active = parts_.queue.find(run_id);
  co_return found;
}

asio::awaitable<FoundRun> RunService::get_stateless(storage::Owner owner, storage::RunId run_id) const {
  FoundRun found;
  found.active = parts_.queue.find(run_id);
  if (found.active && found.active->record.owner == owner) {
    found.record = found.active->shown_record();
    co_return found;
  }
  auto read = [owner, run_id](const storage::Snapshot& snapshot) { return snapshot.runs().find(owner, run_id); };
  std::optional<storage::Run> record = co_await parts_.storage.read(std::move(read));
  if (!record) throw ApiError::not_found("Run not found");
  found.record = std::move(*record);
  found.active.reset();
  co_return found;
}

asio::awaitable<std::vector<storage::Run>> RunService::list(storage::RunQuery query) const {
  auto read = [query](const storage::Snapshot& snapshot) -> std::optional<std::vector<storage::Run>> {
    if (!snapshot.threads().find(query.owner, query.thread_id)) return std::nullopt;
    return snapshot.runs().list(query);
  };
  std::optional<std::vector<storage::Run>> runs = co_await parts_.storage.read(std::move(read));
  if (!runs) throw ApiError::not_found("Thread with ID " + query.thread_id.text() + " not found");
  co_return std::move(*runs);
}

asio::awaitable<void> RunService::cancel(FoundRun run, CancelAction action, bool wait) {
  if (!run.active) co_return;
  // One that has not begun is over as soon as that is stored, so its end is waited for in any case: whoever asked
  // for it finds it gone.
  const bool has_begun = run.active->phase == ActiveRun::Phase::running;
  parts_.queue.cancel(run.active, action);
  if (wait || !has_begun) co_await run.active->ended();
}

void RunService::give_cancel_reason(const FoundRun& run, const std::string& reason) const {
  if (!run.active || run.active->cancel) return;
  // The word of the SDK for input that another run has taken over (http-api.md 9.8).
  run.active->cancel_reason = reason == "taken" ? "taken: its input was taken over elsewhere" : reason;
}

asio::awaitable<void> RunService::cancel_listed(storage::Owner owner, storage::ThreadId thread_id,
                                                std::vector<storage::RunId> run_ids, CancelAction action) {
  std::vector<FoundRun> runs;
  for (const storage::RunId id : run_ids) {
    FoundRun run = co_await get_stateless(owner, id);
    if (run.record.thread_id != thread_id) throw ApiError::not_found("Run not found");
    runs.push_back(std::move(run));
  }
  for (const FoundRun& run : runs) co_await cancel(run, action, false);
}

asio::awaitable<void> RunService::cancel_all(storage::Owner owner, RunsInFlight which, CancelAction action) {
  const std::vector<std::shared_ptr<ActiveRun>> in_flight = parts_.queue.find_all(owner);
  for (const std::shared_ptr<ActiveRun>& run : in_flight) {
    const bool has_begun = run->phase == ActiveRun::Phase::running;
    const bool is_wanted = which == RunsInFlight::all || (which == RunsInFlight::running) == has_begun;
    if (!is_wanted) continue;
    FoundRun found{run->record, run};
    co_await cancel(std::move(found), action, false);
  }
}

asio::awaitable<void> RunService::erase(storage::Owner owner, FoundRun run) {
  co_await cancel(run, CancelAction::interrupt, true);
  auto work = [owner, record = run.record,
               now = parts_.clock.now()](storage::Transaction& transaction) -> std::optional<storage::RunId> {
    const std::optional<storage::RunId> other = runtime::run_in_the_way(transaction, record.thread_id, record.run_id);
    if (other) return other;
    runtime::erase_run(transaction, record.thread_id, record.run_id);
    transaction.runs().erase(record.run_id);
    std::optional<storage::Thread> thread = transaction.threads().find(owner, record.thread_id);
    if (!thread) return std::nullopt;
    thread->values_checkpoint = transaction.checkpoints().newest_id(record.thread_id, "");
    thread->changed(now);
    transaction.threads().update(*thread);
    return std::nullopt;
  };
  // Most runs have a checkpoint of their own some milliseconds after they have begun.
  asio::steady_timer pause(parts_.queue.executor());
  for (std::chrono::milliseconds waited{0};; waited += kErasePause) {
    auto again = work;
    const std::optional<storage::RunId> other = co_await parts_.storage.commit(std::move(again));
    if (!other) co_return;
    if (waited >= kErasePatience) {
      throw ApiError::conflict("Run " + other->text() +
                               " of the thread is in flight and goes on from what this run has left. Delete this run "
                               "when that one has ended, or cancel that one");
    }
    pause.expires_after(kErasePause);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<std::string> RunService::stored_result(storage::Run record) const {
  if (record.status == storage::RunStatus::error && record.error_json) {
    co_return "{\"__error__\":" + *record.error_json + "}";
  }
  auto read = [record](const storage::Snapshot& snapshot) {
    return snapshot.threads().find(record.owner, record.thread_id);
  };
  std::optional<storage::Thread> thread = co_await parts_.storage.read(std::move(read));
  if (!thread) co_return "{}";
  if (thread->status == storage::ThreadStatus::interrupted && thread->interrupts_json &&
      record.status == storage::RunStatus::success) {
    json::array all;
    for (const auto& task : runtime::parse_json_object(*thread->interrupts_json)) {
      for (const json::value& interrupt : task.value().as_array()) all.push_back(interrupt);
    }
    co_return runtime::to_text(json::object{{"__interrupt__", all}});
  }
  std::optional<std::string> values = co_await states_.values_text(std::move(*thread));
  co_return values.value_or("{}");
}

asio::awaitable<void> RunService::take_up_again() {
  auto read = [](const storage::Snapshot& snapshot) { return snapshot.runs().all_in_flight(); };
  const std::vector<storage::Run> records = co_await parts_.storage.read(std::move(read));
  for (const storage::Run& record : records) co_await take_up(record);
}

asio::awaitable<void> RunService::take_up(storage::Run record) {
  RunDetails details = details_of(record);
  const std::string graph_id = graph_id_of(details);
  const bool has_graph = parts_.graphs.find(graph_id) != nullptr;
  if (!has_graph) {
    const runtime::ErrorInfo error{"GraphNotFound", "Graph \"" + graph_id + "\" is not served any more"};
    co_await fail_at_start(record, error);
    co_return;
  }
  const bool was_running = record.status == storage::RunStatus::running;
  std::variant<RunSecrets, CannotOpen> left = co_await secrets_left(record);
  if (const CannotOpen* const closed = std::get_if<CannotOpen>(&left)) {
    const runtime::ErrorInfo error = credentials_lost(closed->why);
    co_await fail_at_start(record, error);
    co_return;
  }
  auto read = [record](const storage::Snapshot& snapshot) {
    return runtime::progress_of(snapshot.checkpoints(), record.thread_id, record.run_id);
  };
  const runtime::RunProgress progress = co_await parts_.storage.read(std::move(read));
  if (was_running && record.attempt - progress.last_fruitful >= kAttemptsMax) {
    const runtime::ErrorInfo error{"Error", "Run " + record.run_id.text() + " exceeded max attempts"};
    co_await fail_at_start(record, error);
    co_return;
  }

  RunSecrets secrets = std::get<RunSecrets>(std::move(left));
  std::shared_ptr<ActiveRun> run = activate(record, std::move(details), graph_id, std::move(secrets), false);
  if (was_running) {
    // What the run had come to goes on from its last checkpoint; its input has been taken in already.
    if (progress.has_begun) {
      run->plan.input = runtime::NoInput{};
      run->plan.from.reset();
    }
    RunLogReader log(parts_.queue.executor(), parts_.storage, record.thread_id, record.run_id, nullptr);
    FrameRenderer renderer(run->stream->shape());
    std::vector<FramePointer> frames;
    std::int64_t facts_stored = 0;
    for (;;) {
      const std::vector<Fact> facts = co_await log.next();
      if (facts.empty()) break;
      facts_stored += static_cast<std::int64_t>(facts.size());
      for (const Fact& fact : facts) renderer.render(fact, frames);
      frames.clear();
    }
    run->first_frame = renderer.next_id() + kUnstoredFramesMax;
    run->stream->continue_after(facts_stored, run->first_frame);
    run->record.status = storage::RunStatus::pending;
  }
  parts_.queue.add(std::move(run));
}

asio::awaitable<std::variant<RunSecrets, CannotOpen>> RunService::secrets_left(storage::Run record) const {
  auto read = [id = record.run_id](const storage::Snapshot& snapshot) { return snapshot.sealed().find(id); };
  const std::optional<storage::Sealed> sealed = co_await parts_.storage.read(std::move(read));
  CannotOpen closed{"they were kept in memory only; --secrets-key-file seals them"};
  if (sealed && parts_.settings.sealer) {
    std::variant<RunSecrets, CannotOpen> opened = parts_.settings.sealer->open(*sealed);
    if (std::holds_alternative<RunSecrets>(opened)) co_return opened;
    closed = std::get<CannotOpen>(std::move(opened));
  } else if (sealed) {
    closed.why = "they are sealed, and this server was given no key; see --secrets-key-file";
  }
  if (record.had_hidden_keys) co_return closed;
  if (sealed) {
    parts_.log.warning("a run goes on without what was sealed for it: the caller's token and headers",
                       json::object{{"run_id", record.run_id.text()}, {"why", closed.why}});
  }
  RunSecrets secrets;
  if (parts_.settings.auth && !record.owner.text.empty()) {
    runtime::Secrets name;
    add_owner(record.owner, name);
    secrets.configurable = std::make_shared<const runtime::Secrets>(std::move(name));
  }
  co_return secrets;
}

asio::awaitable<void> RunService::fail_at_start(storage::Run record, runtime::ErrorInfo error) {
  record.status = storage::RunStatus::error;
  record.error_json = runtime::to_text(json::object{{"error", error.name}, {"message", error.message}});
  record.updated_at = parts_.clock.now();
  if (!record.started_at) record.started_at = record.updated_at;
  std::shared_ptr<const storage::Webhook> call;
  std::string url = webhook_url(runtime::parse_json_object(record.kwargs_json));
  if (!url.empty()) {
    std::optional<std::string> values;
    if (record.on_completion == storage::OnCompletion::keep) {
      std::shared_ptr<const runtime::CompiledGraph> graph = parts_.graphs.find(graph_id_of(record));
      values = co_await newest_values(parts_.storage, record.thread_id, std::move(graph));
    }
    if (values && values->size() > parts_.settings.webhooks.values_bytes_max) values.reset();
    call = std::make_shared<const storage::Webhook>(webhook_call(record, std::move(url), values));
  }
  auto work = [record, call](storage::Transaction& transaction) {
    transaction.runs().update(record);
    if (call) transaction.webhooks().insert(*call);
    std::optional<storage::Thread> thread = transaction.threads().find(record.owner, record.thread_id);
    if (!thread) return;
    thread->status = storage::ThreadStatus::error;
    thread->error_json = record.error_json;
    thread->changed(record.updated_at);
    transaction.threads().update(*thread);
  };
  co_await parts_.storage.commit(std::move(work));
}

}  // namespace heddle::api
