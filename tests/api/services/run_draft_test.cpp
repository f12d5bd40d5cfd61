#include "api/services/run_draft.h"

#include <catch2/catch.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "tests/storage/storage_fixture.h"

namespace heddle::api {
namespace {

using storage::test::id;

class DraftFixture : public storage::test::StorageFixture {
 public:
  static Draft draft(std::uint8_t number, std::optional<storage::ThreadId> thread, bool is_watched = true) {
    Draft made;
    made.record.run_id = id<storage::RunId>(number);
    made.record.thread_id = thread.value_or(id<storage::ThreadId>(9));
    made.record.multitask_strategy = storage::MultitaskStrategy::enqueue;
    made.assistant.metadata_json = made.assistant.config_json = made.assistant.context_json = "{}";
    made.origin.thread_id = thread;
    made.origin.is_watched = is_watched;
    return made;
  }
  Stored store(Draft made) {
    auto shared = std::make_shared<Draft>(std::move(made));
    auto work = [shared](storage::Transaction& transaction) { return store_run(transaction, std::move(*shared)); };
    StoreAnswer answer = commit(std::move(work));
    REQUIRE(std::holds_alternative<Stored>(answer));
    return std::get<Stored>(std::move(answer));
  }
};

}  // namespace

TEST_CASE_METHOD(DraftFixture, "A run that begins with its creation is told where its thread stands") {
  const auto thread_id = id<storage::ThreadId>(1);
  auto prepare = [thread_id](storage::Transaction& transaction) {
    storage::Thread thread;
    thread.thread_id = thread_id;
    thread.metadata_json = thread.config_json = "{}";
    transaction.threads().insert(thread);
    for (std::uint8_t number = 1; number <= 2; ++number) {
      storage::Checkpoint checkpoint;
      checkpoint.thread_id = thread_id;
      checkpoint.checkpoint_id = id<storage::CheckpointId>(number);
      if (number == 2) checkpoint.parent_id = id<storage::CheckpointId>(1);
      transaction.checkpoints().insert(checkpoint, {});
    }
  };
  commit(std::move(prepare));
  SECTION("at its newest checkpoint") {
    const Stored first = store(draft(1, thread_id));
    REQUIRE(first.head);
    REQUIRE(first.head->head);
    CHECK(first.head->head->id == id<storage::CheckpointId>(2));
    CHECK(first.head->head->parent == id<storage::CheckpointId>(1));
    // One that waits for another looks when it begins.
    CHECK_FALSE(store(draft(2, thread_id)).head);
  }
  SECTION("one that begins later looks for itself") {
    CHECK_FALSE(store(draft(1, thread_id, false)).head);
  }
  SECTION("nowhere, if it is made for the run") {
    const Stored first = store(draft(1, std::nullopt));
    REQUIRE(first.head);
    CHECK_FALSE(first.head->head);
  }
}

}  // namespace heddle::api
