#include "runtime/stored_saver.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "runtime/error.h"
#include "runtime/json.h"
#include "runtime/uuid.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;

// Value ids that belong to one checkpoint: its ticks times this, and those behind. With 58 bits of ticks (until
// the year 2496) they fit 63 bits. A checkpoint with more new values takes ids of the next 100 ns, in
// which no other saver of the thread makes one.
constexpr ValueId kValueIdsPerTick = 32;
constexpr std::int64_t kTicksMask = (std::int64_t{1} << 58) - 1;

ValueId first_value_id(const CheckpointId& id) {
  return (ticks_of(id.uuid) & kTicksMask) * kValueIdsPerTick;
}

[[noreturn]] void refuse_after_failure() {
  throw storage::StorageError("an earlier checkpoint of this run could not be stored");
}

GraphError checkpoint_gone() {
  return {kCheckpointGone,
          "The thread, or its checkpoint that this goes on from, was deleted meanwhile, so nothing was stored"};
}

[[noreturn]] void report_lack(const storage::Checkpoint& row) {
  throw storage::StorageError("checkpoint " + row.checkpoint_id.text() + " of thread " + row.thread_id.text() +
                              " names a value that is not there; the database is damaged, restore a backup");
}

}  // namespace

// What the puts that are on their way share with the saver. They end on the writer thread and are counted there: a post
// for each would wake the engine, where mostly nobody waits for them. Nothing here belongs to the executor, which may
// be gone when the last of them lets go.
class StoredSaver::InFlight {
 public:
  explicit InFlight(std::weak_ptr<asio::steady_timer> woken) : woken_(std::move(woken)) {}

  void begin() {
    const std::lock_guard lock(mutex_);
    ++count_;
  }

  // Whether there are more. Then the timer is cancelled when there are no more, or somebody else's wait is over.
  bool is_above(std::size_t at_most) {
    const std::lock_guard lock(mutex_);
    if (count_ <= at_most) return false;
    wake_at_ = std::max(wake_at_.value_or(0), at_most);
    return true;
  }

  // The first error of a put; null pointer: none.
  std::exception_ptr error() {
    const std::lock_guard lock(mutex_);
    return error_;
  }
  // Becomes true with the first error, on the writer thread, so that works behind it are not done.
  const std::shared_ptr<std::atomic<bool>>& failed() const { return failed_; }

  void end(const std::exception_ptr& error) {
    if (error) *failed_ = true;
    {
      const std::lock_guard lock(mutex_);
      --count_;
      if (!error_) error_ = error;
      if (!wake_at_ || count_ > *wake_at_) return;
      wake_at_.reset();
    }
    std::shared_ptr<asio::steady_timer> woken = woken_.lock();
    if (!woken) return;
    const asio::any_io_executor executor = woken->get_executor();
    asio::post(executor, [woken = std::move(woken)] { woken->cancel(); });
  }

 private:
  const std::weak_ptr<asio::steady_timer> woken_;
  const std::shared_ptr<std::atomic<bool>> failed_ = std::make_shared<std::atomic<bool>>(false);
  std::mutex mutex_;
  std::size_t count_ = 0;
  std::exception_ptr error_;
  std::optional<std::size_t> wake_at_;  // somebody waits until so many are left
};

// What one read brings from the storage.
struct StoredSaver::Read {
  std::vector<storage::Checkpoint> rows;
  std::vector<std::vector<storage::PendingWrites>> pending;  // of each row
  StoredParts parts;                                         // each once, however many rows need it
};

// Reads values, on a thread that reads.
struct StoredSaver::Reading {
  ThreadId thread_id;
  PartCache* cache;
  Use use;
  std::uint64_t generation = cache ? cache->generation() : 0;  // from before anything is read

  // Adds what `row` needs of the value to `parts`.
  void add(ValueId id, const storage::Checkpoint& row, const storage::CheckpointReads& reads,
           StoredParts& parts) const {
    if (parts.contains(id)) return;
    const storage::FindKnownPart known = [&](ValueId part_id) -> std::optional<storage::KnownPart> {
      auto found = parts.find(part_id);
      if (found == parts.end()) {
        std::optional<StoredPart> kept = cache ? cache->find(thread_id, part_id) : std::nullopt;
        if (!kept) return std::nullopt;
        found = parts.emplace(part_id, *std::move(kept)).first;
      }
      return storage::KnownPart{found->second.base};
    };
    for (storage::ChannelValue& part : reads.value(thread_id, id, known)) {
      const ValueId part_id = part.value_id;
      const StoredPart& read = parts.emplace(part_id, StoredPart(std::move(part))).first->second;
      if (cache && use == Use::go_on) cache->keep(thread_id, part_id, read, generation);
    }
    if (!parts.contains(id)) report_lack(row);
  }
};

