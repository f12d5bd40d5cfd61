#include "api/runs/run_json.h"

#include "runtime/json.h"
#include "storage/timestamp.h"

namespace heddle::api {

namespace json = boost::json;

std::string_view to_text(storage::RunStatus status) {
  using enum storage::RunStatus;
  switch (status) {
    case pending:
      return "pending";
    case running:
      return "running";
    case success:
      return "success";
    case error:
      return "error";
    case interrupted:
      return "interrupted";
    case timeout:
      return "timeout";
  }
  return "error";
}

std::string_view to_text(storage::MultitaskStrategy strategy) {
  using enum storage::MultitaskStrategy;
  switch (strategy) {
    case reject:
      return "reject";
    case rollback:
      return "rollback";
    case interrupt:
      return "interrupt";
    case enqueue:
      return "enqueue";
  }
  return "reject";
}

json::object run_json(const storage::Run& record) {
  json::object told{{"run_id", record.run_id.text()},
                    {"thread_id", record.thread_id.text()},
                    {"assistant_id", record.assistant_id.text()},
                    {"created_at", storage::to_rfc3339(record.created_at)},
                    {"updated_at", storage::to_rfc3339(record.updated_at)},
                    {"status", to_text(record.status)},
                    {"metadata", runtime::parse_json(record.metadata_json)},
                    {"kwargs", runtime::parse_json(record.kwargs_json)},
                    {"multitask_strategy", to_text(record.multitask_strategy)}};
  if (record.cancel_reason) told["cancel_reason"] = *record.cancel_reason;
  return told;
}

}  // namespace heddle::api
