#pragma once
// Every route in one table: method, path, handler, policy, schemas. The router, the authorization check, the
// OpenAPI document and the two-user test matrix are made from it.

#include <boost/asio/awaitable.hpp>
#include <string_view>
#include <vector>

#include "api/http/message.h"
#include "storage/ids.h"

namespace heddle::api {

struct Services;

// Who is asking. Without authentication everybody is the same owner with the empty name.
struct Caller {
  storage::Owner owner;
};

// What a route does to what, for authorization (http-api.md 17.3). Both must be given: a route without a
// policy does not compile.
struct Policy {
  std::string_view resource;
  std::string_view action;
  consteval Policy(std::string_view resource_name, std::string_view action_name)
      : resource(resource_name), action(action_name) {
    if (resource_name.empty() || action_name.empty()) throw "a route needs a policy";
  }
};

enum class RouteGroup { assistants, threads, runs, store, meta, health };

using RouteHandler = boost::asio::awaitable<Response> (*)(Services&, Caller, Request);

struct Route {
  Verb verb;
  std::string_view pattern;
  RouteHandler handler;
  Policy policy;
  RouteGroup group;
};

// Immutable, made once.
const std::vector<Route>& route_table();

}  // namespace heddle::api
