#include "bench/load/limits.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <chrono>
#include <cmath>
#include <stdexcept>
#include <string>

#include "bench/load/load_loop.h"
#include "bench/load/server_process.h"

namespace heddle::load {
namespace {

constexpr int kRunsPerCommit = 64;

double sqlite_runs_per_second(const std::filesystem::path& file, const std::string& synchronous, const StoredRun& run,
                              std::chrono::milliseconds duration) {
  std::filesystem::remove(file);
  SQLite::Database database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = " + synchronous);
  database.exec("CREATE TABLE rows (id INTEGER PRIMARY KEY, bytes BLOB) STRICT");
  SQLite::Statement insert(database, "INSERT INTO rows (bytes) VALUES (?)");
  const auto cells = static_cast<int>(std::lround(run.cells));
  const std::string bytes(static_cast<std::size_t>(run.bytes / run.cells), 'x');
  const Clock::time_point start = Clock::now();
  std::uint64_t runs = 0;
  while (Clock::now() < start + duration) {
    SQLite::Transaction transaction(database);
    for (int i = 0; i < kRunsPerCommit * cells; ++i) {
      insert.bindNoCopy(1, bytes.data(), static_cast<int>(bytes.size()));
      insert.exec();
      insert.reset();
    }
    transaction.commit();
    runs += kRunsPerCommit;
  }
  return static_cast<double>(runs) / std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

StoredRun stored_per_run(const std::filesystem::path& file, double runs) {
  try {
    const SQLite::Database database(file.string(), SQLite::OPEN_READONLY);
    SQLite::Statement query(database, "SELECT sum(ncell), sum(payload) FROM dbstat WHERE aggregate = TRUE");
    query.executeStep();
    return {query.getColumn(0).getDouble() / runs, query.getColumn(1).getDouble() / runs};
  } catch (const SQLite::Exception& error) {
    throw std::runtime_error("cannot read what is stored in " + file.string() + ": " + error.what());
  }
}

Measured measure_echo(const Effort& effort, const std::filesystem::path& folder) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const ServerProcess server({self, "echo", "--port", "{port}"}, folder, "/");
  const Subject subject{server.endpoint(), server.pid()};
  Measured measured = stateless_runs(subject, effort);
  measured.rename("stateless", "echo");
  return measured;
}

Measured measure_sqlite(const StoredRun& run, const Effort& effort, const std::filesystem::path& folder) {
  Measured measured;
  measured.add("sqlite.cells_per_run", run.cells, "");
  measured.add("sqlite.bytes_per_run", run.bytes, "B");
  const std::filesystem::path file = folder / "limit.db";
  measured.add("sqlite.full.per_second", sqlite_runs_per_second(file, "FULL", run, effort.duration), "1/s");
  measured.add("sqlite.normal.per_second", sqlite_runs_per_second(file, "NORMAL", run, effort.duration), "1/s");
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + suffix);
  return measured;
}

}  // namespace heddle::load
