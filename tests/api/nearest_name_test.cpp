#include "api/nearest_name.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace heddle::api {
namespace {

const std::vector<std::string> known = {"graphs", "env", "http", "heddle", "log-level"};

TEST_CASE("A slip of the finger is recognised") {
  for (const char* wrong : {"graph", "grahps", "graps", "Graphs", "gaphs"}) {
    INFO(wrong);
    CHECK(nearest_name(wrong, known) == "graphs");
  }
  CHECK(nearest_name("log_level", known) == "log-level");
  CHECK(nearest_name("loglevel", known) == "log-level");
}

TEST_CASE("What resembles nothing gets no guess") {
  CHECK_FALSE(nearest_name("database", known).has_value());
  CHECK_FALSE(nearest_name("", known).has_value());
  CHECK_FALSE(nearest_name("graphs", {}).has_value());
  CHECK_FALSE(nearest_name(std::string(10'000, 'g'), known).has_value());
}

TEST_CASE("The hint is the end of a sentence or nothing") {
  CHECK(nearest_name_hint("htpp", known) == "; did you mean `http`?");
  CHECK(nearest_name_hint("database", known).empty());
}

}  // namespace
}  // namespace heddle::api
