// What every CheckpointSaver promises, tried on each of them.
#include "runtime/checkpoint_saver.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/runtime/saver_fixture.h"

namespace heddle::runtime {
namespace {

using test::CheckpointMaker;
using test::dump;
using test::id;
using test::MemorySaverFixture;
using test::StoredSaverFixture;

std::uint64_t seed() {
  const char* const given = std::getenv("HEDDLE_TEST_SEED");
  return given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

TaskWrites task(std::uint8_t number, std::string path, std::vector<ChannelWrite> writes) {
  return {id<TaskId>(number), std::move(path), std::move(writes)};
}

std::vector<std::string> ids_of(const std::vector<LoadedCheckpoint>& loaded) {
  std::vector<std::string> ids;
  for (const LoadedCheckpoint& one : loaded) ids.push_back(one.checkpoint.id.text());
  return ids;
}

// Values as runs leave them: lists that grow, are cut, edited and replaced; texts of any length; keys that come and go.
class RandomValues {
 public:
  explicit RandomValues(std::uint64_t used_seed) : random_(used_seed) {}

  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_); }

  void change(std::map<std::string, Value>& values) {
    Value& log = values.try_emplace("log", Value(json::array())).first->second;
    switch (below(12)) {
      case 0:
        log = edited(log);
        break;
      case 1:
        log = cut(log);
        break;
      case 2:
        log = Value(json::array{text(), text()});
        break;
      case 3:
        log = append_items(log, items(40));
        break;
      case 4:
        values["note"] = json::value(text());
        break;
      case 5:
        values["note"] = json::value{{"text", text()}, {"more", {1, 2.5, nullptr}}};
        break;
      case 6:
        values.erase("note");
        break;
      default:
        log = append_items(log, items(3));
    }
  }

 private:
  std::string text() { return std::string(below(200), static_cast<char>('a' + below(26))); }

  ItemList items(std::size_t most) {
    ItemList made;
    const std::size_t count = 1 + below(most);
    while (made.size() < count) made.push_back(std::make_shared<const json::value>(text()));
    return made;
  }

  Value edited(const Value& list) {
    if (list.size() == 0) return list;
    ItemList kept = list.items();
    kept.set(below(kept.size()), std::make_shared<const json::value>(text()));
    return Value::list(std::move(kept));
  }

  Value cut(const Value& list) {
    ItemList kept = list.items();
    kept.shorten(below(kept.size() + 1));
    return Value::list(std::move(kept));
  }

  std::mt19937_64 random_;
};

}  // namespace

TEMPLATE_TEST_CASE("What was put is found again, with everything in it", "", MemorySaverFixture, StoredSaverFixture) {
  TestType fixture;
  CheckpointMaker maker;
  const Checkpoint parent = maker.make();
  Checkpoint checkpoint = maker.make({{"text", json::value(std::string(500, 'x'))},
                                      {"list", Value(json::array{1, "two", nullptr})},
                                      {"branch:to:a", Value()},
                                      {"quote\"d", json::value(-0.5)}},
                                     parent.id);
  checkpoint.checkpoint_ns = "child:1|leaf:2";
  checkpoint.run_id = id<RunId>(9);
  checkpoint.metadata.source = CheckpointSource::update;
  checkpoint.metadata.parents = {{"", parent.id}, {"child:1", parent.id}};
  checkpoint.metadata.shared = std::make_shared<const json::object>(json::object{{"graph_id", "g"}, {"own", 1}});
  checkpoint.metadata.own = {{"own", 2}};
  checkpoint.versions = {{"text", 3}, {"branch:to:a", 4}};
  checkpoint.seen = {{"a", {{"branch:to:a", 3}}}, {"__input__", {}}};
  const std::string expected = dump(checkpoint);

  fixture.saver().put(checkpoint);
  fixture.reopen();
  const auto found = fixture.run(fixture.saver().find("child:1|leaf:2", checkpoint.id));
  REQUIRE(found);
  CHECK(dump(found->checkpoint) == expected);
  CHECK(found->checkpoint.seen.contains("__input__"));
  CHECK(found->pending.empty());
  CHECK(found->checkpoint.metadata.own == json::object{{"own", 2}});
}

