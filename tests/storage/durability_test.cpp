// What is left after the process, the disk or another process got in the way.

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <future>

#include "tests/storage/storage_fixture.h"
#include "tests/support/file_size_limit.h"

namespace heddle::storage::test {
namespace {

Item item(int number, std::size_t bytes = 0) {
  Item made;
  made.name_space = {"n"};
  made.key = std::to_string(number);
  made.value_json = "\"" + std::string(bytes, 'x') + "\"";
  return made;
}

auto put(int number, std::size_t bytes = 0) {
  return [number, bytes](Transaction& transaction) { transaction.items().put(item(number, bytes)); };
}

bool has(StorageFixture& fixture, int number) {
  return fixture.read([number](const Snapshot& snapshot) {
    return snapshot.items().find(Owner{}, {"n"}, std::to_string(number), at(1)).has_value();
  });
}

// In a child process: writes one item after another and reports each that is acknowledged.
[[noreturn]] void write_until_killed(const std::string& path, int report) {
  StorageFixture fixture(path);
  for (int number = 1;; ++number) {
    fixture.commit(put(number, 3'000));
    const char acknowledged = 1;
    if (::write(report, &acknowledged, 1) != 1) ::_exit(1);
  }
}

// How often the log has been begun anew (https://www.sqlite.org/fileformat2.html#walformat).
std::uint32_t beginnings_of_log(const std::string& path) {
  std::ifstream log(path + "-wal", std::ios::binary);
  std::array<unsigned char, 16> head{};
  log.read(reinterpret_cast<char*>(head.data()), head.size());
  return std::uint32_t{head[12]} << 24 | std::uint32_t{head[13]} << 16 | std::uint32_t{head[14]} << 8 | head[15];
}

}  // namespace

TEST_CASE_METHOD(FileFixture, "The log is moved into the file while commits go on, and begins anew") {
  constexpr std::size_t kBytes = 400'000;  // a hundred pages
  commit(put(0, kBytes));
  const std::uint32_t before = beginnings_of_log(path());
  const auto size_before = std::filesystem::file_size(path());
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  int last = 0;
  while (beginnings_of_log(path()) == before && std::chrono::steady_clock::now() < end) commit(put(++last, kBytes));
  CHECK(beginnings_of_log(path()) > before);
  CHECK(std::filesystem::file_size(path()) > size_before);
  for (int number = 0; number <= last; ++number) REQUIRE(has(*this, number));
  // From the file and what the log has since, by a connection that was not there.
  storage.reset();
  open(path());
  for (int number = 0; number <= last; ++number) REQUIRE(has(*this, number));
}

TEST_CASE("What was committed is there after opening again") {
  const TemporaryFolder folder;
  const std::string path = folder.file("heddle.db");
  {
    StorageFixture fixture(path);
    fixture.commit(put(1));
  }
  StorageFixture fixture(path);
  CHECK(has(fixture, 1));
}

TEST_CASE("A process that is killed loses nothing that was acknowledged") {
  const TemporaryFolder folder;
  const std::string path = folder.file("heddle.db");
  int ends[2] = {};
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) write_until_killed(path, ends[1]);
  ::close(ends[1]);

  int acknowledged = 0;
  char byte = 0;
  while (acknowledged < 50 && ::read(ends[0], &byte, 1) == 1) ++acknowledged;
  ::kill(child, SIGKILL);
  while (::read(ends[0], &byte, 1) == 1) ++acknowledged;
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(acknowledged >= 50);

  StorageFixture fixture(path);
  for (int number = 1; number <= acknowledged; ++number) CHECK(has(fixture, number));
  fixture.commit(put(0));
  CHECK(has(fixture, 0));
}

TEST_CASE("A second process is refused while the first has the file") {
  const TemporaryFolder folder;
  const std::string path = folder.file("heddle.db");
  int ends[2] = {};
  int hold[2] = {};
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  REQUIRE(::pipe2(hold, O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(hold[1]);
    const StorageFixture fixture(path);
    char byte = 1;
    if (::write(ends[1], &byte, 1) != 1 || ::read(hold[0], &byte, 1) != 0) ::_exit(1);
    ::_exit(0);
  }
  char byte = 0;
  REQUIRE(::read(ends[0], &byte, 1) == 1);
  StorageOptions options;
  options.path = path;
  CHECK_THROWS_WITH(open(options), Catch::Contains("held by another heddle process") && Catch::Contains(path));

  for (const int end : {hold[0], hold[1], ends[0], ends[1]}) ::close(end);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(open(options));
}

TEST_CASE("A file is refused under another name, too") {
  const TemporaryFolder folder;
  const StorageFixture fixture(folder.file("heddle.db"));
  std::filesystem::create_symlink(folder.file("heddle.db"), folder.file("link.db"));
  StorageOptions options;
  options.path = folder.file("link.db");
  CHECK_THROWS_WITH(open(options), Catch::Contains("held by another heddle process"));
}

TEST_CASE("A file that is no database is refused and left alone") {
  const TemporaryFolder folder;
  const std::string path = folder.file("notes.txt");
  const std::string text(5'000, 'x');
  std::ofstream(path) << text;
  StorageOptions options;
  options.path = path;
  CHECK_THROWS_WITH(open(options), Catch::Contains("no database") && Catch::Contains(path));
  std::string after;
  std::getline(std::ifstream(path), after);
  CHECK(after == text);
}

TEST_CASE_METHOD(FileFixture, "A full disk fails the works that need it, and the writer goes on afterwards") {
  commit(put(1));
  {
    const heddle::test::FileSizeLimit limit(1'000'000);
    CHECK_THROWS_WITH(commit(put(2, 3'000'000)), Catch::Contains(path()));
    CHECK_THROWS_AS(commit(put(3, 3'000'000)), StorageError);
    CHECK(has(*this, 1));
    CHECK_FALSE(has(*this, 2));
  }
  commit(put(4, 3'000'000));
  CHECK(has(*this, 4));
  CHECK_FALSE(has(*this, 2));
  CHECK_FALSE(has(*this, 3));
}

TEST_CASE_METHOD(FileFixture, "When the commit of a group fails, every work of the group fails") {
  int done = 0;
  int failed = 0;
  auto count = [&](std::exception_ptr error) { (error ? failed : done) += 1; };
  Gate gate(*storage);
  {
    const heddle::test::FileSizeLimit limit(100'000);
    for (int number = 1; number <= 4; ++number) storage->submit(put(number, 60'000), count);
    gate.open();
    storage.reset();
  }
  CHECK(done == 0);
  CHECK(failed == 4);
  open(path());
  CHECK_FALSE(has(*this, 1));
  commit(put(1));
  CHECK(has(*this, 1));
}

TEST_CASE_METHOD(FileFixture, "That a work was lost with its transaction is told before a later work is applied") {
  std::string told;
  bool had_told = false;
  auto apply = [&](Transaction& transaction) {
    had_told = told == "12";
    put(3)(transaction);
  };
  Gate gate(*storage);
  {
    // Large enough to be written before its commit.
    const heddle::test::FileSizeLimit limit(1'000'000);
    storage->submit(put(1), [&](const std::exception_ptr& error) { told += error ? "1" : "-"; });
    storage->submit(put(2, 30'000'000), [&](const std::exception_ptr& error) { told += error ? "2" : "-"; });
    storage->submit(apply, [&](const std::exception_ptr& error) { told += error ? "-" : "3"; });
    gate.open();
    storage.reset();
  }
  CHECK(had_told);
  CHECK(told == "123");
  open(path());
  CHECK_FALSE(has(*this, 1));
  CHECK(has(*this, 3));
}

}  // namespace heddle::storage::test
