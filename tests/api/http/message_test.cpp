#include "api/http/message.h"

#include <catch2/catch.hpp>

using heddle::api::Headers;
using heddle::api::Query;
using List = std::vector<std::string>;

TEST_CASE("Header fields keep their order, and setting one replaces all of its name") {
  Headers headers;
  headers.add("vary", "Origin");
  headers.add("x-a", "1");
  headers.add("vary", "Accept");
  CHECK(headers.find("vary") == "Origin");
  CHECK(headers.all().size() == 3);
  headers.set("vary", "Cookie");
  CHECK(headers.find("vary") == "Cookie");
  CHECK(headers.all().size() == 2);
  CHECK_FALSE(headers.find("x-b").has_value());
}

TEST_CASE("Query parameters are decoded and a plus is a space") {
  const Query query("name=a+b%2Bc&na%6De2=%C3%A9&flag");
  CHECK(query.find("name") == "a b+c");
  CHECK(query.find("name2") == "\xC3\xA9");
  CHECK_FALSE(query.find("flag").has_value());
}

TEST_CASE("A query parameter with an empty value counts as absent") {
  const Query query("stream_mode=&limit=&limit=5&&=x");
  CHECK_FALSE(query.find("stream_mode").has_value());
  CHECK(query.list("stream_mode").empty());
  CHECK(query.flag("stream_mode", true));
  CHECK(query.find("limit") == "5");
}

TEST_CASE("The words for true are known in any case and everything else is false") {
  const Query query("a=true&b=1&c=YES&d=True&e=on&f=0&g=false");
  for (const char* name : {"a", "b", "c", "d"}) CHECK(query.flag(name, false));
  for (const char* name : {"e", "f", "g"}) CHECK_FALSE(query.flag(name, true));
  CHECK(query.flag("absent", true));
  CHECK_FALSE(query.flag("absent", false));
}

TEST_CASE("A list may be repeated, a JSON array or separated by commas") {
  CHECK(Query("select=a&x=y&select=b").list("select") == List{"a", "b"});
  CHECK(Query("select=%5B%22a%22%2C%22b%2Cc%22%5D").list("select") == List{"a", "b,c"});
  CHECK(Query("select=[\"a\",1]").list("select") == List{"a", "1"});
  CHECK(Query("include=ttl,x").list("include") == List{"ttl", "x"});
  CHECK(Query("include=ttl,,x,&include=[]").list("include") == List{"ttl", "x"});
  CHECK(Query("").list("include").empty());
}

TEST_CASE("What only looks like a JSON array is read as a list with commas") {
  CHECK(Query("select=[a,b]").list("select") == List{"[a", "b]"});
  CHECK(Query("select=[").list("select") == List{"["});
}
