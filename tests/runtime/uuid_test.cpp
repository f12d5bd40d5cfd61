#include "runtime/uuid.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace heddle::runtime {
namespace {

using std::chrono::microseconds;

storage::Timestamp noon() {
  using namespace std::chrono_literals;
  return std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + 12h;
}

unsigned version_of(const storage::Uuid& id) {
  return id.bytes[6] >> 4;
}
unsigned variant_of(const storage::Uuid& id) {
  return id.bytes[8] >> 6;
}

storage::CheckpointId checkpoint(std::string_view text) {
  return storage::CheckpointId::parse(text).value();
}

}  // namespace

TEST_CASE("Random ids are of version 4 and do not repeat") {
  std::set<storage::Uuid> seen;
  for (int i = 0; i < 1000; ++i) {
    const storage::Uuid id = uuid4();
    REQUIRE(version_of(id) == 4);
    REQUIRE(variant_of(id) == 2);
    REQUIRE(seen.insert(id).second);
  }
}

TEST_CASE("Ids of version 7 begin with the milliseconds") {
  const storage::Timestamp far{std::chrono::sys_days{std::chrono::year{2080} / 1 / 1}};
  const storage::Uuid id = uuid7(far);
  CHECK(version_of(id) == 7);
  CHECK(variant_of(id) == 2);
  CHECK(id.text().starts_with("0328392c-9c00-7"));
}

TEST_CASE("Ids of version 7 increase whatever the clock does") {
  storage::Uuid last = uuid7(noon());
  for (const auto by : {microseconds{0}, microseconds{0}, microseconds{-5'000'000}, microseconds{1}}) {
    const storage::Uuid next = uuid7(noon() + by);
    CHECK(next > last);
    last = next;
  }
}

TEST_CASE("Ids of version 5 are those of other implementations") {
  CHECK(uuid5(kAssistantNamespace, "agent").text() == "fe096781-5601-53d2-b2f6-0d3403f7e9ca");
  // The example of RFC 9562.
  const storage::Uuid dns = storage::Uuid::parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8").value();
  CHECK(uuid5(dns, "www.example.com").text() == "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST_CASE("The name space of assistants is the known one") {
  CHECK(kAssistantNamespace.text() == "6ba7b821-9dad-11d1-80b4-00c04fd430c8");
}

TEST_CASE("Checkpoint ids show time and step") {
  CheckpointIds ids;
  const storage::Uuid id = ids.next(noon(), 2).uuid;
  CHECK(version_of(id) == 6);
  CHECK(id.text().substr(19, 4) == "8002");
  CHECK(ids.next(noon(), -1).text().substr(19, 4) == "bfff");
  CHECK(ids.next(noon(), -2).text().substr(19, 4) == "bffe");
  CHECK(ids.next(noon(), 0x4001).text().substr(19, 4) == "8001");
  // 141,427 days from 1582-10-15 to 1970, in units of 100 ns.
  const std::int64_t since_1970 = noon().time_since_epoch().count() * 10;
  CHECK(ticks_of(id) == since_1970 + 141'427LL * 86'400 * 10'000'000);
}

TEST_CASE("The time in a checkpoint id is read from where it stands") {
  // RFC 9562, appendix A.5: 2022-02-22 19:22:22 UTC.
  CHECK(ticks_of(storage::Uuid::parse("1ec9414c-232a-6b00-b3c8-9f6bdeced846").value()) == 0x1EC9414C232AB00);
}

TEST_CASE("Checkpoint ids increase when the clock stands or goes back") {
  CheckpointIds ids;
  storage::CheckpointId last = ids.next(noon(), 5);
  for (const auto by : {microseconds{0}, microseconds{0}, microseconds{-1}, microseconds{-3'600'000'000}}) {
    const storage::CheckpointId next = ids.next(noon() + by, -1);
    CHECK(next > last);
    CHECK(ticks_of(next.uuid) == ticks_of(last.uuid) + 1);
    last = next;
  }
  CHECK(ticks_of(ids.next(noon() + microseconds{1}, 0).uuid) > ticks_of(last.uuid));
}

TEST_CASE("Checkpoint ids are greater than those that were there before") {
  CheckpointIds earlier;
  const storage::CheckpointId newest = earlier.next(noon(), 9);
  CheckpointIds ids(newest);
  const storage::CheckpointId first = ids.next(noon() - std::chrono::hours{1}, 0);
  CHECK(first > newest);
  const storage::CheckpointId later = earlier.next(noon() + std::chrono::hours{1}, 0);
  ids.seed(later);
  ids.seed(newest);
  CHECK(ids.next(noon(), 0) > later);
}

TEST_CASE("Threads that ask at once get different checkpoint ids") {
  CheckpointIds ids;
  std::vector<std::vector<storage::CheckpointId>> given(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : given) {
      threads.emplace_back([&ids, &mine] {
        for (int i = 0; i < 1000; ++i) mine.push_back(ids.next(noon(), i));
      });
    }
  }
  std::set<std::int64_t> ticks;
  for (const auto& mine : given) {
    CHECK(std::is_sorted(mine.begin(), mine.end()));
    for (const storage::CheckpointId& id : mine) ticks.insert(ticks_of(id.uuid));
  }
  CHECK(ticks.size() == 4000);
}

TEST_CASE("Interrupt ids are those of the reference") {
  CHECK(interrupt_id("ask:cd2ac8a9-f433-59ea-b2e4-698ada65226d") == "bc3065b75a86ad703c449800456b0ac4");
  CHECK(interrupt_id("ask:cd2ac8a9-f433-59ea-b2e4-698ada65226d|1") == "6d7c0e17c798ad36adb167fe06306f46");
}

TEST_CASE("Task ids are those of the reference") {
  CHECK(task_id(checkpoint("1f1e67b9-b7f1-6980-8000-2fe8f091edb2"),
                R"(["ask","1","ask","__pregel_pull",["branch:to:ask"]])")
            .text() == "cd2ac8a9-f433-59ea-b2e4-698ada65226d");
  CHECK(task_id(checkpoint("1f1e67b9-b975-6c70-8000-d3e7188dddb2"), R"(["w","1","w","__pregel_push","0"])").text() ==
        "092efbef-ba57-5d66-a908-904b0b876ea0");
}

}  // namespace heddle::runtime
