#pragma once
// Threads that read, each with its own connection.

#include <SQLiteCpp/Database.h>

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "storage/sqlite/vector_memory.h"
#include "storage/sqlite/work_queue.h"
#include "storage/storage.h"

namespace heddle::storage::sqlite {

// A resource; any thread may call. Its end finishes all reads that were handed in.
class Readers {
 public:
  using Work = std::function<void(const Snapshot&)>;
  using Done = std::function<void(std::exception_ptr)>;

  // One thread per connection. `path` is for the texts of errors. `memory` outlives it.
  Readers(std::vector<std::unique_ptr<SQLite::Database>> connections, std::string path, VectorMemory& memory);
  ~Readers();
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  // `done` is called on the reader's thread, after `work` has been destroyed and the snapshot has
  // been given back; or at once with StorageBusy.
  void submit(Work work, Done done);

  // Storage::give_back_memory(), for as many threads as wake for it: one that is idle may do it twice, for a busy one.
  void give_back_memory(const std::function<void()>& afterwards);

 private:
  struct Entry {
    Work work;  // empty: memory is to be given back
    Done done;
  };
  class Reader;

  void run(Reader& reader);

  std::string path_;
  WorkQueue<Entry> queue_;
  std::vector<std::unique_ptr<Reader>> readers_;
  std::vector<std::thread> threads_;
};

}  // namespace heddle::storage::sqlite
