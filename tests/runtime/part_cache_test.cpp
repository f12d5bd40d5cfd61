#include "runtime/part_cache.h"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/spliced_text.h"
#include "tests/runtime/saver_fixture.h"

namespace heddle::runtime {
namespace {

using test::CheckpointMaker;
using test::id;
using test::kThread;

constexpr std::size_t kRoom = std::size_t{64} << 20;
const ThreadId kOther = id<ThreadId>(8);

StoredPart part_of(std::size_t bytes) {
  storage::ChannelValue value;
  value.data = std::string(bytes, 'x');
  return StoredPart(std::move(value));
}

Value::Item large_item(char c) {
  return std::make_shared<const json::value>(std::string(kSplicedBytesMin, c));
}

class ShownFixture : public test::StoredSaverFixture {
 public:
  Checkpoint put(Value list) {
    Checkpoint made = maker_.make({{"log", std::move(list)}}, newest_);
    newest_ = made.id;
    saver().put(made);
    run(saver().flush());
    return made;
  }
  // As a state that is shown.
  Value shown() {
    StoredSaver reading(*storage, kThread, io.get_executor(), Unpacking::on_use, nullptr, &parts);
    std::optional<LoadedCheckpoint> found = run(reading.newest(""));
    REQUIRE(found);
    return found->checkpoint.values.at("log");
  }
  std::vector<LoadedCheckpoint> history() {
    StoredSaver reading(*storage, kThread, io.get_executor(), Unpacking::on_use, nullptr, &parts);
    HistoryQuery query;
    query.limit = 10;
    return run(reading.history(std::move(query)));
  }
  // Where the first large text of the value stands in memory.
  static const char* place(const Value& value) {
    SplicedText text;
    value.print(text);
    REQUIRE_FALSE(text.is_plain());
    return text.pieces().at(1).data();
  }

  PartCache parts{kRoom};

 private:
  CheckpointMaker maker_;
  std::optional<CheckpointId> newest_;
};

}  // namespace

TEST_CASE_METHOD(ShownFixture, "A large part that was shown is not read again") {
  const Value list = Value::list({large_item('a')});
  put(list);
  const Value first = shown();
  CHECK(parts.bytes() > kSplicedBytesMin);
  CHECK(place(shown()) == place(first));
  CHECK(shown().text() == list.text());
  parts.clear();
  CHECK(parts.bytes() == 0);
  CHECK(place(shown()) != place(first));
}

TEST_CASE_METHOD(ShownFixture, "A part that was shown serves the states that go on from it") {
  const Value short_list = Value::list({large_item('a')});
  put(short_list);
  const Value first = shown();
  const Value longer = append_items(short_list, {large_item('b')});
  put(longer);
  const Value second = shown();
  CHECK(place(second) == place(first));
  CHECK(second.text() == longer.text());
  // As kept whole, and as read anew.
  const std::vector<LoadedCheckpoint> both = history();
  REQUIRE(both.size() == 2);
  CHECK(both[0].checkpoint.values.at("log").text() == longer.text());
  CHECK(both[1].checkpoint.values.at("log").text() == short_list.text());
  CHECK(place(both[1].checkpoint.values.at("log")) == place(first));
}

TEST_CASE_METHOD(ShownFixture, "A history leaves nothing in memory") {
  put(Value::list({large_item('a')}));
  REQUIRE(history().size() == 1);
  CHECK(parts.bytes() == 0);
}

TEST_CASE_METHOD(ShownFixture, "What was looked into takes no memory when it has been shown") {
  put(Value::list({large_item('a')}));
  const Value opened = shown();
  CHECK(opened.items().size() == 1);
  const std::size_t bytes = parts.bytes();
  const Value again = shown();
  CHECK(place(again) == place(opened));
  CHECK(&again.item(0) != &opened.item(0));
  CHECK(parts.bytes() == bytes);
}

TEST_CASE_METHOD(ShownFixture, "A saver without a place for parts leaves none and finds none") {
  put(Value::list({large_item('a')}));
  const Value first = shown();
  StoredSaver other(*storage, kThread, io.get_executor(), Unpacking::on_use);
  const std::optional<LoadedCheckpoint> found = run(other.newest(""));
  REQUIRE(found);
  CHECK(place(found->checkpoint.values.at("log")) != place(first));
}

TEST_CASE("Parts that are found are those that were used last") {
  constexpr std::size_t kEach = kKeptPartBytesMin;
  PartCache cache(3 * kEach);
  const std::uint64_t now = cache.generation();
  for (const ValueId part_id : {1, 2, 3}) cache.keep(kThread, part_id, part_of(kEach), now);
  CHECK(cache.bytes() == 3 * kEach);
  CHECK(cache.find(kThread, 1));
  cache.keep(kOther, 2, part_of(kEach), now);
  CHECK(cache.bytes() == 3 * kEach);
  CHECK(cache.find(kThread, 1));
  CHECK_FALSE(cache.find(kThread, 2));
  CHECK(cache.find(kOther, 2));
}

TEST_CASE("Parts that are too small to be worth it or larger than all that may be kept are not") {
  PartCache cache(2 * kKeptPartBytesMin);
  cache.keep(kThread, 1, part_of(kKeptPartBytesMin - 1), cache.generation());
  cache.keep(kThread, 2, part_of(2 * kKeptPartBytesMin + 1), cache.generation());
  CHECK(cache.bytes() == 0);
  cache.keep(kThread, 3, part_of(2 * kKeptPartBytesMin), cache.generation());
  CHECK(cache.bytes() == 2 * kKeptPartBytesMin);
  PartCache none(0);
  none.keep(kThread, 1, part_of(kKeptPartBytesMin), none.generation());
  CHECK(none.bytes() == 0);
}

TEST_CASE("A part is counted once, however many have read it") {
  PartCache cache(kRoom);
  cache.keep(kThread, 1, part_of(kKeptPartBytesMin), cache.generation());
  cache.keep(kThread, 1, part_of(kKeptPartBytesMin), cache.generation());
  CHECK(cache.bytes() == kKeptPartBytesMin);
}

TEST_CASE("Nothing of a forgotten thread is found, nor of what was being read when it was forgotten") {
  PartCache cache(kRoom);
  const std::uint64_t before = cache.generation();
  cache.keep(kThread, 1, part_of(kKeptPartBytesMin), before);
  cache.keep(kOther, 1, part_of(kKeptPartBytesMin), before);
  cache.forget(kThread);
  CHECK_FALSE(cache.find(kThread, 1));
  CHECK(cache.find(kOther, 1));
  cache.keep(kThread, 2, part_of(kKeptPartBytesMin), before);
  CHECK_FALSE(cache.find(kThread, 2));
  cache.keep(kThread, 2, part_of(kKeptPartBytesMin), cache.generation());
  CHECK(cache.find(kThread, 2));
}

}  // namespace heddle::runtime
