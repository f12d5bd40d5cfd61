#include "storage/sqlite/readers.h"

#include <pthread.h>
#include <sqlite3.h>

#include <utility>

#include "storage/sqlite/database.h"
#include "storage/sqlite/query.h"
#include "storage/sqlite/tables.h"

namespace heddle::storage::sqlite {

// One connection with its statements. Belongs to one thread.
class Readers::Reader {
 public:
  Reader(std::unique_ptr<SQLite::Database> database, VectorMemory& memory)
      : database_(std::move(database)),
        tables_(*database_, memory),
        begin_(*database_, "BEGIN"),
        end_(*database_, "COMMIT") {}

  // The snapshot is taken by the first statement of `work`, so it has all that is committed by then.
  void read(const Work& work) {
    run_statement(begin_);
    try {
      work(tables_);
    } catch (...) {
      end();
      throw;
    }
    end();
  }

  void give_back_memory() { sqlite3_db_release_memory(database_->getHandle()); }

 private:
  static void run_statement(Statement& statement) {
    Query sql(statement);
    sql.run();
  }
  void end() {
    // SQLite has ended it already after some errors.
    if (sqlite3_get_autocommit(database_->getHandle()) == 0) run_statement(end_);
  }

  std::unique_ptr<SQLite::Database> database_;
  Tables tables_;
  Statement begin_;
  Statement end_;
};

Readers::Readers(std::vector<std::unique_ptr<SQLite::Database>> connections, std::string path, VectorMemory& memory)
    : path_(std::move(path)) {
  for (std::unique_ptr<SQLite::Database>& database : connections) {
    readers_.push_back(std::make_unique<Reader>(std::move(database), memory));
  }
  for (const std::unique_ptr<Reader>& reader : readers_) {
    threads_.emplace_back([this, &reader = *reader] { run(reader); });
    pthread_setname_np(threads_.back().native_handle(), "storage-reader");
  }
}

Readers::~Readers() {
  queue_.close();
  for (std::thread& thread : threads_) thread.join();
}

void Readers::submit(Work work, Done done) {
  Entry entry{std::move(work), std::move(done)};
  if (!queue_.push(entry)) entry.done(refusal());
}

void Readers::give_back_memory(const std::function<void()>& afterwards) {
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    Entry entry{nullptr, [afterwards](const std::exception_ptr&) { afterwards(); }};
    // A queue that is full is no lull.
    (void)queue_.push(entry);
  }
}

void Readers::run(Reader& reader) {
  for (;;) {
    std::vector<Entry> taken = queue_.take(1);
    if (taken.empty()) return;
    Entry& entry = taken.front();
    if (!entry.work) {
      reader.give_back_memory();
      entry.done(nullptr);
      continue;
    }
    std::exception_ptr thrown;
    try {
      reader.read(entry.work);
    } catch (const SQLite::Exception& error) {
      thrown = storage_failure(path_, error);
    } catch (...) {
      thrown = std::current_exception();
    }
    entry.work = nullptr;
    entry.done(std::move(thrown));
  }
}

}  // namespace heddle::storage::sqlite
