#include "api/runs/run_plan.h"

#include <catch2/catch.hpp>

#include "runtime/json.h"

using namespace heddle;

namespace {

storage::Run record_with(const std::string& kwargs) {
  storage::Run record;
  record.run_id = *storage::RunId::parse("01a2037e-48fd-71b5-8e44-d0fb80070177");
  record.metadata_json = R"({"created_by":"system"})";
  record.kwargs_json = kwargs;
  return record;
}

api::RunPlan plan_of(const std::string& kwargs, api::RunSecrets secrets) {
  const storage::Run record = record_with(kwargs);
  return api::run_plan(record, api::details_of(record), nullptr, "chat", std::move(secrets));
}

api::RunPlan plan_of(const std::string& kwargs) {
  return plan_of(kwargs, {});
}

}  // namespace

TEST_CASE("Absent and null input go on, `{}` starts, a command that says nothing goes on") {
  CHECK(std::holds_alternative<runtime::NoInput>(plan_of("{}").input));
  CHECK(std::holds_alternative<runtime::NoInput>(plan_of(R"({"input":null})").input));
  CHECK(std::holds_alternative<runtime::NoInput>(plan_of(R"({"command":{}})").input));
  CHECK(std::holds_alternative<runtime::NoInput>(plan_of(R"({"command":{"resume":null}})").input));
  CHECK(std::holds_alternative<runtime::GraphInput>(plan_of(R"({"input":{}})").input));
  CHECK(std::holds_alternative<runtime::Command>(plan_of(R"({"input":{},"command":{"resume":0}})").input));
}

TEST_CASE("Header values reach the nodes and not the checkpoints") {
  api::RunSecrets secrets;
  secrets.header_settings = {{"x-app", "mint"}};
  const api::RunPlan plan = plan_of(R"({"config":{"configurable":{"app":1}}})", std::move(secrets));
  CHECK(plan.config->configurable.contains("x-app"));
  CHECK_FALSE(plan.config->checkpoint_metadata->contains("x-app"));
  CHECK(plan.config->checkpoint_metadata->contains("app"));
}

TEST_CASE("A checkpoint is addressed by id and namespace, and does not become metadata") {
  const api::RunPlan plan = plan_of(
      R"({"config":{"configurable":{"checkpoint_id":"1f1e67b9-b7f1-6980-8000-2fe8f091edb2","checkpoint_ns":"","checkpoint_map":null}}})");
  REQUIRE(plan.from);
  CHECK(plan.from->id->text() == "1f1e67b9-b7f1-6980-8000-2fe8f091edb2");
  CHECK_FALSE(plan.config->checkpoint_metadata->contains("checkpoint_id"));
  CHECK_FALSE(plan_of(R"({"config":{"configurable":{"checkpoint_ns":""}}})").from);
}