TEMPLATE_TEST_CASE("The newest checkpoint is found per namespace and before a bound", "", MemorySaverFixture,
                   StoredSaverFixture) {
  TestType fixture;
  CheckpointSaver& saver = fixture.saver();
  CheckpointMaker maker;
  CHECK_FALSE(fixture.run(saver.newest("")));
  const Checkpoint first = maker.make();
  Checkpoint inner = maker.make();
  inner.checkpoint_ns = "child:1";
  const Checkpoint last = maker.make();
  for (const Checkpoint& checkpoint : {first, inner, last}) saver.put(checkpoint);

  const auto newest = fixture.run(saver.newest(""));
  REQUIRE(newest);
  CHECK(newest->checkpoint.id == last.id);
  const auto before = fixture.run(saver.newest_before("", last.id));
  REQUIRE(before);
  CHECK(before->checkpoint.id == first.id);
  CHECK_FALSE(fixture.run(saver.newest_before("", first.id)));
  const auto newest_inner = fixture.run(saver.newest("child:1"));
  REQUIRE(newest_inner);
  CHECK(newest_inner->checkpoint.id == inner.id);
  CHECK_FALSE(fixture.run(saver.find("", inner.id)));
  CHECK_FALSE(fixture.run(saver.newest("other")));
}

TEMPLATE_TEST_CASE("Pending writes are one set per task, by path and then by id", "", MemorySaverFixture,
                   StoredSaverFixture) {
  TestType fixture;
  CheckpointSaver& saver = fixture.saver();
  CheckpointMaker maker;
  const Checkpoint checkpoint = maker.make();
  saver.put(checkpoint);
  saver.put_writes("", checkpoint.id, task(3, "~b", {{"log", Value(json::array{1})}}));
  saver.put_writes("", checkpoint.id, task(2, "~a", {{"old", json::value(1)}}));
  saver.put_writes("", checkpoint.id, task(1, "~b", {}));
  saver.put_writes("", checkpoint.id, task(2, "~a", {{"log", Value()}, {"log", json::value("x")}}));
  fixture.reopen();

  const auto found = fixture.run(fixture.saver().newest(""));
  REQUIRE(found);
  LoadedCheckpoint expected{checkpoint,
                            {task(2, "~a", {{"log", Value()}, {"log", json::value("x")}}), task(1, "~b", {}),
                             task(3, "~b", {{"log", Value(json::array{1})}})}};
  CHECK(dump(*found) == dump(expected));
}

TEMPLATE_TEST_CASE("History is newest first, before a bound, by metadata and up to a limit", "", MemorySaverFixture,
                   StoredSaverFixture) {
  TestType fixture;
  CheckpointSaver& saver = fixture.saver();
  CheckpointMaker maker;
  std::vector<std::string> ids;
  std::vector<Checkpoint> all;
  for (int i = 0; i < 4; ++i) {
    Checkpoint checkpoint = maker.make();
    checkpoint.metadata.source = i == 0 ? CheckpointSource::input : CheckpointSource::loop;
    checkpoint.metadata.shared = std::make_shared<const json::object>(json::object{{"odd", i % 2 == 1}, {"n", {i}}});
    all.push_back(checkpoint);
    saver.put(std::move(checkpoint));
    ids.insert(ids.begin(), all.back().id.text());
  }
  const auto history = [&](HistoryQuery query) { return ids_of(fixture.run(saver.history(std::move(query)))); };
  using Ids = std::vector<std::string>;
  CHECK(history({}) == ids);
  CHECK(history({.limit = 2}) == Ids{ids[0], ids[1]});
  CHECK(history({.before = all[2].id}) == Ids{ids[2], ids[3]});
  CHECK(history({.only = all[2].id}) == Ids{ids[1]});
  CHECK(history({.metadata = {{"odd", true}}}) == Ids{ids[0], ids[2]});
  CHECK(history({.metadata = {{"n", {1}}}}) == Ids{ids[2]});
  CHECK(history({.metadata = {{"source", "input"}}}) == Ids{ids[3]});
  CHECK(history({.metadata = {{"step", 1}}}) == Ids{ids[1]});
  CHECK(history({.metadata = {{"odd", 1}}}).empty());
  CHECK(history({.checkpoint_ns = "other"}).empty());
}

