#pragma once
// Calls of a tool behind a permission that is asked for on another device.

#include <memory>
#include <optional>
#include <string>

#include "graphs/async_authorization.h"
#include "tests/graphs/vault_fixture.h"

namespace heddle::test {

struct PermissionFixture : VaultFixture {
  FakeTask task;
  graphs::PermissionWanted wanted;
  std::shared_ptr<const runtime::Awaited> awaited;  // of the last interrupt
  PermissionFixture() { caller.user = "auth0|ada"; }

  // One execution of the call of `pay`: its result, "asks {...}" with the interrupt's value, or "fails ...".
  std::string call(const graphs::ToolPointer& tool) {
    FakeContext node(task, runtime::State());
    node.run_config.secrets = secrets_of(caller);
    graphs::ToolContext context(node, "pay", "c1", "key-of-c1");
    try {
      return run(io, text_of_call(tool, context, {}));
    } catch (const runtime::NodeInterrupted& asked) {
      awaited = asked.interrupt.awaited;
      return "asks " + runtime::to_text(asked.interrupt.value);
    } catch (const std::exception& error) {
      return std::string("fails ") + error.what();
    }
  }
  // What the server learns between two executions.
  runtime::Sign look(const graphs::ToolPointer& tool) {
    const std::optional<runtime::Probe> probe = tool->probe();
    return run(io, (*probe)(awaited->subject));
  }
  // Of "asks {...}".
  static runtime::json::object value_of(const std::string& text) {
    return runtime::parse_json(text.substr(5)).as_object();
  }
};

}  // namespace heddle::test
