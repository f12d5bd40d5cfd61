#include "api/routes/assistant_routes.h"

#include <catch2/catch.hpp>
#include <set>

#include "tests/api/routes/handler_fixture.h"

namespace heddle::api {
namespace {

namespace json = boost::json;
using test::HandlerFixture;

TEST_CASE_METHOD(HandlerFixture, "An assistant is told with all its keys, a version without updated_at") {
  const json::value made = told(create_assistant, R"({"graph_id":"echo"})");
  CHECK(keys_of(made) == std::vector<std::string>{"assistant_id", "graph_id", "name", "description", "config",
                                                  "context", "metadata", "version", "created_at", "updated_at"});
  CHECK(made.at("description").is_null());
  const std::map<std::string, std::string> id{{"assistant_id", std::string(made.at("assistant_id").as_string())}};
  const json::value versions = told(list_versions, "", "", id);
  CHECK_FALSE(versions.at(0).as_object().contains("updated_at"));
}

TEST_CASE_METHOD(HandlerFixture, "The version to set may stand in the body or in the query") {
  const json::value made = told(create_assistant, R"({"graph_id":"echo"})");
  const std::map<std::string, std::string> id{{"assistant_id", std::string(made.at("assistant_id").as_string())}};
  answer(patch_assistant, "", "", id);
  CHECK(told(set_latest_version, R"({"version":1})", "", id).at("version") == 1);
  CHECK(told(set_latest_version, "", "version=2", id).at("version") == 2);
  CHECK(refused(set_latest_version, "", "", id).is_validation());
  CHECK(refused(set_latest_version, "", "version=two", id).is_validation());
}

TEST_CASE_METHOD(HandlerFixture, "A drawing goes as deep as it was asked to") {
  get(services.assistants.make_defaults());
  const auto ids = [this](const std::string& query) {
    std::set<std::string> found;
    const json::value drawing = told(get_drawing, "", query, {{"assistant_id", "nested"}});
    for (const json::value& node : drawing.at("nodes").as_array()) found.emplace(node.at("id").as_string());
    return found;
  };
  using Ids = std::set<std::string>;
  CHECK(ids("") == Ids{"__start__", "middle", "last", "__end__"});
  CHECK(ids("xray=false") == ids(""));
  CHECK(ids("xray=0") == ids(""));
  CHECK(ids("xray=true").contains("middle:last"));
  CHECK_FALSE(ids("xray=true").contains("middle"));
}

TEST_CASE_METHOD(HandlerFixture, "Every schema says in which dialect it is written") {
  get(services.assistants.make_defaults());
  const json::value shown = told(get_schemas, "", "", {{"assistant_id", "echo"}});
  for (const char* name : {"input_schema", "output_schema", "state_schema"}) {
    INFO(name);
    CHECK(shown.at(name).at("$schema") == "http://json-schema.org/draft-07/schema#");
    CHECK(shown.at(name).at("type") == "object");
  }
  const json::value inner = told(get_subgraphs, "", "", {{"assistant_id", "nested"}}).at("middle");
  for (const char* name : {"input", "output", "state"}) {
    CHECK(inner.at(name).at("$schema") == "http://json-schema.org/draft-07/schema#");
  }
}

TEST_CASE_METHOD(HandlerFixture, "Schemas of subgraphs have short names, on the platform long ones") {
  get(services.assistants.make_defaults());
  const std::map<std::string, std::string> nested{{"assistant_id", "nested"}};
  CHECK(keys_of(told(get_subgraphs, "", "", nested).at("middle")) ==
        std::vector<std::string>{"state", "input", "output"});
  settings.compat = Compat::platform;
  CHECK(keys_of(told(get_subgraphs, "", "", nested).at("middle")) ==
        std::vector<std::string>{"state_schema", "input_schema", "output_schema"});
}

}  // namespace
}  // namespace heddle::api
