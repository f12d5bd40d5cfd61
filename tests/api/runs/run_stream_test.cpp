#include "api/runs/run_stream.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <optional>

#include "storage/storage.h"
#include "tests/api/runs/facts.h"
#include "tests/support/run.h"

using namespace heddle;
using api::RunStream;

namespace {

std::vector<api::Fact> customs(std::initializer_list<const char*> texts) {
  std::vector<api::Fact> facts;
  for (const char* text : texts) facts.push_back(test::custom_fact(text));
  return facts;
}

struct StreamFixture {
  RunStream stream{test::shape_with({api::StreamMode::custom}), 200, nullptr};

  std::string bytes(std::uint64_t id) {
    const RunStream::Reading reading = stream.read(id);
    const auto* frame = std::get_if<api::FramePointer>(&reading);
    return frame == nullptr ? "none" : (*frame)->bytes;
  }
};

}  // namespace

TEST_CASE_METHOD(StreamFixture, "A reader gets each event once, live and again", "[stream]") {
  stream.publish(customs({"a"}));
  CHECK(bytes(0) == "event: custom\ndata: \"a\"\nid: 0\n\n");
  CHECK(std::holds_alternative<RunStream::Waiting>(stream.read(1)));
  stream.publish(customs({"b"}));
  CHECK(bytes(1) == "event: custom\ndata: \"b\"\nid: 1\n\n");
  CHECK(bytes(0) == "event: custom\ndata: \"a\"\nid: 0\n\n");
}

TEST_CASE("A reader that is always some events behind gets all of them in their order", "[stream]") {
  RunStream stream(test::shape_with({api::StreamMode::custom}), 1024UL * 1024, nullptr);
  std::uint64_t published = 0;
  std::uint64_t wanted = 0;
  // Five come and three are read, then three come and five are read, until all have been.
  for (int round = 0; round < 40; ++round) {
    const std::uint64_t come = round < 20 ? 5 : 3;
    std::vector<api::Fact> facts;
    for (std::uint64_t i = 0; i < come; ++i) facts.push_back(test::custom_fact(std::to_string(published + i)));
    published += come;
    stream.publish(std::move(facts));
    for (std::uint64_t i = 0; i < 8 - come; ++i, ++wanted) {
      const std::string number = std::to_string(wanted);
      const RunStream::Reading reading = stream.read(wanted);
      REQUIRE(std::holds_alternative<api::FramePointer>(reading));
      CHECK(std::get<api::FramePointer>(reading)->bytes ==
            "event: custom\ndata: \"" + number + "\"\nid: " + number + "\n\n");
    }
  }
  CHECK(wanted == published);
  CHECK(std::holds_alternative<RunStream::Waiting>(stream.read(wanted)));
}

TEST_CASE_METHOD(StreamFixture, "A reader that waits is woken by the next event, and by the end", "[stream]") {
  boost::asio::io_context io;
  boost::asio::steady_timer timer(io, std::chrono::hours{1});
  int woken = 0;
  std::optional<RunStream::Waiter> waiter;
  const auto wait = [&] {
    timer.expires_after(std::chrono::hours{1});
    waiter.emplace(stream, timer);
    timer.async_wait([&](boost::system::error_code error) { woken += error ? 1 : 0; });
  };
  wait();
  stream.publish(customs({"a"}));
  io.run();
  CHECK(woken == 1);
  wait();
  stream.end();
  io.restart();
  io.run();
  CHECK(woken == 2);
}

TEST_CASE_METHOD(StreamFixture, "Those who have left are not woken, those who stay are, each once", "[stream]") {
  boost::asio::io_context io;
  boost::asio::steady_timer stays(io, std::chrono::hours{1});
  boost::asio::steady_timer leaves(io, std::chrono::hours{1});
  int woken = 0;
  int left = 0;
  stays.async_wait([&](boost::system::error_code error) { woken += error ? 1 : 0; });
  leaves.async_wait([&](boost::system::error_code error) { left += error ? 1 : 0; });
  const RunStream::Waiter waiter(stream, stays);
  {
    const RunStream::Waiter other(stream, leaves);
  }
  stream.publish(customs({"a"}));
  io.poll();
  CHECK(woken == 1);
  CHECK(left == 0);

  // Whoever was woken has to ask again.
  stays.async_wait([&](boost::system::error_code error) { woken += error ? 1 : 0; });
  stream.publish(customs({"b"}));
  io.poll();
  CHECK(woken == 1);
}

TEST_CASE_METHOD(StreamFixture, "The run is over only behind its last event", "[stream]") {
  stream.publish(customs({"a"}));
  stream.end();
  CHECK(bytes(0) != "none");
  CHECK(std::holds_alternative<RunStream::Ended>(stream.read(1)));
}

TEST_CASE_METHOD(StreamFixture, "A reader that fell behind is told the oldest event in memory", "[stream]") {
  for (int i = 0; i < 20; ++i) stream.publish(customs({"ten bytes!"}));
  CHECK(bytes(19) != "none");  // all are rendered; 200 bytes keep the last few
  const RunStream::Reading reading = stream.read(0);
  REQUIRE(std::holds_alternative<RunStream::Dropped>(reading));
  const std::uint64_t oldest = std::get<RunStream::Dropped>(reading).oldest;
  CHECK(oldest > 0);
  CHECK(bytes(oldest) != "none");
}

TEST_CASE_METHOD(StreamFixture, "A run without readers keeps a bounded number of facts", "[stream]") {
  std::vector<api::Fact> many;
  for (int i = 0; i < 10'000; ++i) many.push_back(test::custom_fact("x"));
  stream.publish(std::move(many));
  CHECK(std::holds_alternative<RunStream::Dropped>(stream.read(0)));
  CHECK(bytes(9'999) != "none");
}

TEST_CASE("A reader is held back when the stored log is too far behind", "[stream]") {
  boost::asio::io_context io;
  const std::unique_ptr<storage::Storage> storage = storage::open({.path = ":memory:"});
  const auto log =
      std::make_shared<api::RunLog>(io.get_executor(), *storage, storage::ThreadId{}, storage::RunId{}, true);
  RunStream stream(test::shape_with({api::StreamMode::custom}), 1 << 20, log);
  std::vector<api::Fact> facts;
  for (std::uint64_t i = 0; i <= api::kUnstoredFramesMax; ++i) facts.push_back(test::custom_fact("x"));
  stream.publish(std::move(facts));

  // The storage may have written them all; the stream learns of it only when the executor runs.
  CHECK(std::holds_alternative<api::FramePointer>(stream.read(api::kUnstoredFramesMax - 1)));
  CHECK(std::holds_alternative<RunStream::Waiting>(stream.read(api::kUnstoredFramesMax)));
  test::run(io, log->flush());
  CHECK(std::holds_alternative<api::FramePointer>(stream.read(api::kUnstoredFramesMax)));
}

TEST_CASE_METHOD(StreamFixture, "After a restart earlier events are looked for in the log", "[stream]") {
  stream.continue_after(7, 4'100);
  CHECK(std::holds_alternative<RunStream::Dropped>(stream.read(3)));
}
