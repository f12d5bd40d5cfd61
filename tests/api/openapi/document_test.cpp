#include "api/openapi/document.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "api/openapi/docs_page.h"
#include "api/openapi/resources.h"
#include "runtime/json.h"
#include "tests/api/openapi/schema_validator.h"

namespace heddle::api {
namespace {

namespace json = boost::json;

ServerSettings everything() {
  ServerSettings settings;
  settings.test_truncate = true;
  return settings;
}

template <class Visit>
void for_each_operation(const json::object& document, Visit visit) {
  for (const auto& path : document.at("paths").as_object()) {
    for (const auto& method : path.value().as_object()) {
      visit(std::string(path.key()), std::string(method.key()), method.value().as_object());
    }
  }
}

// Every object in the document, however deep.
template <class Visit>
void for_each_object(const json::value& part, Visit visit) {
  if (const json::object* object = part.if_object()) {
    visit(*object);
    for (const auto& member : *object) for_each_object(member.value(), visit);
  } else if (const json::array* list = part.if_array()) {
    for (const json::value& element : *list) for_each_object(element, visit);
  }
}

std::set<std::string> names_in(std::string_view path) {
  std::set<std::string> names;
  for (std::size_t open = path.find('{'); open != std::string_view::npos; open = path.find('{', open + 1)) {
    names.emplace(path.substr(open + 1, path.find('}', open) - open - 1));
  }
  return names;
}

bool only_has(const json::object& object, const std::set<std::string_view>& allowed) {
  return std::ranges::all_of(object, [&](const auto& member) { return allowed.contains(member.key()); });
}

}  // namespace

TEST_CASE("The document has every route, and no other") {
  std::set<std::string> routes;
  for (const Route& route : route_table()) {
    routes.insert(std::string(openapi::method_of(route.verb)) + " " + std::string(route.pattern));
  }
  std::set<std::string> described;
  for_each_operation(openapi::document(everything()),
                     [&](const std::string& path, const std::string& method, const json::object&) {
                       described.insert(method + " " + path);
                     });
  CHECK(described == routes);
}

TEST_CASE("Every route has a shape whose names are known, and words about it") {
  const std::set<std::string_view> kinds{"Nothing", "Accepted", "EventStream", "Text", "Page", "NotOffered"};
  std::set<std::string_view> operations;
  for (const Route& route : route_table()) {
    INFO(openapi::method_of(route.verb) << " " << route.pattern);
    const Shape& shape = route.shape;
    CHECK(operations.insert(shape.operation).second);
    CHECK((shape.request.empty() || openapi::find_schema(shape.request) != nullptr));
    CHECK((kinds.contains(shape.response) || openapi::find_schema(shape.response) != nullptr));
    for (const std::string_view name : shape.query) CHECK(openapi::find_parameter(name) != nullptr);
    const openapi::Words* words = openapi::find_words(shape.operation);
    REQUIRE(words != nullptr);
    CHECK_FALSE(words->summary.empty());
  }
  for (const openapi::Words& words : openapi::all_resources().operations) {
    INFO(words.operation << " has words");
    CHECK(operations.contains(words.operation));
  }
}

TEST_CASE("Every schema and parameter is defined once and is used") {
  json::object all;
  for (const openapi::NamedSchema& named : openapi::all_resources().schemas) {
    INFO(named.name);
    CHECK_FALSE(all.contains(named.name));
    all[named.name] = named.schema;
  }
  std::set<std::string_view> referred{"ErrorAsText"};  // with `errors: text`
  std::set<std::string_view> asked;
  const json::object document = openapi::document(everything());
  for (const auto& schema : document.at("components").at("schemas").as_object()) referred.insert(schema.key());
  for (const Route& route : route_table()) asked.insert(route.shape.query.begin(), route.shape.query.end());
  for (const auto& schema : all) {
    INFO(schema.key());
    CHECK(referred.contains(schema.key()));
  }
  std::set<std::string_view> parameters;
  for (const openapi::NamedSchema& named : openapi::all_resources().parameters) {
    INFO(named.name);
    CHECK(parameters.insert(named.name).second);
    CHECK(asked.contains(named.name));
  }
}

TEST_CASE("The document keeps the rules of OpenAPI 3.1") {
  for (const ErrorForm errors : {ErrorForm::json, ErrorForm::text}) {
    ServerSettings settings = everything();
    settings.errors = errors;
    const json::object document = openapi::document(settings);
    CHECK(document.at("openapi") == "3.1.0");
    CHECK(only_has(document, {"openapi", "info", "servers", "tags", "paths", "components"}));
    CHECK(document.at("info").as_object().contains("title"));
    CHECK(document.at("info").as_object().contains("version"));
    std::set<std::string> tags;
    for (const json::value& tag : document.at("tags").as_array()) {
      CHECK(tags.emplace(tag.at("name").as_string()).second);
    }

    std::set<std::string> operations;
    for_each_operation(document, [&](const std::string& path, const std::string& method, const json::object& one) {
      INFO(method << " " << path);
      CHECK(path.starts_with('/'));
      CHECK(only_has(one, {"operationId", "tags", "summary", "description", "parameters", "requestBody", "responses"}));
      CHECK(operations.emplace(one.at("operationId").as_string()).second);
      for (const json::value& tag : one.at("tags").as_array()) CHECK(tags.contains(std::string(tag.as_string())));
      CHECK_FALSE(one.at("responses").as_object().empty());
      for (const auto& response : one.at("responses").as_object()) {
        CHECK(response.key().size() == 3);
        CHECK(response.value().as_object().contains("description"));
      }
      std::set<std::string> in_path;
      std::set<std::string> seen;
      if (const json::value* parameters = one.if_contains("parameters")) {
        for (const json::value& parameter : parameters->as_array()) {
          const std::string name(parameter.at("name").as_string());
          const std::string in(parameter.at("in").as_string());
          CHECK(seen.insert(in + " " + name).second);
          CHECK((in == "path" || in == "query"));
          CHECK(parameter.as_object().contains("schema"));
          if (in != "path") continue;
          CHECK(parameter.at("required") == true);
          in_path.insert(name);
        }
      }
      CHECK(in_path == names_in(path));
    });

    for_each_object(document, [&](const json::object& object) {
      const json::value* reference = object.if_contains("$ref");
      if (!reference || !reference->is_string()) return;
      const std::string target(reference->as_string());
      INFO(target);
      REQUIRE(target.starts_with("#/components/schemas/"));
      CHECK(document.at("components").at("schemas").as_object().contains(target.substr(21)));
      CHECK(object.size() == 1);
    });
  }
}

TEST_CASE("Examples and defaults fit their own schemas") {
  const json::object document = openapi::document(everything());
  test::SchemaValidator validator(document.at("components").at("schemas").as_object());
  for_each_operation(document, [&](const std::string& path, const std::string& method, const json::object& one) {
    const json::value* body = one.if_contains("requestBody");
    if (!body) return;
    INFO(method << " " << path);
    const json::object& media = body->at("content").at("application/json").as_object();
    REQUIRE(media.contains("example"));
    CHECK(validator.faults(media.at("example"), media.at("schema").as_object()) == std::vector<std::string>{});
  });
  for_each_object(document.at("components"), [&](const json::object& object) {
    const json::value* otherwise = object.if_contains("default");
    // A schema, not the properties of one that has a member of this name.
    if (!otherwise || otherwise->is_object()) return;
    INFO(runtime::to_text(object));
    CHECK(validator.faults(*otherwise, object) == std::vector<std::string>{});
  });
}

TEST_CASE("What the settings switch off is not described, and the prefix is where the server is") {
  ServerSettings settings;
  settings.groups.store = false;
  settings.mount_prefix = "/api/v1";
  const json::object document = openapi::document(settings);
  CHECK_FALSE(document.at("paths").as_object().contains("/store/items"));
  CHECK_FALSE(document.at("paths").as_object().contains("/internal/truncate"));
  CHECK_FALSE(document.at("components").at("schemas").as_object().contains("ItemPut"));
  CHECK(document.at("paths").as_object().contains("/threads"));
  CHECK(document.at("servers").at(0).at("url") == "/api/v1");
  CHECK(openapi::document(ServerSettings{}).at("servers").at(0).at("url") == "/");
}

TEST_CASE("With authentication the document says what needs a token, and what does not") {
  api::ServerSettings settings;
  CHECK_FALSE(api::openapi::document(settings).contains("security"));
  settings.auth.emplace();
  settings.auth->jwks_url = "https://issuer.example/keys";
  const json::object document = api::openapi::document(settings);
  CHECK(document.at("security").at(0).as_object().contains("bearer"));
  CHECK(document.at("components").at("securitySchemes").at("bearer").at("scheme") == "bearer");
  const json::object& paths = document.at("paths").as_object();
  CHECK(paths.at("/ok").at("get").at("security").as_array().empty());
  CHECK_FALSE(paths.at("/metrics").at("get").as_object().contains("security"));
  CHECK(paths.at("/metrics").at("get").at("responses").as_object().contains("401"));
  CHECK_FALSE(paths.at("/ok").at("get").at("responses").as_object().contains("401"));
}

TEST_CASE("The document tells the statuses of the chosen compatibility") {
  const auto responses = [](Compat compat) {
    ServerSettings settings;
    settings.compat = compat;
    return openapi::document(settings).at("paths").at("/threads/{thread_id}/runs").at("post").at("responses");
  };
  const json::value js = responses(Compat::js);
  CHECK(std::string(js.at("400").at("description").as_string()).find("does not fit") != std::string::npos);
  CHECK(std::string(js.at("422").at("description").as_string()).find("already running") != std::string::npos);
  const json::value platform = responses(Compat::platform);
  CHECK(std::string(platform.at("422").at("description").as_string()).find("does not fit") != std::string::npos);
  CHECK(std::string(platform.at("409").at("description").as_string()).find("already running") != std::string::npos);
}

TEST_CASE("The page of the documentation asks nobody but this server") {
  const std::string page(openapi::docs_page());
  for (const char* elsewhere : {"http:", "https:", "src=", "@import", "url(", "innerHTML", "eval("}) {
    INFO(elsewhere);
    CHECK(page.find(elsewhere) == std::string::npos);
  }
  CHECK(page.find("fetch('openapi.json')") != std::string::npos);
}

}  // namespace heddle::api
