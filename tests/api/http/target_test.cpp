#include "api/http/target.h"

#include <catch2/catch.hpp>

using heddle::api::as_utf8;
using heddle::api::percent_decoded;
using heddle::api::Plus;
using heddle::api::split_target;
using Segments = std::vector<std::string>;

TEST_CASE("A path is split into decoded segments and doubled slashes are folded") {
  CHECK(split_target("/threads/a%20b/runs").segments == Segments{"threads", "a b", "runs"});
  CHECK(split_target("//threads///x").segments == Segments{"threads", "x"});
  CHECK(split_target("/a%2Fb/c%7Cd").segments == Segments{"a/b", "c|d"});
  CHECK(split_target("/a+b").segments == Segments{"a+b"});
}

TEST_CASE("A trailing slash is told, except for the root") {
  CHECK(split_target("/threads/").trailing_slash);
  CHECK(split_target("/threads//?a=b").trailing_slash);
  CHECK_FALSE(split_target("/threads").trailing_slash);
  CHECK_FALSE(split_target("/").trailing_slash);
  CHECK_FALSE(split_target("//").trailing_slash);
  CHECK(split_target("/").segments.empty());
}

TEST_CASE("The query begins at the first question mark and ends before a fragment") {
  CHECK(split_target("/a?b=c?d").query == "b=c?d");
  CHECK(split_target("/a?b=/c/").query == "b=/c/");
  CHECK_FALSE(split_target("/a?b=/c/").trailing_slash);
  CHECK(split_target("/a?b=c#d").query == "b=c");
  CHECK(split_target("/a").query.empty());
}

TEST_CASE("A target in absolute form is read without its origin") {
  CHECK(split_target("http://example.com:2024/a/b?c=d").segments == Segments{"a", "b"});
  CHECK(split_target("http://example.com?c=d").query == "c=d");
  CHECK(split_target("http://example.com").segments.empty());
  CHECK(split_target("/a?u=http://example.com/x").segments == Segments{"a"});
  CHECK(split_target("*").segments == Segments{"*"});
}

TEST_CASE("A percent sign without two hex digits stands for itself") {
  CHECK(percent_decoded("100%", Plus::plus) == "100%");
  CHECK(percent_decoded("%4", Plus::plus) == "%4");
  CHECK(percent_decoded("%zz%41%4g", Plus::plus) == "%zzA%4g");
  CHECK(percent_decoded("%e2%82%AC", Plus::plus) == "\xE2\x82\xAC");
  CHECK(percent_decoded("a+b%2B", Plus::space) == "a b+");
}

TEST_CASE("Bytes that are no UTF-8 are replaced one by one") {
  const std::string instead = "\xEF\xBF\xBD";
  CHECK(as_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z") == "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z");
  CHECK(as_utf8("caf\xE9") == "caf" + instead);
  CHECK(as_utf8("\xC0\x80") == instead + instead);
  CHECK(as_utf8("\xED\xA0\x80") == instead + instead + instead);
  CHECK(as_utf8("\xF4\x90\x80\x80") == instead + instead + instead + instead);
  CHECK(as_utf8("\xE2\x82") == instead + instead);
  CHECK(split_target("/%ff").segments == Segments{instead});
}
