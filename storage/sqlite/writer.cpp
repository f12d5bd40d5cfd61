#include "storage/sqlite/writer.h"

#include <pthread.h>
#include <sqlite3.h>

#include <utility>
#include <vector>

#include "storage/sqlite/database.h"

namespace heddle::storage::sqlite {
namespace {

// The first of a group waits for the last, and those who are answered together wait for one another where they go next;
// smaller groups cost more commits.
constexpr std::size_t kGroupMax = 32;

void run_statement(Statement& statement) {
  Query sql(statement);
  sql.run();
}

std::exception_ptr copy_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const StorageUnwritable& thrown) {
    return std::make_exception_ptr(StorageUnwritable(thrown.what()));
  } catch (const std::exception& thrown) {
    return std::make_exception_ptr(StorageError(thrown.what()));
  }
}

// Each gets an exception of its own, because those who wait for them may be on different threads.
template <class Entry>
void fail(std::span<Entry> entries, const std::exception_ptr& failure) {
  for (Entry& entry : entries) {
    if (!entry.error) entry.error = copy_of(failure);
  }
}

}  // namespace

Writer::Writer(std::unique_ptr<SQLite::Database> database, const StorageOptions& options, VectorMemory& memory)
    : database_(std::move(database)),
      path_(options.path),
      tables_(*database_, memory),
      begin_(*database_, "BEGIN IMMEDIATE"),
      save_(*database_, "SAVEPOINT work"),
      release_(*database_, "RELEASE work"),
      take_back_(*database_, "ROLLBACK TO work"),
      commit_(*database_, "COMMIT"),
      roll_back_(*database_, "ROLLBACK") {
  if (!is_memory(options)) {
    mover_.emplace(options);
    watch_log();
    if (options.synchronous == Synchronous::full) {
      syncer_.emplace(path_);
      database_->exec("PRAGMA synchronous = NORMAL");
    }
  }
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "storage-writer");
}

Writer::~Writer() {
  queue_.close();
  thread_.join();
}

void Writer::submit(Work work, Done done) {
  Entry entry{std::move(work), std::move(done), nullptr};
  if (!queue_.push(entry)) entry.done(refusal());
}

void Writer::give_back_memory(const std::function<void()>& afterwards) {
  Entry entry{nullptr, [afterwards](const std::exception_ptr&) { afterwards(); }, nullptr};
  // A queue that is full is no lull.
  (void)queue_.push(entry);
}

void Writer::run() {
  for (;;) {
    std::vector<Entry> group = queue_.take(kGroupMax);
    if (group.empty()) return;
    apply(group);
    if (mover_) mover_->keep_short(database_->getHandle(), frames_in_log_);
  }
}

// Takes the place of SQLite's own rule, which moves the log at the end of a commit.
void Writer::watch_log() {
  const auto note = [](void* writer, sqlite3*, const char*, int frames) {
    static_cast<Writer*>(writer)->frames_in_log_ = frames;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(database_->getHandle(), note, this);
}

void Writer::apply(std::span<Entry> group) {
  if (const std::exception_ptr failure = syncer_ ? syncer_->failure() : nullptr) {
    fail(group, failure);
    answer(group);
    return;
  }
  std::size_t first = 0;  // of those in the open transaction
  bool gives_back = false;
  for (std::size_t i = 0; i < group.size(); ++i) {
    Entry& entry = group[i];
    if (!entry.work) {
      gives_back = true;
      continue;
    }
    entry.error = apply_one(entry.work);
    entry.work = nullptr;
    if (!in_transaction()) {
      // Some errors (a full disk) make SQLite take back the whole transaction, with the works before.
      fail(group.subspan(first, i - first), entry.error);
      answer(group.subspan(first, i - first));
      first = i + 1;
    }
    if (entry.error) answer({&entry, 1});
  }
  const std::span<Entry> applied = group.subspan(first);
  bool has_committed = false;
  if (in_transaction()) {
    const std::exception_ptr failure = commit();
    has_committed = !failure;
    if (failure) fail(applied, failure);
  }
  // No page is in use now.
  if (gives_back) sqlite3_db_release_memory(database_->getHandle());
  if (has_committed && syncer_) {
    hand_over(applied);
  } else {
    answer(applied);
  }
}

std::exception_ptr Writer::commit() {
  try {
    run_statement(commit_);
    return nullptr;
  } catch (const SQLite::Exception& error) {
    std::exception_ptr failure = storage_failure(path_, error);
    if (in_transaction()) run_statement(roll_back_);
    return failure;
  }
}

void Writer::hand_over(std::span<Entry> committed) {
  std::vector<LogSyncer::Done> waiting;
  waiting.reserve(committed.size());
  for (Entry& entry : committed) {
    // Null for one that has failed and knows it.
    if (Done done = std::exchange(entry.done, nullptr)) waiting.push_back(std::move(done));
  }
  syncer_->hand_over(std::move(waiting));
}

void Writer::answer(std::span<Entry> entries) {
  for (Entry& entry : entries) {
    // Null for one that has failed and knows it.
    if (const Done done = std::exchange(entry.done, nullptr)) done(std::move(entry.error));
  }
}

std::exception_ptr Writer::apply_one(const Work& work) {
  std::exception_ptr thrown;
  try {
    if (!in_transaction()) run_statement(begin_);
    run_statement(save_);
    work(tables_);
    run_statement(release_);
    return nullptr;
  } catch (const SQLite::Exception& error) {
    thrown = storage_failure(path_, error);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (!in_transaction()) return thrown;
  try {
    run_statement(take_back_);
    run_statement(release_);
  } catch (const SQLite::Exception&) {
    // What cannot be taken back alone goes with the transaction; apply() sees that it is gone.
    if (in_transaction()) run_statement(roll_back_);
  }
  return thrown;
}

bool Writer::in_transaction() const {
  return sqlite3_get_autocommit(database_->getHandle()) == 0;
}

}  // namespace heddle::storage::sqlite
