#include "bench/load/histogram.h"

#include <catch2/catch.hpp>

using heddle::load::Histogram;
using std::chrono::nanoseconds;

TEST_CASE("A histogram without values has nothing to tell") {
  const Histogram histogram;
  CHECK(histogram.count() == 0);
  CHECK(histogram.quantile(0.5) == nanoseconds(0));
  CHECK(histogram.max() == nanoseconds(0));
}

TEST_CASE("Quantiles of small values are exact") {
  Histogram histogram;
  for (int value = 100; value >= 1; --value) histogram.add(nanoseconds(value));
  CHECK(histogram.count() == 100);
  CHECK(histogram.quantile(0) == nanoseconds(1));
  CHECK(histogram.quantile(0.5) == nanoseconds(50));
  CHECK(histogram.quantile(0.99) == nanoseconds(99));
  CHECK(histogram.quantile(1) == nanoseconds(100));
}

TEST_CASE("Quantiles of any value are known to a 64th of it") {
  for (std::int64_t value = 1; value < std::int64_t{1} << 60; value = value * 3 + 1) {
    Histogram histogram;
    histogram.add(nanoseconds(value));
    histogram.add(nanoseconds(std::int64_t{1} << 61));
    const std::int64_t told = histogram.quantile(0.5).count();
    CHECK(told >= value);
    CHECK(told - value <= value / 64);
  }
}

TEST_CASE("The greatest value is exact, and no quantile is beyond it") {
  Histogram histogram;
  histogram.add(nanoseconds(1'000'000'001));
  CHECK(histogram.max() == nanoseconds(1'000'000'001));
  CHECK(histogram.quantile(0.999) == nanoseconds(1'000'000'001));
}

TEST_CASE("A clock that went back counts as no time") {
  Histogram histogram;
  histogram.add(nanoseconds(-5));
  CHECK(histogram.count() == 1);
  CHECK(histogram.max() == nanoseconds(0));
}
