#include "runtime/store_path.h"

#include <catch2/catch.hpp>

#include "runtime/json.h"

namespace heddle::runtime {
namespace {

using Texts = std::vector<std::string>;

Texts found(std::string_view path, std::string_view value, std::size_t most = 100) {
  const std::optional<StorePath> parsed = StorePath::parse(path);
  REQUIRE(parsed);
  return parsed->texts_in(parse_json(value), most);
}

}  // namespace

TEST_CASE("A path leads to a member, a member of a member, or the whole value") {
  const std::string_view value = R"({"text":"hi","a":{"b":"deep","n":1.5}})";
  CHECK(found("text", value) == Texts{"hi"});
  CHECK(found("a.b", value) == Texts{"deep"});
  CHECK(found("$.a.b", value) == Texts{"deep"});
  CHECK(found("$", value) == Texts{std::string(value)});
  CHECK(found("a", value) == Texts{R"({"b":"deep","n":1.5})"});
  CHECK(found("a.n", value) == Texts{"1.5"});
}

TEST_CASE("A path leads to every element of a list, or to one from either end") {
  const std::string_view value = R"({"list":[{"x":"one"},{"y":"no"},{"x":"three"}],"rows":[["a","b"],["c"]]})";
  CHECK(found("list[*].x", value) == Texts{"one", "three"});
  CHECK(found("list[0].x", value) == Texts{"one"});
  CHECK(found("list[-1].x", value) == Texts{"three"});
  CHECK(found("rows[*][*]", value) == Texts{"a", "b", "c"});
  CHECK(found("rows[0]", value) == Texts{R"(["a","b"])"});
  CHECK(found("rows[*][*]", value, 2) == Texts{"a", "b"});
}

TEST_CASE("A path that leads nowhere finds nothing") {
  const std::string_view value = R"({"text":"hi","none":null,"list":[1]})";
  for (const char* const path : {"other", "text.x", "text[0]", "text[*]", "none", "list[1]", "list[-2]", "list.x"}) {
    INFO(path);
    CHECK(found(path, value).empty());
  }
}

TEST_CASE("What is no path is refused") {
  for (const std::string path : {"", ".", "a.", ".a", "a..b", "a[", "a[]", "a[x]", "a[1", "a]", "[0]", "a[0]b", "$.",
                                 "a[1.5]", "a[99999999999999999999]"}) {
    INFO(path);
    CHECK_FALSE(StorePath::parse(path));
  }
  std::string deep = "a";
  for (int i = 0; i < 31; ++i) deep += ".a";
  CHECK(StorePath::parse(deep));
  std::string long_one;
  for (int i = 0; i < 1'000; ++i) long_one += "\xc3\xa4";
  CHECK(StorePath::parse(long_one));
  CHECK_FALSE(StorePath::parse(long_one + "a"));
  CHECK_FALSE(StorePath::parse(deep + ".a"));
}

}  // namespace heddle::runtime
