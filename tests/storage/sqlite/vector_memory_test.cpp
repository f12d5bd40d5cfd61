#include "storage/sqlite/vector_memory.h"

#include <catch2/catch.hpp>

namespace heddle::storage::sqlite {
namespace {

// 256 vectors of 4 numbers are one block.
constexpr std::size_t kBlockBytes = 256 * 4 * sizeof(float);

std::vector<VectorMemory::Kept> vectors(std::int64_t from, std::int64_t count) {
  std::vector<VectorMemory::Kept> made;
  for (std::int64_t id = from; id < from + count; ++id)
    made.emplace_back(id, std::vector<float>{1, 0, 0, static_cast<float>(id)});
  return made;
}

// As a search does that has found `used` of its vectors.
void keep(VectorMemory& memory, std::int64_t from, std::int64_t count, std::size_t used) {
  memory.make_room(static_cast<std::size_t>(count), used, 4);
  memory.keep(vectors(from, count));
}

std::optional<float> compared(VectorMemory& memory, std::int64_t id) {
  const std::vector<float> last{0, 0, 0, 1};
  return memory.compare({id}, last).front();
}

}  // namespace

TEST_CASE("A dot product counts every number once, whatever their count") {
  for (const std::size_t count : {0U, 1U, 15U, 16U, 17U, 40U, 384U}) {
    std::vector<float> one(count);
    std::vector<float> ones(count, 1);
    for (std::size_t i = 0; i < count; ++i) one[i] = static_cast<float>(i + 1);
    INFO(count);
    CHECK(dot_product(one, ones) == static_cast<float>(count * (count + 1) / 2));
  }
}

TEST_CASE("Vectors that were kept are compared, others are not there") {
  VectorMemory memory(2 * kBlockBytes);
  keep(memory, 1, 300, 0);
  CHECK(compared(memory, 300) == 300.0F);
  CHECK(compared(memory, 1) == 1.0F);
  CHECK_FALSE(compared(memory, 301));
  CHECK(memory.bytes() == 2 * kBlockBytes);
}

TEST_CASE("Memory for vectors does not grow beyond its limit") {
  VectorMemory memory(2 * kBlockBytes);
  keep(memory, 1, 1'000, 0);
  CHECK(memory.bytes() == 2 * kBlockBytes);
  CHECK(compared(memory, 512));
  CHECK_FALSE(compared(memory, 513));
  VectorMemory none(0);
  keep(none, 1, 1, 0);
  CHECK_FALSE(compared(none, 1));
}

TEST_CASE("Vectors that nobody asks for any more make room") {
  VectorMemory memory(2 * kBlockBytes);
  keep(memory, 1, 500, 0);
  // A search that used most of what is kept leaves it.
  keep(memory, 1'001, 100, 300);
  CHECK(compared(memory, 1));
  CHECK(compared(memory, 1'012));
  CHECK_FALSE(compared(memory, 1'013));
  // One that used little does not.
  keep(memory, 2'001, 300, 200);
  CHECK_FALSE(compared(memory, 1));
  CHECK(compared(memory, 2'300));
}

TEST_CASE("Vectors of another size take the place of all") {
  VectorMemory memory(2 * kBlockBytes);
  keep(memory, 1, 2, 0);
  memory.make_room(1, 0, 2);
  memory.keep({{3, {1, 2}}, {4, {1, 2, 3}}});
  CHECK_FALSE(compared(memory, 1));
  const std::vector<float> second{0, 1};
  CHECK(memory.compare({3}, second).front() == 2.0F);
  CHECK_FALSE(memory.compare({4}, second).front());
}

}  // namespace heddle::storage::sqlite
