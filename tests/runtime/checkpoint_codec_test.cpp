#include "runtime/checkpoint_codec.h"

#include <catch2/catch.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/runtime/saver_fixture.h"

namespace heddle::runtime {
namespace {

using test::CheckpointMaker;
using test::kThread;

// Keeps what a saver would hand to storage.
class Writer {
 public:
  // Puts one list into the channel `log` and gives how it is stored then; null if it is inline.
  std::shared_ptr<const StoredValue> put(Value list) {
    EncodedCheckpoint encoded =
        encode_checkpoint(kThread, maker_.make({{"log", std::move(list)}}), "", last_, next_id_);
    written_now_ = 0;
    for (storage::ChannelValue& value : encoded.new_values) {
      written_now_ += value.data.size();
      parts_.emplace(value.value_id, std::move(value));
    }
    written_ += written_now_;
    row_ = std::move(encoded.row);
    last_ = std::move(encoded.values);
    const auto found = last_.find("log");
    return found == last_.end() ? nullptr : found->second;
  }

  std::string read() {
    CheckpointDecoder decoder(stored_parts(), {});
    std::string text = decoder.decode(row_).checkpoint.values.at("log").text();
    CheckpointDecoder packing(stored_parts(), {}, Unpacking::on_use);
    const Value packed = packing.decode(row_).checkpoint.values.at("log");
    CHECK(packed.text() == text);
    if (packed.is_list()) CHECK(Value::list(packed.items()).text() == text);
    return text;
  }

  std::size_t written() const { return written_; }
  std::size_t written_now() const { return written_now_; }
  const storage::Checkpoint& row() const { return row_; }
  std::unordered_map<ValueId, storage::ChannelValue>& parts() { return parts_; }

 private:
  StoredParts stored_parts() const {
    StoredParts stored;
    for (const auto& [id, part] : parts_) stored.emplace(id, StoredPart(part));
    return stored;
  }