StoredSaver::StoredSaver(storage::Storage& storage, ThreadId thread_id, asio::any_io_executor executor,
                         Unpacking unpacking, StateCache* states, PartCache* parts)
    : storage_(storage),
      thread_id_(thread_id),
      unpacking_(unpacking),
      states_(states),
      parts_(parts),
      woken_(std::make_shared<asio::steady_timer>(std::move(executor), asio::steady_timer::time_point::max())),
      in_flight_(std::make_shared<InFlight>(woken_)) {
  if (states_) look_into_states();
}

StoredSaver::~StoredSaver() {
  if (states_) leave_in_states();
}

void StoredSaver::look_into_states() {
  const std::shared_ptr<const StateCache::State> found = states_->find(thread_id_);
  if (!found) return;
  remember("", {.values = found->values,
                .checkpoint = found->checkpoint,
                .is_as_read = true,
                .has_pending = found->has_pending});
}

void StoredSaver::leave_in_states() noexcept {
  const auto found = known_.find("");
  if (found == known_.end() || !found->second.checkpoint) return;
  // A node must not find other kinds of numbers because the last run was a moment ago.
  const auto is_as_read = [](const auto& value) { return value.second->is_as_read; };
  if (!found->second.is_as_read || !std::ranges::all_of(found->second.values, is_as_read)) return;
  try {
    states_->keep(thread_id_, {std::move(found->second.checkpoint), std::move(found->second.values),
                               in_flight_->failed(), found->second.has_pending});
  } catch (const std::bad_alloc&) {
    // Then the next run decodes it.
  }
}

asio::awaitable<std::optional<LoadedCheckpoint>> StoredSaver::find(std::string checkpoint_ns, CheckpointId id) {
  Rows rows = [thread_id = thread_id_, checkpoint_ns, id](const storage::CheckpointReads& reads) {
    std::vector<storage::Checkpoint> found;
    if (auto row = reads.find(thread_id, checkpoint_ns, id)) found.push_back(*std::move(row));
    return found;
  };
  return load_head(std::move(checkpoint_ns), std::move(rows));
}

std::optional<std::optional<LoadedCheckpoint>> StoredSaver::newest_as_seen() {
  const std::optional<SeenHead> seen = std::exchange(seen_head_, std::nullopt);
  if (!seen) return std::nullopt;
  if (!seen->head) {
    known_.erase("");
    return std::optional<LoadedCheckpoint>();
  }
  const auto held = known_.find("");
  const bool is_held = held != known_.end() && held->second.checkpoint && !held->second.has_pending &&
                       held->second.checkpoint->id == seen->head->id;
  if (!is_held) return std::nullopt;
  held->second.read_from = seen->head->id;
  LoadedCheckpoint loaded;
  loaded.checkpoint = *held->second.checkpoint;
  loaded.checkpoint.parent = seen->head->parent;
  return loaded;
}

asio::awaitable<std::optional<LoadedCheckpoint>> StoredSaver::newest(std::string checkpoint_ns) {
  if (checkpoint_ns.empty()) {
    std::optional<std::optional<LoadedCheckpoint>> seen = newest_as_seen();
    if (seen) co_return *std::move(seen);
  }
  Rows rows = [thread_id = thread_id_, checkpoint_ns](const storage::CheckpointReads& reads) {
    std::vector<storage::Checkpoint> found;
    if (auto row = reads.newest(thread_id, checkpoint_ns)) found.push_back(*std::move(row));
    return found;
  };
  std::optional<LoadedCheckpoint> found = co_await load_head(std::move(checkpoint_ns), std::move(rows));
  co_return found;
}

asio::awaitable<std::optional<LoadedCheckpoint>> StoredSaver::newest_before(std::string checkpoint_ns,
                                                                            CheckpointId bound) {
  Rows rows = [thread_id = thread_id_, checkpoint_ns, bound](const storage::CheckpointReads& reads) {
    std::vector<storage::Checkpoint> found;
    if (auto row = reads.newest_before(thread_id, checkpoint_ns, bound)) found.push_back(*std::move(row));
    return found;
  };
  return load_head(std::move(checkpoint_ns), std::move(rows));
}

