#include "graphs/retry_after.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace heddle::graphs {
namespace {

using std::chrono::milliseconds;

std::optional<milliseconds> pause_of(std::vector<HttpHeader> headers) {
  return retry_after_of(HttpHead{429, std::move(headers)});
}

TEST_CASE("A pause is read in seconds, or in milliseconds where that is said", "[retry_after]") {
  CHECK(pause_of({{"Retry-After", "7"}}) == milliseconds(7'000));
  CHECK(pause_of({{"retry-after", "0"}}) == milliseconds(0));
  CHECK(pause_of({{"retry-after", "1.5"}}) == milliseconds(1'500));
  CHECK(pause_of({{"retry-after", "7"}, {"Retry-After-Ms", "250"}}) == milliseconds(250));
}

TEST_CASE("A pause that is no number is none, and the longest is a day", "[retry_after]") {
  CHECK_FALSE(pause_of({}));
  for (const char* text : {"", "-1", "soon", "7 seconds", "nan", "Wed, 21 Oct 2026 07:28:00 GMT"}) {
    INFO(text);
    CHECK_FALSE(pause_of({{"retry-after", text}}));
  }
  CHECK(pause_of({{"retry-after", "1e300"}}) == milliseconds(86'400'000));
}

}  // namespace
}  // namespace heddle::graphs
