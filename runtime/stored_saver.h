#pragma once
// Checkpoints of one thread in the storage. What is written costs what changed: see checkpoint_codec.h.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/checkpoint_codec.h"
#include "runtime/checkpoint_saver.h"
#include "runtime/part_cache.h"
#include "runtime/state_cache.h"
#include "storage/storage.h"

namespace heddle::runtime {

// The name of the error.
inline constexpr const char* kCheckpointGone = "CheckpointGoneError";

// Puts that may be on their way before wait_for_room() waits. Bounds the memory of a run that is faster
// than the disk: each holds the texts of one superstep.
inline constexpr std::size_t kPutsInFlightMax = 64;
// Namespaces whose newest values are kept in memory for the next put or load; the one used longest ago goes first.
inline constexpr std::size_t kKnownNamespacesMax = 64;

// Once a put has failed, no later one is stored and every wait, flush and read throws the first error:
// what comes later may name values that were lost. Make a new saver to go on. It fails with GraphError kCheckpointGone
// if the checkpoint that it goes on from was erased since it was read: its values may be gone with it.
//
// `executor` runs one thing at a time: a strand, or a context with one thread. Its context must outlive the saver and
// whoever waits, `storage` the puts; the saver need not. While a saver is used, nobody else writes or erases
// checkpoints of its thread.
class StoredSaver final : public CheckpointSaver {
 public:
  // `states`: where the newest state of the thread's graph is looked for before it is decoded, and left when this saver
  // goes, for use once all that it has put is durable. `parts`: where large parts are looked for before they are read,
  // and left by find() and the like, but not by history(), which reads many that nobody may want again. Both outlive
  // the saver and, `parts`, what it reads. Null pointer: nowhere.
  StoredSaver(storage::Storage& storage, ThreadId thread_id, boost::asio::any_io_executor executor,
              Unpacking unpacking = Unpacking::at_once, StateCache* states = nullptr, PartCache* parts = nullptr);
  ~StoredSaver() override;
  StoredSaver(const StoredSaver&) = delete;
  StoredSaver& operator=(const StoredSaver&) = delete;

  // Spares the first newest() of the graph itself its read, if `states` has what was seen. `seen` is from a transaction
  // behind which nobody but this saver stores checkpoints of the thread. Before anything else is asked or put.
  void begin_at(SeenHead seen) { seen_head_ = seen; }

  // From now on puts fail with kCheckpointGone if the thread is gone when they are stored. For a saver of no run:
  // whoever stores for a run has to look whether that is still there.
  void require_thread() { requires_thread_ = true; }

  boost::asio::awaitable<std::optional<LoadedCheckpoint>> find(std::string checkpoint_ns, CheckpointId id) override;
  boost::asio::awaitable<std::optional<LoadedCheckpoint>> newest(std::string checkpoint_ns) override;
  boost::asio::awaitable<std::optional<LoadedCheckpoint>> newest_before(std::string checkpoint_ns,
                                                                        CheckpointId bound) override;
  // Holds the query's whole answer in memory; equal lists and their common beginnings are shared.
  boost::asio::awaitable<std::vector<LoadedCheckpoint>> history(HistoryQuery query) override;

  void put(Checkpoint checkpoint) override;
  void put_writes(std::string checkpoint_ns, CheckpointId id, TaskWrites writes) override;

  boost::asio::awaitable<void> wait_for_room() override;
  boost::asio::awaitable<void> flush() override;

 private:
  using Rows = std::function<std::vector<storage::Checkpoint>(const storage::CheckpointReads&)>;
  enum class Use {
    look,
    go_on,  // the next put of the namespace goes on from what is loaded
  };
  struct Read;
  struct Reading;
  class InFlight;
  struct Known {
    StoredValues values{};
    std::shared_ptr<const Checkpoint> checkpoint{};  // if this saver has put it or found it in `states`
    bool is_as_read = false;                         // EncodedCheckpoint::row_is_as_read
    std::optional<CheckpointId> read_from{};         // the one that the values were read from
    bool has_pending = false;                        // `checkpoint` has pending writes
    std::uint64_t last_use = 0;                      // remember() says
  };

  boost::asio::awaitable<std::vector<LoadedCheckpoint>> load(std::string checkpoint_ns, Rows rows, Use use);
  boost::asio::awaitable<std::optional<LoadedCheckpoint>> load_head(std::string checkpoint_ns, Rows rows);
  // Nothing: it has to be read.
  std::optional<std::optional<LoadedCheckpoint>> newest_as_seen();
  // What `states` has of the thread counts as loaded.
  void look_into_states();
  void leave_in_states() noexcept;
  boost::asio::awaitable<void> wait_until_at_most(std::size_t in_flight);
  // `from`: the checkpoint that it goes on from, if that has only been read so far.
  void submit(std::function<void(storage::Checkpoints&)> work, const std::string& checkpoint_ns,
              std::optional<CheckpointId> from);
  const Known& known(const std::string& checkpoint_ns) const;
  void remember(const std::string& checkpoint_ns, Known known);
  const std::string& shared_metadata_text(const std::shared_ptr<const json::object>& shared);

  storage::Storage& storage_;
  ThreadId thread_id_;
  Unpacking unpacking_;
  StateCache* states_;
  PartCache* parts_;
  std::shared_ptr<boost::asio::steady_timer> woken_;  // never expires; cancelled to wake whoever waits
  std::shared_ptr<InFlight> in_flight_;
  bool requires_thread_ = false;
  std::optional<SeenHead> seen_head_;   // until the first newest() or put
  std::map<std::string, Known> known_;  // by namespace: what its checkpoint names that was loaded or stored last
  std::uint64_t uses_ = 0;
  ValueId next_value_id_ = 1;
  std::shared_ptr<const json::object> shared_metadata_;  // of the last put
  std::string shared_metadata_json_;
};

}  // namespace heddle::runtime
