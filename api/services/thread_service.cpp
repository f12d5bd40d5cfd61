#include "api/services/thread_service.h"

#include <algorithm>
#include <boost/json/value.hpp>
#include <chrono>
#include <exception>
#include <set>
#include <utility>

#include "api/runs/active_run.h"
#include "api/runs/run_queue.h"
#include "api/services/api_error.h"
#include "runtime/containment.h"
#include "runtime/json.h"
#include "runtime/uuid.h"

namespace heddle::api {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

// Threads that are read at a time to compare their values: the count that comes with each page is made once per
// thousand.
constexpr std::int64_t kBatch = 1000;
// Between two prunings of a thread that keeps its newest state.
constexpr storage::Timestamp::duration kShortestKept = std::chrono::minutes{1};

ApiError unknown_thread(storage::ThreadId id) {
  return ApiError::not_found("Thread with ID " + id.text() + " not found");
}

void merge_metadata(const json::object& change, storage::Thread& thread) {
  json::value metadata = runtime::parse_json(thread.metadata_json);
  for (const json::key_value_pair& member : change) metadata.as_object()[member.key()] = member.value();
  thread.metadata_json = runtime::to_text(metadata);
}

bool matches(const std::optional<std::string>& values_json, const json::object& filter) {
  if (!values_json) return filter.empty();
  return runtime::contains_json(runtime::parse_json(*values_json), filter);
}

storage::Thread copy_of(const storage::Thread& original, storage::ThreadId id, storage::Timestamp now, Compat compat) {
  storage::Thread copy;
  copy.thread_id = id;
  copy.owner = original.owner;
  copy.created_at = copy.updated_at = now;
  copy.metadata_json = original.metadata_json;
  if (compat == Compat::js) return copy;
  const bool is_busy = original.status == storage::ThreadStatus::busy;
  copy.status = is_busy ? storage::ThreadStatus::idle : original.status;
  copy.values_checkpoint = original.values_checkpoint;
  copy.interrupts_json = original.interrupts_json;
  copy.error_json = original.error_json;
  return copy;
}

// Whether the thread was there and had no run in flight.
bool keep_latest(const storage::Owner& owner, storage::ThreadId id, storage::Transaction& tx) {
  std::optional<storage::Thread> thread = tx.threads().find(owner, id);
  if (!thread || !tx.runs().in_flight(id).empty()) return false;
  tx.checkpoints().keep_newest(id);
  // After a cancelled run the thread may show values of a checkpoint that is not the newest, and that is gone.
  const std::optional<storage::CheckpointId> newest = tx.checkpoints().newest_id(id, "");
  if (thread->values_checkpoint && newest) thread->values_checkpoint = newest;
  tx.threads().update(*thread);
  return true;
}

// Decides anew in the transaction: since the thread was found, it may have changed or a run may have begun.
void expire_thread(const storage::Owner& owner, storage::ThreadId id, storage::Timestamp now,
                   storage::Transaction& tx) {
  std::optional<storage::Thread> thread = tx.threads().find(owner, id);
  const bool has_expired = thread && thread->expires_at && *thread->expires_at <= now;
  if (!has_expired || !tx.runs().in_flight(id).empty()) return;
  if (strategy_of(*thread) == PruneStrategy::delete_thread || !thread->time_to_live) {
    tx.threads().erase(id);
    return;
  }
  // What is kept is looked at again when it could have grown as old once more.
  thread->expires_at = now + std::max(*thread->time_to_live, kShortestKept);
  tx.threads().update(*thread);
  keep_latest(owner, id, tx);
}

}  // namespace

asio::awaitable<ThreadView> ThreadService::create(storage::Owner owner, NewThread wanted) {
  const storage::Timestamp now = parts_.clock.now();
  storage::Thread thread;
  thread.thread_id = wanted.thread_id.value_or(storage::ThreadId{runtime::uuid7(now)});
  thread.owner = owner;
  thread.created_at = thread.updated_at = now;
  thread.metadata_json = runtime::to_text(wanted.metadata);
  if (wanted.ttl) {
    set_ttl(*wanted.ttl, now, thread);
  } else {
    set_default_ttl(parts_.settings.thread_ttl, now, thread);
  }
  if (!wanted.supersteps.empty() && !runtime::find_text(wanted.metadata, "graph_id")) {
    throw ApiError::bad_request("Thread " + thread.thread_id.text() + " has no graph ID");
  }

  const Creation creation = co_await insert(thread, wanted.if_exists);
  if (!creation.thread) throw ApiError::conflict("Thread already exists");
  if (creation.is_new && !wanted.supersteps.empty()) co_await add_history(thread, wanted.supersteps);
  if (creation.is_new && wanted.supersteps.empty()) co_return ThreadView{thread, std::nullopt};
  ThreadView created = co_await get(owner, thread.thread_id);
  co_return created;
}

