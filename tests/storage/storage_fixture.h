#pragma once
// A storage to try things on, and short ways to say ids and times.

#include <stdlib.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "storage/storage.h"
#include "tests/support/run.h"

namespace heddle::storage::test {

// Ids sort like the numbers they are made from.
template <class Id>
Id id(std::uint8_t number) {
  Id made;
  made.uuid.bytes.back() = number;
  return made;
}

inline Timestamp at(std::int64_t seconds) {
  return Timestamp{std::chrono::seconds{seconds}};
}

// Is gone, with everything in it, when the object is.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "heddle-test-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no folder for the test");
    path_ = path;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// What is written and read here is done before the next line.
class StorageFixture {
 public:
  explicit StorageFixture(const std::string& path = ":memory:") { open(path); }

  void open(const std::string& path) {
    StorageOptions options;
    options.path = path;
    storage = heddle::storage::open(options);
  }

  template <class Work>
  auto commit(Work work) {
    return heddle::test::run(io, storage->commit(std::move(work)));
  }
  template <class Work>
  auto read(Work work) {
    return heddle::test::run(io, storage->read(std::move(work)));
  }

  boost::asio::io_context io;
  std::unique_ptr<Storage> storage;
};

// The same on a file, where reads have connections of their own.
class FileFixture : private TemporaryFolder, public StorageFixture {
 public:
  FileFixture() : StorageFixture(file("heddle.db")) {}
  std::string path() const { return file("heddle.db"); }
};

}  // namespace heddle::storage::test