asio::awaitable<std::vector<LoadedCheckpoint>> StoredSaver::history(HistoryQuery query) {
  storage::CheckpointQuery wanted;
  wanted.thread_id = thread_id_;
  wanted.checkpoint_ns = query.checkpoint_ns;
  wanted.before = query.before;
  wanted.only = query.only;
  wanted.metadata_filter_json = to_text(query.metadata);
  wanted.limit = query.limit;
  Rows rows = [wanted](const storage::CheckpointReads& reads) { return reads.list(wanted); };
  return load(std::move(query.checkpoint_ns), std::move(rows), Use::look);
}

asio::awaitable<std::optional<LoadedCheckpoint>> StoredSaver::load_head(std::string checkpoint_ns, Rows rows) {
  std::vector<LoadedCheckpoint> loaded = co_await load(std::move(checkpoint_ns), std::move(rows), Use::go_on);
  if (loaded.empty()) co_return std::nullopt;
  co_return std::move(loaded.front());
}

asio::awaitable<std::vector<LoadedCheckpoint>> StoredSaver::load(std::string checkpoint_ns, Rows rows, Use use) {
  // Reads see committed rows only.
  co_await wait_until_at_most(0);

  // Held here, because a put by another task of the run may replace them while this waits.
  std::unordered_map<ValueId, std::shared_ptr<const StoredValue>> held;
  for (const auto& [channel, stored] : known(checkpoint_ns).values) held.emplace(stored->id(), stored);
  const std::shared_ptr<const Checkpoint> held_checkpoint = known(checkpoint_ns).checkpoint;
  std::unordered_set<ValueId> held_ids;
  for (const auto& [id, stored] : held) held_ids.insert(id);

  const Reading reading{thread_id_, parts_, use};
  auto read = [reading, rows = std::move(rows), held_ids = std::move(held_ids)](const storage::Snapshot& snapshot) {
    const storage::CheckpointReads& reads = snapshot.checkpoints();
    Read found;
    found.rows = rows(reads);
    for (const storage::Checkpoint& row : found.rows) {
      found.pending.push_back(reads.pending_writes(reading.thread_id, row.checkpoint_ns, row.checkpoint_id));
      for (const ValueId id : row.value_ids) {
        if (!held_ids.contains(id)) reading.add(id, row, reads, found.parts);
      }
    }
    return found;
  };
  Read found = co_await storage_.read(std::move(read));

  // What is not there any more (the thread was deleted, or its run rolled back) must not be gone on from.
  if (use == Use::go_on && found.rows.empty()) known_.erase(checkpoint_ns);
  CheckpointDecoder decoder(std::move(found.parts), std::move(held), unpacking_);
  std::vector<LoadedCheckpoint> loaded;
  loaded.reserve(found.rows.size());
  for (std::size_t i = 0; i < found.rows.size(); ++i) {
    const storage::Checkpoint& row = found.rows[i];
    LoadedCheckpoint& next = loaded.emplace_back();
    for (const storage::PendingWrites& writes : found.pending[i]) next.pending.push_back(decode_writes(writes));
    if (held_checkpoint && held_checkpoint->id == row.checkpoint_id) {
      next.checkpoint = *held_checkpoint;
      next.checkpoint.parent = row.parent_id;  // changes when checkpoints between them are erased
      if (use == Use::go_on) known_[checkpoint_ns].read_from = row.checkpoint_id;
      continue;
    }
    CheckpointDecoder::Decoded decoded = decoder.decode(row);
    next.checkpoint = std::move(decoded.checkpoint);
    if (use == Use::go_on) {
      remember(checkpoint_ns, {.values = std::move(decoded.values), .read_from = row.checkpoint_id});
    }
  }
  co_return loaded;
}

void StoredSaver::put(Checkpoint checkpoint) {
  next_value_id_ = std::max(next_value_id_, first_value_id(checkpoint.id));
  const std::string& shared_text = shared_metadata_text(checkpoint.metadata.shared);
  const Known& last = known(checkpoint.checkpoint_ns);
  const std::optional<CheckpointId> from = last.read_from;
  auto encoded = std::make_shared<EncodedCheckpoint>(
      encode_checkpoint(thread_id_, checkpoint, shared_text, last.values, next_value_id_));
  auto kept = std::make_shared<const Checkpoint>(std::move(checkpoint));
  remember(kept->checkpoint_ns,
           {.values = std::move(encoded->values), .checkpoint = kept, .is_as_read = encoded->row_is_as_read});
  auto insert = [encoded](storage::Checkpoints& checkpoints) { checkpoints.insert(encoded->row, encoded->new_values); };
  submit(std::move(insert), kept->checkpoint_ns, from);
}