TEMPLATE_TEST_CASE("Every checkpoint of a long life with forks and restarts reads as it was put", "",
                   MemorySaverFixture, StoredSaverFixture) {
  const std::uint64_t used = seed();
  INFO("HEDDLE_TEST_SEED=" << used);
  RandomValues random(used);
  TestType fixture;
  CheckpointMaker maker;
  std::vector<CheckpointId> ids;
  std::vector<std::string> expected;
  std::map<std::string, Value> values;
  for (int i = 0; i < 300; ++i) {
    if (!ids.empty() && random.below(10) == 0) {
      const std::size_t at = random.below(ids.size());
      const auto found = fixture.run(fixture.saver().find("", ids[at]));
      REQUIRE(found);
      REQUIRE(dump(found->checkpoint) == expected[at]);
      values = found->checkpoint.values;
    }
    if (random.below(25) == 0) fixture.reopen();
    random.change(values);
    Checkpoint checkpoint = maker.make(values);
    ids.push_back(checkpoint.id);
    expected.push_back(dump(checkpoint));
    fixture.saver().put(std::move(checkpoint));
  }
  fixture.reopen();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto found = fixture.run(fixture.saver().find("", ids[i]));
    REQUIRE(found);
    REQUIRE(dump(found->checkpoint) == expected[i]);
  }
  HistoryQuery all;
  all.limit = 1000;
  const auto history = fixture.run(fixture.saver().history(all));
  REQUIRE(history.size() == ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    REQUIRE(dump(history[i].checkpoint) == expected[ids.size() - 1 - i]);
  }
}

namespace {

// A thread's checkpoints as they should be: with what was put, and parents that remain.
struct Life : StoredSaverFixture {
  std::map<CheckpointId, Checkpoint> remaining;
  std::map<CheckpointId, std::optional<CheckpointId>> parents;  // of all that ever were

  void put(Checkpoint checkpoint) {
    parents[checkpoint.id] = checkpoint.parent;
    remaining.emplace(checkpoint.id, checkpoint);
    saver().put(std::move(checkpoint));
  }
  // Erases as the server does: between two runs.
  template <class Erase>
  void erase(Erase erase_in, std::function<bool(const Checkpoint&)> gone) {
    run(saver().flush());
    commit([&](storage::Transaction& transaction) { erase_in(transaction.checkpoints()); });
    renew();
    std::erase_if(remaining, [&](const auto& one) { return gone(one.second); });
    for (auto& [one, checkpoint] : remaining) {
      while (checkpoint.parent && !remaining.contains(*checkpoint.parent)) {
        checkpoint.parent = parents.at(*checkpoint.parent);
      }
    }
  }
  void check() {
    for (const auto& [one, checkpoint] : remaining) {
      const auto found = run(saver().find("", one));
      REQUIRE(found);
      REQUIRE(dump(found->checkpoint) == dump(checkpoint));
    }
    HistoryQuery all;
    all.limit = 1000;
    REQUIRE(run(saver().history(all)).size() == remaining.size());
  }
};

}  // namespace

TEST_CASE("Erasing runs anywhere in a long life leaves all others as they were, below the nearest that remains") {
  const std::uint64_t used = seed();
  INFO("HEDDLE_TEST_SEED=" << used);
  RandomValues random(used);
  Life life;
  CheckpointMaker maker;
  std::uint8_t current = 1;
  std::map<std::string, Value> values;
  std::optional<CheckpointId> parent;
  for (int i = 0; i < 400; ++i) {
    if (random.below(8) == 0) ++current;
    if (!life.remaining.empty() && random.below(8) == 0) {
      // A fork.
      const auto place =
          std::next(life.remaining.begin(), static_cast<std::ptrdiff_t>(random.below(life.remaining.size())));
      const auto found = life.run(life.saver().find("", place->first));
      REQUIRE(found);
      values = found->checkpoint.values;
      parent = place->first;
    }
    random.change(values);
    Checkpoint checkpoint = maker.make(values, parent);
    checkpoint.run_id = id<RunId>(current);
    parent = checkpoint.id;
    life.put(std::move(checkpoint));
    if (random.below(12) != 0) continue;

    const RunId erased = id<RunId>(static_cast<std::uint8_t>(1 + random.below(current)));
    life.erase([&](storage::Checkpoints& checkpoints) { checkpoints.erase_run(test::kThread, erased); },
               [&](const Checkpoint& one) { return one.run_id == erased; });
    life.check();
    // Runs go on from the newest that remains.
    values.clear();
    parent.reset();
    if (const auto newest = life.run(life.saver().newest(""))) {
      values = newest->checkpoint.values;
      parent = newest->checkpoint.id;
    }
    ++current;
  }
  if (life.remaining.empty()) return;
  const CheckpointId newest = life.remaining.rbegin()->first;
  life.erase([](storage::Checkpoints& checkpoints) { checkpoints.keep_newest(test::kThread); },
             [&](const Checkpoint& one) { return one.id != newest; });
  for (auto& [one, checkpoint] : life.remaining) checkpoint.parent.reset();
  life.check();
}

}  // namespace heddle::runtime
