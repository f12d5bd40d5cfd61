#include "graphs/piece_memory.h"

#include <boost/json/object.hpp>
#include <catch2/catch.hpp>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "graphs/model_stream.h"
#include "runtime/json.h"

using namespace heddle;
namespace json = boost::json;

namespace {

json::storage_ptr piece_memory() {
  return json::make_shared_resource<graphs::PieceMemory>();
}

}  // namespace

TEST_CASE("A piece takes as much as it needs, also more than its block") {
  json::object piece(piece_memory());
  json::object expected;
  for (int number = 0; number < 200; ++number) {
    const std::string key = "key " + std::to_string(number);
    const std::string text(static_cast<std::size_t>(number), 'x');
    piece[key] = text;
    expected[key] = text;
  }
  CHECK(piece == expected);
  for (int number = 0; number < 200; number += 2) {
    piece.erase("key " + std::to_string(number));
    expected.erase("key " + std::to_string(number));
  }
  CHECK(piece == expected);
}

TEST_CASE("Names and short texts of a piece stand in its block") {
  runtime::Message piece = graphs::empty_piece();
  const json::storage_ptr memory = piece.storage();
  REQUIRE(memory.is_shared());
  // Boost puts its count in front.
  constexpr std::size_t kWithCount = 640;
  const auto* const begin = reinterpret_cast<const std::byte*>(memory.get());
  const auto in_block = [&](const void* place) {
    const auto* const at = static_cast<const std::byte*>(place);
    return at >= begin && at < begin + kWithCount;
  };
  piece["id"] = "run-0197a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
  piece["content"] = "a word or two";
  for (const json::key_value_pair& member : piece) CHECK(in_block(member.key_c_str()));
  CHECK(in_block(piece.at("id").get_string().data()));
  const std::string large(graphs::PieceMemory::kBytes, 'x');
  piece["content"] = large;
  CHECK_FALSE(in_block(piece.at("content").get_string().data()));
}

TEST_CASE("Copies of a piece are used by several threads at a time") {
  constexpr int kThreads = 4;
  const runtime::Message piece = graphs::empty_piece();
  std::vector<std::string> texts(kThreads);
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&, number] {
      runtime::Message copy = piece;
      for (int i = 0; i < 100; ++i) copy["field " + std::to_string(i)] = std::to_string(number);
      texts[static_cast<std::size_t>(number)] = runtime::to_text(copy);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int number = 0; number < kThreads; ++number) {
    runtime::Message expected;
    for (const json::key_value_pair& member : graphs::empty_piece()) expected[member.key()] = member.value();
    for (int i = 0; i < 100; ++i) expected["field " + std::to_string(i)] = std::to_string(number);
    CHECK(texts[static_cast<std::size_t>(number)] == runtime::to_text(expected));
  }
}