  CheckpointMaker maker_;
  std::unordered_map<ValueId, storage::ChannelValue> parts_;
  storage::Checkpoint row_;
  StoredValues last_;
  ValueId next_id_ = 1;
  std::size_t written_ = 0;
  std::size_t written_now_ = 0;
};

Value::Item item(std::size_t number) {
  return std::make_shared<const json::value>("item " + std::to_string(number) + std::string(100, '.'));
}

Value list_of(std::size_t size) {
  ItemList items;
  for (std::size_t i = 0; i < size; ++i) items.push_back(item(i));
  return Value::list(std::move(items));
}

}  // namespace

TEST_CASE("A list of thousands of appends is read from few parts and costs little more than itself to write") {
  Writer writer;
  Value list = list_of(0);
  constexpr std::size_t kAppends = 5000;
  std::size_t most_parts = 0;
  for (std::size_t i = 0; i < kAppends; ++i) {
    list = append_items(list, {item(i)});
    const auto stored = writer.put(list);
    if (!stored) continue;
    most_parts = std::max(most_parts, stored->parts.size());
    for (std::size_t part = 1; part < stored->parts.size(); ++part) {
      REQUIRE(stored->parts[part - 1].level >= stored->parts[part].level);
      REQUIRE(stored->parts[part - 1].end < stored->parts[part].end);
    }
  }
  CHECK(most_parts <= kPartsOfLevelMax * 5);  // 5 = log8(5000), rounded up
  // Each item once per level.
  CHECK(writer.written() <= 5 * list.text().size());
  CHECK(writer.read() == list.text());
}

TEST_CASE("A turn costs what it added") {
  Writer writer;
  Value list = list_of(1000);
  writer.put(list);
  list = append_items(list, {item(1)});
  writer.put(list);
  CHECK(writer.written_now() < 200);
  CHECK(writer.read() == list.text());
}

TEST_CASE("A value that did not change is named again and not written") {
  Writer writer;
  const Value list = list_of(10);
  const auto first = writer.put(list);
  const auto again = writer.put(list);
  CHECK(again->id() == first->id());
  CHECK(writer.written_now() == 0);
  CHECK(writer.row().value_ids == std::vector<ValueId>{first->id()});
  // The same items in another list.
  CHECK(writer.put(Value::list(list.items()))->id() == first->id());
}

TEST_CASE("A list that was cut where a part ends names that part") {
  Writer writer;
  const Value list = list_of(10);
  const auto first = writer.put(list);
  const auto longer = writer.put(append_items(list, {item(10)}));
  CHECK(longer->parts.size() == 2);
  CHECK(writer.put(list)->id() == first->id());
  CHECK(writer.read() == list.text());
}

TEST_CASE("A list that was changed at its beginning is written as a whole") {
  Writer writer;
  Value list = list_of(20);
  writer.put(list);
  ItemList items = list.items();
  items.set(0, item(99));
  const auto stored = writer.put(Value::list(std::move(items)));
  CHECK(stored->parts.size() == 1);
  CHECK(writer.written_now() > 20 * 100);
}

TEST_CASE("Many items at once take smaller parts before them into themselves") {
  Writer writer;
  Value list = list_of(64);
  REQUIRE(writer.put(list)->parts.back().level == 2);
  for (std::size_t i = 0; i < 3; ++i) {
    list = append_items(list, {item(i)});
    writer.put(list);
  }
  list = append_items(list, list_of(8).items());
  const auto stored = writer.put(list);
  REQUIRE(stored->parts.size() == 2);
  CHECK(stored->parts[1].level == 1);
  CHECK(stored->parts[1].end == 75);
  CHECK(writer.read() == list.text());
}

TEST_CASE("Short values stand in the row") {
  Writer writer;
  CHECK(writer.put(json::value(std::string(kInlineBytesMax - 2, 'x'))) == nullptr);
  CHECK(writer.row().channels_json.find("xxx") != std::string::npos);
  CHECK(writer.put(json::value(std::string(kInlineBytesMax - 1, 'x'))) != nullptr);
  CHECK(writer.row().channels_json.find("xxx") == std::string::npos);
  CHECK(writer.put(Value()) == nullptr);
  CHECK(writer.read() == "null");
}

TEST_CASE("A checkpoint of an unknown source is reported as damaged") {
  Writer writer;
  writer.put(Value());
  storage::Checkpoint row = writer.row();
  row.source = "elsewhere";
  CheckpointDecoder decoder({}, {});
  CHECK_THROWS_AS(decoder.decode(row), storage::StorageError);
}

TEST_CASE("A checkpoint whose list lacks, repeats or miscounts a part is reported as damaged") {
  Writer writer;
  const Value list = list_of(10);
  const ValueId first = writer.put(list)->id();
  const ValueId last = writer.put(append_items(list, {item(10)}))->id();
  REQUIRE(writer.parts().at(last).base == first);
  REQUIRE_NOTHROW(writer.read());
  const auto whole = writer.parts();
  SECTION("lacks") {
    writer.parts().erase(first);
  }
  SECTION("leads back to itself") {
    writer.parts().at(first).base = last;
  }
  SECTION("goes on from itself") {
    writer.parts().at(first).base = first;
  }
  SECTION("says more items") {
    writer.parts().at(last).items = 12;
  }
  SECTION("says fewer items than none") {
    writer.parts().at(last).items = -1;
  }
  SECTION("is no list") {
    writer.parts().at(last).data = "{}";
  }
  SECTION("is no JSON") {
    writer.parts().at(last).data = "[1";
  }
  CHECK_THROWS_AS(writer.read(), storage::StorageError);
  CHECK_THROWS_AS(writer.read(), storage::StorageError);
  writer.parts() = whole;
  CHECK_NOTHROW(writer.read());
}

TEST_CASE("A checkpoint whose row cannot be read is reported with its id and its thread") {
  Writer writer;
  writer.put(Value());
  storage::Checkpoint row = writer.row();
  SECTION("channels") {
    row.channels_json = "[]";
  }
  SECTION("half of the channels") {
    row.channels_json.resize(row.channels_json.size() / 2);
  }
  SECTION("what nodes have seen") {
    row.seen_json = "7";
  }
  SECTION("metadata") {
    row.metadata_json = "null";
  }
  SECTION("shared metadata") {
    row.shared_metadata_json = "{";
  }
  SECTION("parents") {
    row.metadata_json = R"({"parents":{"":7}})";
  }
  CheckpointDecoder decoder({}, {});
  try {
    decoder.decode(row);
    FAIL("it was read");
  } catch (const storage::StorageError& error) {
    CHECK_THAT(error.what(), Catch::Contains(row.checkpoint_id.text()) && Catch::Contains(row.thread_id.text()));
  }
}

TEST_CASE("Writes of a task that cannot be read are reported with the task") {
  storage::PendingWrites pending;
  for (const std::string text : {"{}", "[1]", "[[1,2]]", "[[\"a\"]]", "[", ""}) {
    pending.writes = text;
    CAPTURE(text);
    CHECK_THROWS_AS(decode_writes(pending), storage::StorageError);
  }
}

}  // namespace heddle::runtime
