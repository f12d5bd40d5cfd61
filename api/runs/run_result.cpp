#include "api/runs/run_result.h"

#include "runtime/json.h"
#include "runtime/object_text.h"

namespace heddle::api {

namespace json = boost::json;

RunResult result_of(const runtime::RunOutcome& outcome) {
  if (outcome.status != runtime::OutcomeStatus::interrupted) return RunResult(outcome.values);
  std::string text;
  runtime::ObjectText object(text);
  object.json("__interrupt__", runtime::to_json(outcome.all_interrupts));
  object.end();
  return text;
}

RunResult result_of(const runtime::ErrorInfo& error) {
  return runtime::to_text(json::object{{"__error__", json::object{{"error", error.name}, {"message", error.message}}}});
}

}  // namespace heddle::api