asio::awaitable<ThreadService::Creation> ThreadService::insert(storage::Thread thread, IfExists if_exists) {
  auto insert_row = [thread, if_exists](storage::Transaction& tx) {
    if (tx.threads().insert(thread)) return Creation{thread, true};
    if (if_exists == IfExists::raise) return Creation{};
    return Creation{tx.threads().find(thread.owner, thread.thread_id), false};
  };
  Creation creation = co_await parts_.storage.commit(std::move(insert_row));
  co_return creation;
}

asio::awaitable<void> ThreadService::add_history(storage::Thread thread,
                                                 std::vector<std::vector<runtime::StateUpdate>> supersteps) {
  const runtime::CheckpointAddress root;
  std::exception_ptr failure;
  try {
    const runtime::CheckpointAddress head = co_await states_.update(thread, root, supersteps);
  } catch (const ApiError&) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  co_await stop_and_erase(thread.thread_id);
  std::rethrow_exception(failure);
}

asio::awaitable<std::optional<storage::Thread>> ThreadService::find(storage::Owner owner, storage::ThreadId id) const {
  auto find_row = [owner, id](const storage::Snapshot& snapshot) { return snapshot.threads().find(owner, id); };
  std::optional<storage::Thread> found = co_await parts_.storage.read(std::move(find_row));
  co_return found;
}

asio::awaitable<ThreadView> ThreadService::with_values(storage::Thread thread) const {
  std::optional<std::string> values = co_await states_.values_text(thread);
  co_return ThreadView{std::move(thread), std::move(values)};
}

asio::awaitable<ThreadView> ThreadService::get(storage::Owner owner, storage::ThreadId id) const {
  const std::optional<storage::Thread> thread = co_await find(owner, id);
  if (!thread) {
    const std::shared_ptr<ActiveRun> run = parts_.queue.find_temporary(owner, id);
    if (!run) throw unknown_thread(id);
    co_return ThreadView{run->thread(), std::nullopt};
  }
  ThreadView found = co_await with_values(*thread);
  co_return found;
}

asio::awaitable<storage::Found<storage::Thread>> ThreadService::search(ThreadSearch wanted) const {
  if (!wanted.values.empty()) {
    storage::Found<storage::Thread> matching = co_await search_values(wanted);
    co_return matching;
  }
  auto find_page = [query = wanted.query](const storage::Snapshot& snapshot) {
    return snapshot.threads().search(query);
  };
  storage::Found<storage::Thread> page = co_await parts_.storage.read(std::move(find_page));
  co_return page;
}

// Values live in checkpoints, so a filter on them cannot be part of the query.
asio::awaitable<storage::Found<storage::Thread>> ThreadService::search_values(ThreadSearch wanted) const {
  storage::Found<storage::Thread> found;
  storage::ThreadQuery query = wanted.query;
  query.page = {kBatch, 0};
  for (;;) {
    auto find_batch = [query](const storage::Snapshot& snapshot) { return snapshot.threads().search(query).records; };
    const std::vector<storage::Thread> batch = co_await parts_.storage.read(std::move(find_batch));
    for (const storage::Thread& thread : batch) {
      const std::optional<std::string> values = co_await states_.values_text(thread, Purpose::searched);
      if (!matches(values, wanted.values)) continue;
      const bool is_before_page = found.total < wanted.query.page.offset;
      const bool page_is_full = std::ssize(found.records) >= wanted.query.page.limit;
      ++found.total;
      if (!is_before_page && !page_is_full) found.records.push_back(thread);
    }
    if (std::ssize(batch) < kBatch) break;
    query.page.offset += kBatch;
  }
  co_return found;
}

asio::awaitable<std::int64_t> ThreadService::count(ThreadSearch wanted) const {
  if (!wanted.values.empty()) {
    wanted.query.page = {0, 0};
    const storage::Found<storage::Thread> found = co_await search_values(wanted);
    co_return found.total;
  }
  auto count_rows = [query = wanted.query](const storage::Snapshot& snapshot) {
    return snapshot.threads().count(query);
  };
  const std::int64_t total = co_await parts_.storage.read(std::move(count_rows));
  co_return total;
}

asio::awaitable<ThreadView> ThreadService::patch(storage::Owner owner, storage::ThreadId id, ThreadChange change) {
  auto change_row = [owner, id, change, now = parts_.clock.now()](storage::Transaction& tx) {
    std::optional<storage::Thread> thread = tx.threads().find(owner, id);
    if (!thread) throw ApiError::not_found("Thread not found");
    if (change.metadata) merge_metadata(*change.metadata, *thread);
    if (change.ttl) set_ttl(*change.ttl, now, *thread);
    thread->changed(now);
    tx.threads().update(*thread);
    return *std::move(thread);
  };
  const storage::Thread changed = co_await parts_.storage.commit(std::move(change_row));
  ThreadView shown = co_await with_values(changed);
  co_return shown;
}