void StoredSaver::put_writes(std::string checkpoint_ns, CheckpointId id, TaskWrites writes) {
  auto pending = std::make_shared<storage::PendingWrites>();
  pending->checkpoint_ns = std::move(checkpoint_ns);
  pending->checkpoint_id = id;
  pending->task_id = writes.task_id;
  pending->task_path = std::move(writes.task_path);
  pending->writes = encode_writes(writes.writes);
  const auto stood_on = known_.find(pending->checkpoint_ns);
  bool is_only_read = false;
  if (stood_on != known_.end()) {
    Known& known = stood_on->second;
    is_only_read = known.read_from == id;
    known.has_pending = known.has_pending || (known.checkpoint && known.checkpoint->id == id);
  }
  auto put = [thread_id = thread_id_, pending](storage::Checkpoints& checkpoints) {
    checkpoints.put_writes(thread_id, *pending);
  };
  submit(std::move(put), pending->checkpoint_ns, is_only_read ? std::optional(id) : std::nullopt);
}

void StoredSaver::submit(std::function<void(storage::Checkpoints&)> work, const std::string& checkpoint_ns,
                         std::optional<CheckpointId> from) {
  in_flight_->begin();
  seen_head_.reset();
  std::function<void(storage::Transaction&)> check;
  if (from) {
    check = [thread_id = thread_id_, checkpoint_ns, id = *from](storage::Transaction& transaction) {
      if (!transaction.checkpoints().exists(thread_id, checkpoint_ns, id)) throw checkpoint_gone();
    };
  } else if (requires_thread_) {
    check = [thread_id = thread_id_](storage::Transaction& transaction) {
      if (!transaction.threads().exists(thread_id)) throw checkpoint_gone();
    };
  }
  // One on its way can fail after this one was handed in.
  auto guarded = [failed = in_flight_->failed(), check = std::move(check),
                  work = std::move(work)](storage::Transaction& transaction) {
    if (*failed) refuse_after_failure();
    if (check) check(transaction);
    work(transaction.checkpoints());
  };
  auto done = [in_flight = in_flight_](const std::exception_ptr& error) { in_flight->end(error); };
  storage_.submit(std::move(guarded), std::move(done));
}

asio::awaitable<void> StoredSaver::wait_for_room() {
  return wait_until_at_most(kPutsInFlightMax - 1);
}

asio::awaitable<void> StoredSaver::flush() {
  return wait_until_at_most(0);
}

asio::awaitable<void> StoredSaver::wait_until_at_most(std::size_t in_flight) {
  const std::shared_ptr<InFlight> shared = in_flight_;
  const std::shared_ptr<asio::steady_timer> woken = woken_;
  while (shared->is_above(in_flight)) {
    // Ends with operation_aborted only. If it was the caller that was cancelled, the next await throws.
    co_await woken->async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (std::exception_ptr error = shared->error()) std::rethrow_exception(error);
}

const StoredSaver::Known& StoredSaver::known(const std::string& checkpoint_ns) const {
  static const Known none;
  const auto found = known_.find(checkpoint_ns);
  return found == known_.end() ? none : found->second;
}

void StoredSaver::remember(const std::string& checkpoint_ns, Known known) {
  // Loaded ids may be greater than those this saver would give next, if the clock went back.
  for (const auto& [channel, stored] : known.values) next_value_id_ = std::max(next_value_id_, stored->id() + 1);
  known.last_use = ++uses_;
  known_[checkpoint_ns] = std::move(known);
  if (known_.size() <= kKnownNamespacesMax) return;
  const auto oldest = std::min_element(known_.begin(), known_.end(), [](const auto& left, const auto& right) {
    return left.second.last_use < right.second.last_use;
  });
  known_.erase(oldest);
}

const std::string& StoredSaver::shared_metadata_text(const std::shared_ptr<const json::object>& shared) {
  if (shared != shared_metadata_) {
    shared_metadata_ = shared;
    shared_metadata_json_ = shared ? to_text(*shared) : "";
  }
  return shared_metadata_json_;
}

}  // namespace heddle::runtime
