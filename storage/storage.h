#pragma once
// All that is kept, behind one object.
//
// Work on the records is a function that gets a Snapshot (reads) or a Transaction (reads and
// writes). It runs on a thread of the storage: it must not wait for anything, and must not keep
// references to what it is given. Rules that need to be atomic (is the thread busy? then insert)
// are written inside one such function.
//
//   auto find = [id](const Snapshot& snapshot) { return snapshot.threads().find(owner, id); };
//   const std::optional<Thread> thread = co_await storage.read(std::move(find));
//
// The interface is made for two implementations (one file of SQLite; several processes on one
// Postgres later): no type of a database appears here, and no id is assigned by the database.

#include <boost/asio/awaitable.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "storage/assistants.h"
#include "storage/awaited.h"
#include "storage/checkpoints.h"
#include "storage/crons.h"
#include "storage/error.h"
#include "storage/events.h"
#include "storage/ids.h"
#include "storage/items.h"
#include "storage/runs.h"
#include "storage/sealed.h"
#include "storage/threads.h"
#include "storage/timestamp.h"
#include "storage/webhooks.h"

namespace heddle::storage {

// One consistent view of everything, valid while the function that got it runs.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  virtual const AssistantReads& assistants() const = 0;
  virtual const ThreadReads& threads() const = 0;
  virtual const RunReads& runs() const = 0;
  virtual const CronReads& crons() const = 0;
  virtual const EventReads& events() const = 0;
  virtual const ItemReads& items() const = 0;
  virtual const CheckpointReads& checkpoints() const = 0;
  virtual const WebhookReads& webhooks() const = 0;
  virtual const AwaitedReads& awaited() const = 0;
  virtual const SealedReads& sealed() const = 0;
};

// Whole tables, for test suites that begin with an empty server.
struct Truncation {
  // With their events, the calls that webhooks are owed, what threads wait for, what is sealed, and the crons, which
  // make runs.
  bool runs = false;
  bool threads = false;      // with their checkpoints, and everything that `runs` names
  bool checkpoints = false;  // of all threads, which then have no values
  bool items = false;
  bool assistants = false;  // but for those that are kept
  std::vector<AssistantId> kept_assistants;
};

// The same with writes. What is written is seen by later reads of the same transaction.
class Transaction : public Snapshot {
 public:
  using Snapshot::assistants, Snapshot::threads, Snapshot::runs, Snapshot::crons, Snapshot::events, Snapshot::items,
      Snapshot::checkpoints, Snapshot::webhooks, Snapshot::awaited, Snapshot::sealed;
  virtual Assistants& assistants() = 0;
  virtual Threads& threads() = 0;
  virtual Runs& runs() = 0;
  virtual Crons& crons() = 0;
  virtual Events& events() = 0;
  virtual Items& items() = 0;
  virtual Checkpoints& checkpoints() = 0;
  virtual Webhooks& webhooks() = 0;
  virtual AwaitedAnswers& awaited() = 0;
  virtual SealedSecrets& sealed() = 0;
  // Whoever owns the rows.
  virtual void truncate(const Truncation& what) = 0;
  // Writes the time into a row that is there for this alone, so that its commit shows that commits get through.
  virtual void leave_mark(Timestamp now) = 0;
};

enum class Synchronous {
  full,    // survives a power cut
  normal,  // survives a crash of the process; a power cut may lose the last commits
};

struct StorageOptions {
  std::string path = ":memory:";  // a file, or ":memory:"
  Synchronous synchronous = Synchronous::full;
  int readers = 2;  // connections on read snapshots; each has a thread
  // Bytes of vectors that searches by meaning keep; others are read from the file each time.
  std::size_t vector_bytes_in_memory = std::size_t{256} << 20;
};

// A resource: one owner, any thread may call. Destroying it finishes all work that was handed in, and
// answers it: whoever waits has to outlive the storage, and so has the executor of every waiting coroutine.
class Storage {
 public:
  virtual ~Storage() = default;
  Storage() = default;
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  // Runs `work` in a transaction on the writer thread and returns its result after the commit, which is durable then if
  // StorageOptions says so. Works are applied in the order in which they are handed in; several may share one commit.
  // If `work` throws, nothing of it is kept and the exception arrives here. Once handed in, a work
  // is done even if the waiting coroutine is cancelled.
  template <class Work>
  boost::asio::awaitable<std::invoke_result_t<Work&, Transaction&>> commit(Work work) {
    return run_on<Transaction>(std::move(work));
  }

  // Runs `work` on a reader thread. It sees every commit acknowledged before the call, and maybe one about to be.
  template <class Work>
  boost::asio::awaitable<std::invoke_result_t<Work&, const Snapshot&>> read(Work work) {
    return run_on<const Snapshot>(std::move(work));
  }

  // Hands in a write without waiting: ordered with commit(). `done` is called on a thread of the storage after the
  // commit (null) or the failure, when `work` is destroyed; it must only post. When too much waits, it is called at
  // once with StorageBusy. A failure is told before any work behind it is applied, which can ask and refuse to build on
  // it; but that of a disk which does not make a commit durable comes later, and nothing behind that succeeds.
  virtual void submit(std::function<void(Transaction&)> work, std::function<void(std::exception_ptr)> done) = 0;

  // The same for a read.
  virtual void submit_read(std::function<void(const Snapshot&)> work, std::function<void(std::exception_ptr)> done) = 0;

  // Lets go of what is kept in memory only to be faster, in a moment, on the threads of the storage. Each that has done
  // so calls `afterwards`, which may give what the thread has freed back to the system. Does nothing where nothing is
  // kept.
  virtual void give_back_memory(const std::function<void()>& afterwards) { (void)afterwards; }

 private:
  // Hands in, and waits until it is done; throws what the work threw. The ways to wait are compiled once, in
  // storage.cpp: for each work anew they were most of what its file took to compile.
  boost::asio::awaitable<void> wait_for(std::function<void(Transaction&)> work);
  boost::asio::awaitable<void> wait_for(std::function<void(const Snapshot&)> work);

  template <class View, class Work>
  boost::asio::awaitable<std::invoke_result_t<Work&, View&>> run_on(Work work) {
    using Result = std::invoke_result_t<Work&, View&>;
    struct Task {
      Work work;
      std::conditional_t<std::is_void_v<Result>, char, std::optional<Result>> result{};
    };
    const auto task = std::make_shared<Task>(Task{std::move(work)});
    std::function<void(View&)> body = [task](View& view) {
      if constexpr (std::is_void_v<Result>) {
        task->work(view);
      } else {
        task->result.emplace(task->work(view));
      }
    };
    co_await wait_for(std::move(body));
    if constexpr (!std::is_void_v<Result>) co_return std::move(*task->result);
  }
};

// Opens or creates the database and brings its schema up to date. Throws StorageError: the file is
// held by another process, is no database, was written by a newer heddle, cannot be written.
std::unique_ptr<Storage> open(const StorageOptions& options);

}  // namespace heddle::storage
