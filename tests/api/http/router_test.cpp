#include "api/http/router.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "api/http/target.h"

using namespace heddle::api;

namespace {

struct Routes : Router {
  std::optional<Match> find_path(Verb verb, std::string_view path) const {
    Request request;
    request.verb = verb;
    const Target target = split_target(path);
    request.segments = target.segments;
    request.trailing_slash = target.trailing_slash;
    return find(request);
  }
  std::size_t entry(Verb verb, std::string_view path) const { return find_path(verb, path).value().entry; }
};

}  // namespace

TEST_CASE("The parameters of a path are handed over by name") {
  Routes routes;
  routes.add(Verb::get, "/threads/{thread_id}/runs/{run_id}", 7);
  const std::optional<Router::Match> match = routes.find_path(Verb::get, "/threads/t%201/runs/r");
  REQUIRE(match.has_value());
  CHECK(match->entry == 7);
  CHECK(match->params == std::map<std::string, std::string>{{"thread_id", "t 1"}, {"run_id", "r"}});
}

TEST_CASE("A literal segment wins over a parameter, the leftmost first") {
  Routes routes;
  routes.add(Verb::post, "/threads/{thread_id}", 1);
  routes.add(Verb::post, "/threads/search", 2);
  routes.add(Verb::post, "/{group}/count", 3);
  routes.add(Verb::post, "/threads/{thread_id}/runs", 4);
  CHECK(routes.entry(Verb::post, "/threads/search") == 2);
  CHECK(routes.entry(Verb::post, "/threads/x") == 1);
  CHECK(routes.entry(Verb::post, "/threads/count") == 1);
  CHECK(routes.entry(Verb::post, "/runs/count") == 3);
  CHECK(routes.entry(Verb::post, "/threads/search/runs") == 4);
}

TEST_CASE("HEAD is answered by the entry for GET, and other verbs only by their own") {
  Routes routes;
  routes.add(Verb::get, "/ok", 1);
  routes.add(Verb::post, "/ok", 2);
  CHECK(routes.entry(Verb::head, "/ok") == 1);
  CHECK(routes.entry(Verb::post, "/ok") == 2);
  CHECK_FALSE(routes.find_path(Verb::put, "/ok").has_value());
  CHECK_FALSE(routes.find_path(Verb::other, "/ok").has_value());
}

TEST_CASE("Unknown paths and trailing slashes have no entry") {
  Routes routes;
  routes.add(Verb::get, "/", 1);
  routes.add(Verb::get, "/threads/{thread_id}", 2);
  CHECK(routes.entry(Verb::get, "/") == 1);
  CHECK(routes.entry(Verb::get, "//threads//x") == 2);
  CHECK_FALSE(routes.find_path(Verb::get, "/threads").has_value());
  CHECK_FALSE(routes.find_path(Verb::get, "/threads/").has_value());
  CHECK_FALSE(routes.find_path(Verb::get, "/threads/x/").has_value());
  CHECK_FALSE(routes.find_path(Verb::get, "/Threads/x").has_value());
}

TEST_CASE("A pattern that ends in a slash answers the path with the slash") {
  Routes routes;
  routes.add(Verb::post, "/mcp", 1);
  routes.add(Verb::post, "/mcp/", 2);
  CHECK(routes.entry(Verb::post, "/mcp") == 1);
  CHECK(routes.entry(Verb::post, "/mcp/") == 2);
}

TEST_CASE("Two entries that nothing tells apart are refused") {
  Routes routes;
  routes.add(Verb::get, "/threads/{thread_id}", 1);
  CHECK_THROWS_AS(routes.add(Verb::get, "/threads/{id}", 2), std::logic_error);
  CHECK_NOTHROW(routes.add(Verb::delete_, "/threads/{id}", 3));
  CHECK_NOTHROW(routes.add(Verb::get, "/threads/search", 4));
}
