#include "storage/sealed.h"

#include <catch2/catch.hpp>

#include "tests/storage/storage_fixture.h"

namespace heddle::storage::test {
namespace {

Run run(std::uint8_t number, std::uint8_t thread) {
  Run made;
  made.run_id = id<RunId>(number);
  made.thread_id = id<ThreadId>(thread);
  made.created_at = at(number);
  made.updated_at = at(number);
  made.status = RunStatus::running;
  return made;
}

class SealedFixture : public StorageFixture {
 public:
  SealedFixture() {
    commit([](Transaction& transaction) {
      for (const std::uint8_t number : {std::uint8_t{1}, std::uint8_t{2}}) {
        transaction.runs().insert(run(number, number));
        const std::string bytes("\0\1\xff", 3);
        transaction.sealed().insert({id<RunId>(number), id<ThreadId>(number), "key", bytes, bytes + bytes});
      }
    });
  }
  std::optional<Sealed> find(std::uint8_t number) {
    return read([=](const Snapshot& snapshot) { return snapshot.sealed().find(id<RunId>(number)); });
  }
  void end(std::uint8_t number, RunStatus status) {
    commit([=](Transaction& transaction) {
      Run ended = run(number, number);
      ended.status = status;
      transaction.runs().update(ended);
    });
  }
};

}  // namespace

TEST_CASE_METHOD(SealedFixture, "What is sealed comes back byte for byte while its run is in flight") {
  end(1, RunStatus::pending);
  const std::optional<Sealed> found = find(1);
  REQUIRE(found);
  CHECK(found->thread_id == id<ThreadId>(1));
  CHECK(found->key_id == "key");
  CHECK(found->nonce == std::string("\0\1\xff", 3));
  CHECK(found->ciphertext == std::string("\0\1\xff\0\1\xff", 6));
  CHECK_FALSE(find(3));
}

TEST_CASE_METHOD(SealedFixture, "What is sealed goes with the end of its run, however it ends, and no other goes") {
  const RunStatus status = GENERATE(RunStatus::success, RunStatus::error, RunStatus::interrupted, RunStatus::timeout);
  end(1, status);
  CHECK_FALSE(find(1));
  CHECK(find(2));
}

TEST_CASE_METHOD(SealedFixture, "What is sealed goes with its run, its thread and a truncation") {
  SECTION("run") {
    commit([](Transaction& transaction) { transaction.runs().erase(id<RunId>(1)); });
  }
  SECTION("thread") {
    commit([](Transaction& transaction) { transaction.threads().erase(id<ThreadId>(1)); });
  }
  SECTION("truncation") {
    Truncation what;
    what.runs = true;
    commit([what](Transaction& transaction) { transaction.truncate(what); });
    CHECK_FALSE(find(2));
    return;
  }
  CHECK_FALSE(find(1));
  CHECK(find(2));
}

}  // namespace heddle::storage::test