asio::awaitable<void> ThreadService::erase(storage::Owner owner, storage::ThreadId id) {
  const std::optional<storage::Thread> thread = co_await find(owner, id);
  if (!thread && !parts_.queue.find_temporary(owner, id)) throw unknown_thread(id);
  co_await stop_and_erase(id);
}

asio::awaitable<void> ThreadService::stop_and_erase(storage::ThreadId id) {
  co_await parts_.queue.stop_thread(id);
  auto erase_rows = [id](storage::Transaction& tx) { tx.threads().erase(id); };
  co_await parts_.storage.commit(std::move(erase_rows));
  // A run that was stored while the others were being stopped has lost its row by now, and leaves its state in memory.
  co_await parts_.queue.stop_thread(id);
  forget_in_memory(id);
  parts_.queue.thread_news().tell(id);
}

void ThreadService::forget_in_memory(storage::ThreadId id) {
  parts_.queue.states().forget(id);
  parts_.shown.forget(id);
}

asio::awaitable<ThreadView> ThreadService::copy(storage::Owner owner, storage::ThreadId id) {
  const storage::Timestamp now = parts_.clock.now();
  const storage::ThreadId copy_id{runtime::uuid7(now)};
  auto copy_rows = [owner, id, copy_id, now, compat = parts_.settings.compat,
                    ttl = parts_.settings.thread_ttl](storage::Transaction& tx) {
    const std::optional<storage::Thread> original = tx.threads().find(owner, id);
    if (!original) throw ApiError::conflict("Thread not found");
    storage::Thread copied = copy_of(*original, copy_id, now, compat);
    set_default_ttl(ttl, now, copied);
    tx.threads().insert(copied);
    tx.checkpoints().copy(id, copy_id);
    return copied;
  };
  const storage::Thread copied = co_await parts_.storage.commit(std::move(copy_rows));
  ThreadView shown = co_await with_values(copied);
  co_return shown;
}

asio::awaitable<storage::StateSize> ThreadService::size_of(storage::Owner owner, storage::ThreadId id) const {
  auto measure = [owner, id](const storage::Snapshot& snapshot) -> std::optional<storage::StateSize> {
    if (!snapshot.threads().find(owner, id)) return std::nullopt;
    return snapshot.checkpoints().size_of(id);
  };
  std::optional<storage::StateSize> size = co_await parts_.storage.read(std::move(measure));
  // The state of a run without a thread is kept in memory only.
  if (!size && !parts_.queue.find_temporary(owner, id)) throw unknown_thread(id);
  co_return size.value_or(storage::StateSize{});
}

asio::awaitable<std::int64_t> ThreadService::prune(storage::Owner owner, std::vector<storage::ThreadId> ids,
                                                   PruneStrategy strategy) {
  std::int64_t pruned = 0;
  const std::set<storage::ThreadId> once(ids.begin(), ids.end());
  for (const storage::ThreadId id : once) {
    if (strategy == PruneStrategy::keep_latest) {
      auto keep = [owner, id](storage::Transaction& tx) { return keep_latest(owner, id, tx); };
      const bool was_pruned = co_await parts_.storage.commit(std::move(keep));
      if (!was_pruned) continue;
      // The newest state, which is what a run left in memory, is still the same.
      parts_.shown.forget(id);
      ++pruned;
      continue;
    }
    const std::optional<storage::Thread> thread = co_await find(owner, id);
    if (!thread) continue;
    co_await stop_and_erase(id);
    ++pruned;
  }
  co_return pruned;
}

// One transaction for each, because the writer has other work, too.
asio::awaitable<std::int64_t> ThreadService::expire(std::int64_t limit) {
  const storage::Timestamp now = parts_.clock.now();
  auto find_expired = [now, limit](const storage::Snapshot& snapshot) {
    return snapshot.threads().expired(now, limit);
  };
  const std::vector<storage::Thread> expired = co_await parts_.storage.read(std::move(find_expired));
  for (const storage::Thread& thread : expired) {
    auto expire_one = [owner = thread.owner, id = thread.thread_id, now](storage::Transaction& tx) {
      expire_thread(owner, id, now, tx);
    };
    co_await parts_.storage.commit(std::move(expire_one));
    forget_in_memory(thread.thread_id);
    parts_.queue.thread_news().tell(thread.thread_id);
  }
  co_return std::ssize(expired);
}

}  // namespace heddle::api
