#include "storage/checkpoints.h"

#include <catch2/catch.hpp>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/storage/storage_fixture.h"

namespace heddle::storage::test {
namespace {

const ThreadId kThread = id<ThreadId>(1);

Checkpoint checkpoint(std::uint8_t number, const std::string& checkpoint_ns = "") {
  Checkpoint made;
  made.thread_id = kThread;
  made.checkpoint_ns = checkpoint_ns;
  made.checkpoint_id = id<CheckpointId>(number);
  made.step = number;
  made.source = "loop";
  return made;
}

ChannelValue part(ValueId value_id, std::optional<ValueId> base, const std::string& data) {
  ChannelValue made;
  made.channel = "messages";
  made.value_id = value_id;
  made.base = base;
  made.data = data;
  return made;
}

class CheckpointsFixture : public FileFixture {
 public:
  void insert(const Checkpoint& made, const std::vector<ChannelValue>& values = {}) {
    commit([=](Transaction& transaction) { transaction.checkpoints().insert(made, values); });
  }
  std::vector<int> listed(CheckpointQuery query) {
    query.thread_id = kThread;
    std::vector<int> found;
    auto list = [query](const Snapshot& snapshot) { return snapshot.checkpoints().list(query); };
    for (const Checkpoint& each : read(list)) found.push_back(each.checkpoint_id.uuid.bytes.back());
    return found;
  }
  std::vector<std::string> parts_of(ValueId value_id) {
    std::vector<std::string> found;
    auto value = [=](const Snapshot& snapshot) { return snapshot.checkpoints().value(kThread, value_id); };
    for (const ChannelValue& each : read(value)) found.push_back(each.data);
    return found;
  }
};

}  // namespace

TEST_CASE_METHOD(CheckpointsFixture, "A checkpoint is found as it was inserted") {
  Checkpoint stored = checkpoint(3, "node:1");
  stored.parent_id = id<CheckpointId>(2);
  stored.run_id = id<RunId>(9);
  stored.created_at = at(5);
  stored.step = -1;
  stored.source = "input";
  stored.metadata_json = R"({"parents":{}})";
  stored.channels_json = R"({"c":1})";
  stored.seen_json = R"({"n":{}})";
  stored.value_ids = {1, -1, std::numeric_limits<ValueId>::max(), std::numeric_limits<ValueId>::min()};
  stored.shared_metadata_json = R"({"graph_id":"g"})";
  insert(stored);

  auto find = [](const Snapshot& snapshot) {
    return snapshot.checkpoints().find(kThread, "node:1", id<CheckpointId>(3));
  };
  const std::optional<Checkpoint> found = read(find);
  REQUIRE(found);
  CHECK(found->thread_id == kThread);
  CHECK(found->checkpoint_ns == stored.checkpoint_ns);
  CHECK(found->checkpoint_id == stored.checkpoint_id);
  CHECK(found->parent_id == stored.parent_id);
  CHECK(found->run_id == stored.run_id);
  CHECK(found->created_at == stored.created_at);
  CHECK(found->step == -1);
  CHECK(found->source == "input");
  CHECK(found->metadata_json == stored.metadata_json);
  CHECK(found->channels_json == stored.channels_json);
  CHECK(found->seen_json == stored.seen_json);
  CHECK(found->value_ids == stored.value_ids);
  CHECK(found->shared_metadata_json == stored.shared_metadata_json);
}

TEST_CASE_METHOD(CheckpointsFixture, "The newest checkpoint of a namespace is that with the highest id") {
  insert(checkpoint(2));
  insert(checkpoint(1));
  insert(checkpoint(3, "other"));
  auto newest = [](const Snapshot& snapshot) {
    const CheckpointReads& checkpoints = snapshot.checkpoints();
    return std::vector<std::optional<Checkpoint>>{
        checkpoints.newest(kThread, ""), checkpoints.newest_before(kThread, "", id<CheckpointId>(2)),
        checkpoints.newest_before(kThread, "", id<CheckpointId>(1)), checkpoints.newest(kThread, "none")};
  };
  const std::vector<std::optional<Checkpoint>> found = read(newest);
  REQUIRE(found[0]);
  CHECK(found[0]->checkpoint_id == id<CheckpointId>(2));
  REQUIRE(found[1]);
  CHECK(found[1]->checkpoint_id == id<CheckpointId>(1));
  CHECK_FALSE(found[2]);
  CHECK_FALSE(found[3]);

  auto exists = [](const Snapshot& snapshot) {
    const CheckpointReads& checkpoints = snapshot.checkpoints();
    return std::vector<bool>{checkpoints.exists(kThread, "", id<CheckpointId>(1)),
                             checkpoints.exists(kThread, "", id<CheckpointId>(3)),
                             checkpoints.exists(kThread, "other", id<CheckpointId>(3)),
                             checkpoints.exists(id<ThreadId>(2), "", id<CheckpointId>(1))};
  };
  CHECK(read(exists) == std::vector<bool>{true, false, true, false});

  auto newest_id = [](const Snapshot& snapshot) {
    const CheckpointReads& checkpoints = snapshot.checkpoints();
    return std::vector<std::optional<CheckpointId>>{checkpoints.newest_id(kThread, ""),
                                                    checkpoints.newest_id(kThread, "other"),
                                                    checkpoints.newest_id(id<ThreadId>(2), "")};
  };
  auto head = [](const Snapshot& snapshot) { return snapshot.checkpoints().head(kThread, ""); };
  const std::optional<CheckpointHead> stands_at = read(head);
  REQUIRE(stands_at);
  CHECK(stands_at->id == found[0]->checkpoint_id);
  CHECK(stands_at->parent == found[0]->parent_id);
  auto no_head = [](const Snapshot& snapshot) { return snapshot.checkpoints().head(kThread, "none"); };
  CHECK_FALSE(read(no_head));
  CHECK(read(newest_id) ==
        std::vector<std::optional<CheckpointId>>{id<CheckpointId>(2), id<CheckpointId>(3), std::nullopt});
}

TEST_CASE_METHOD(CheckpointsFixture, "Checkpoints are listed newest first, before a bound, up to a limit") {
  for (std::uint8_t number = 1; number <= 5; ++number) insert(checkpoint(number));
  insert(checkpoint(6, "other"));
  CheckpointQuery query;
  CHECK(listed(query) == std::vector<int>{5, 4, 3, 2, 1});
  query.before = id<CheckpointId>(4);
  query.limit = 2;
  CHECK(listed(query) == std::vector<int>{3, 2});
  query.before.reset();
  query.only = id<CheckpointId>(4);
  CHECK(listed(query) == std::vector<int>{4});
  query.before = id<CheckpointId>(4);
  CHECK(listed(query).empty());
}

TEST_CASE_METHOD(CheckpointsFixture, "Checkpoints are filtered by shared metadata, their own, source and step") {
  Checkpoint first = checkpoint(1);
  first.shared_metadata_json = R"({"run":"a","over":"shared"})";
  Checkpoint second = checkpoint(2);
  second.shared_metadata_json = first.shared_metadata_json;
  second.metadata_json = R"({"over":"own"})";
  insert(first);
  insert(second);
  CheckpointQuery query;
  query.metadata_filter_json = R"({"run":"a"})";
  CHECK(listed(query) == std::vector<int>{2, 1});
  query.metadata_filter_json = R"({"over":"own"})";
  CHECK(listed(query) == std::vector<int>{2});
  query.metadata_filter_json = R"({"over":"shared","step":1,"source":"loop"})";
  CHECK(listed(query) == std::vector<int>{1});
}

TEST_CASE_METHOD(CheckpointsFixture, "A list is returned with all its parts, first items first") {
  insert(checkpoint(1), {part(10, std::nullopt, "[1]"), part(11, 10, "[2]"), part(12, 11, "[3]")});
  CHECK(parts_of(12) == std::vector<std::string>{"[1]", "[2]", "[3]"});
  CHECK(parts_of(10) == std::vector<std::string>{"[1]"});
  CHECK(parts_of(99).empty());
}

TEST_CASE_METHOD(CheckpointsFixture, "Parts that are known are left out, and what stands before them is returned") {
  insert(checkpoint(1), {part(10, std::nullopt, "[1]"), part(11, 10, "[2]"), part(12, 11, "[3]")});
  const auto without = [&](std::map<ValueId, std::optional<ValueId>> known) {
    std::string found;
    const FindKnownPart find = [known](ValueId value_id) -> std::optional<KnownPart> {
      const auto at = known.find(value_id);
      return at == known.end() ? std::nullopt : std::optional(KnownPart{at->second});
    };
    auto value = [find](const Snapshot& snapshot) { return snapshot.checkpoints().value(kThread, 12, find); };
    for (const ChannelValue& each : read(value)) found += each.data;
    return found;
  };
  CHECK(without({}) == "[1][2][3]");
  CHECK(without({{11, 10}}) == "[1][3]");
  CHECK(without({{12, 11}}) == "[1][2]");
  CHECK(without({{10, std::nullopt}, {11, 10}}) == "[3]");
  CHECK(without({{10, std::nullopt}, {11, 10}, {12, 11}}).empty());
  CHECK_THROWS_AS(without({{11, 9}}), StorageError);
  // As in a damaged database.
  CHECK_THROWS_AS(without({{11, 11}}), StorageError);
}

TEST_CASE_METHOD(CheckpointsFixture, "A value comes back as it was stored") {
  ChannelValue stored = part(10, std::nullopt, std::string("a\0b", 3));
  stored.checkpoint_ns = "ns";
  stored.level = 2;
  stored.items = 7;
  stored.codec = "other";
  ChannelValue empty = part(11, 10, "");
  insert(checkpoint(1), {stored, empty});
  auto value = [](const Snapshot& snapshot) { return snapshot.checkpoints().value(kThread, 11); };
  const std::vector<ChannelValue> found = read(value);
  REQUIRE(found.size() == 2);
  CHECK(found[0].checkpoint_ns == "ns");
  CHECK(found[0].channel == "messages");
  CHECK(found[0].value_id == 10);
  CHECK_FALSE(found[0].base);
  CHECK(found[0].level == 2);
  CHECK(found[0].items == 7);
  CHECK(found[0].codec == "other");
  CHECK(found[0].data == std::string("a\0b", 3));
  CHECK(found[1].base == 10);
  CHECK(found[1].data.empty());
}

TEST_CASE_METHOD(CheckpointsFixture, "Pending writes are sorted by task path, then task, and replaced by task") {
  auto writes = [](std::uint8_t task, const std::string& path, const std::string& text) {
    return PendingWrites{"", id<CheckpointId>(1), id<TaskId>(task), path, text};
  };
  auto put = [writes](Transaction& transaction) {
    transaction.checkpoints().put_writes(kThread, writes(1, "b", "last"));
    transaction.checkpoints().put_writes(kThread, writes(3, "a", "second"));
    transaction.checkpoints().put_writes(kThread, writes(2, "z", "replaced"));
    transaction.checkpoints().put_writes(kThread, writes(2, "a", "first"));
  };
  commit(put);
  auto pending = [](const Snapshot& snapshot) {
    return snapshot.checkpoints().pending_writes(kThread, "", id<CheckpointId>(1));
  };
  std::vector<std::string> texts;
  for (const PendingWrites& each : read(pending)) texts.push_back(each.writes);
  CHECK(texts == std::vector<std::string>{"first", "second", "last"});
}

TEST_CASE_METHOD(CheckpointsFixture, "The namespaces of a thread are those with checkpoints") {
  insert(checkpoint(1));
  insert(checkpoint(2));
  insert(checkpoint(3, "b"));
  insert(checkpoint(4, "a|c"));
  auto namespaces = [](const Snapshot& snapshot) { return snapshot.checkpoints().namespaces(kThread); };
  CHECK(read(namespaces) == std::vector<std::string>{"", "a|c", "b"});
  auto of_another = [](const Snapshot& snapshot) { return snapshot.checkpoints().namespaces(id<ThreadId>(2)); };
  CHECK(read(of_another).empty());
}

TEST_CASE_METHOD(CheckpointsFixture, "A copy has everything, under its own thread id") {
  const std::string old_text = kThread.text();
  const std::string new_text = id<ThreadId>(2).text();
  Checkpoint stored = checkpoint(1);
  stored.shared_metadata_json = R"({ "thread_id":")" + old_text + R"(","n":1.50})";
  stored.metadata_json = R"({ "deep":{"thread_id":")" + old_text + R"("}})";
  stored.value_ids = {11};
  insert(stored, {part(10, std::nullopt, "[1]"), part(11, 10, "[2]")});
  auto copy = [](Transaction& transaction) {
    const PendingWrites writes{"", id<CheckpointId>(1), id<TaskId>(1), "p", "w"};
    transaction.checkpoints().put_writes(kThread, writes);
    transaction.checkpoints().copy(kThread, id<ThreadId>(2));
    transaction.threads().erase(kThread);
  };
  commit(copy);

  auto find = [](const Snapshot& snapshot) { return snapshot.checkpoints().newest(id<ThreadId>(2), ""); };
  const std::optional<Checkpoint> found = read(find);
  REQUIRE(found);
  CHECK(found->thread_id == id<ThreadId>(2));
  CHECK(found->shared_metadata_json == R"({"thread_id":")" + new_text + R"(","n":1.50})");
  CHECK(found->metadata_json == stored.metadata_json);
  auto rest = [](const Snapshot& snapshot) {
    const CheckpointReads& checkpoints = snapshot.checkpoints();
    return std::vector<std::size_t>{checkpoints.value(id<ThreadId>(2), 11).size(),
                                    checkpoints.pending_writes(id<ThreadId>(2), "", id<CheckpointId>(1)).size()};
  };
  CHECK(read(rest) == std::vector<std::size_t>{2, 1});
}

}  // namespace heddle::storage::test
