#include "api/idle_memory.h"

#include <catch2/catch.hpp>

using heddle::api::Lull;

TEST_CASE("A lull is told of once, when nothing has happened for a turn") {
  Lull lull;
  CHECK_FALSE(lull.has_come(7));
  CHECK(lull.has_come(7));
  CHECK_FALSE(lull.has_come(7));
}

TEST_CASE("No lull comes while something happens between all turns") {
  Lull lull;
  for (std::uint64_t activity = 0; activity < 5; ++activity) CHECK_FALSE(lull.has_come(activity));
}

TEST_CASE("The next lull comes behind the next burst") {
  Lull lull;
  lull.has_come(1);
  REQUIRE(lull.has_come(1));
  CHECK_FALSE(lull.has_come(2));
  CHECK(lull.has_come(2));
}
