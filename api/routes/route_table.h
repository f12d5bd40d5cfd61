#pragma once
// Every route in one table: method, path, handler, policy, schemas. The router, the authorization check, the
// OpenAPI document and the two-user test matrix are made from it.

#include <array>
#include <boost/asio/awaitable.hpp>
#include <string_view>
#include <vector>

#include "api/auth/identity.h"
#include "api/auth/operations.h"
#include "api/http/message.h"

namespace heddle::api {

struct ServerSettings;
struct Services;

// What a route does to what, for authorization (http-api.md 17.3). A route without a policy does not compile, nor does
// one with a policy that no rule could name.
struct Policy {
  std::string_view resource;
  std::array<std::string_view, 3> actions;  // all of them have to be allowed; empty ones count for nothing
  consteval Policy(std::string_view resource_name, std::string_view first, std::string_view second = "",
                   std::string_view third = "")
      : resource(resource_name), actions{first, second, third} {
    if (!is_operation(resource, first)) throw "a route needs a policy that api/auth/operations.h knows";
    for (const std::string_view action : actions) {
      if (!action.empty() && !is_operation(resource, action))
        throw "an action that api/auth/operations.h does not know";
    }
  }
};

// Who may ask at all when authentication is on.
enum class Access {
  authenticated,  // whoever is known, or whoever `auth.rules` let in; handlers then see only what is theirs
  everybody,      // no credential is looked at: nothing of a user may be shown
};

enum class RouteGroup { assistants, threads, runs, store, mcp, a2a, meta, health, testing };

// What a route takes and gives, by the names that api/openapi/ knows. A route without it fails document_test.
struct Shape {
  std::string_view operation;                // its name in the document, unique; its words stand in api/openapi/
  std::string_view request = "";             // schema of the body; none: a body is not read
  std::string_view response = "";            // schema of the answer, or a kind of api/openapi/document.h
  std::vector<std::string_view> query = {};  // parameters
};

using RouteHandler = boost::asio::awaitable<Response> (*)(Services&, Caller, Request);

struct Route {
  Verb verb;
  std::string_view pattern;
  RouteHandler handler;
  Policy policy;
  RouteGroup group;
  Shape shape = {};
  Access access = Access::authenticated;
};

// Immutable, made once.
const std::vector<Route>& route_table();

// Whether the settings let this group exist (http-api.md 2.12); one that does not answers 404 and is not described.
bool is_served(RouteGroup group, const ServerSettings& settings);

}  // namespace heddle::api
