#pragma once
// A storage to try things on, and short ways to say ids and times.

#include <stdlib.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <future>
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

// Holds the writer inside a work, so that what is handed in meanwhile becomes one group.
class Gate {
 public:
  explicit Gate(Storage& storage) {
    auto entered = std::make_shared<std::promise<void>>();
    auto wait = [entered, opened = opened_.get_future().share()](Transaction&) {
      entered->set_value();
      opened.wait();
    };
    storage.submit(std::move(wait), [](std::exception_ptr) {});
    entered->get_future().wait();
  }
  ~Gate() { open(); }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void open() {
    if (!std::exchange(open_, true)) opened_.set_value();
  }

 private:
  std::promise<void> opened_;
  bool open_ = false;
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
