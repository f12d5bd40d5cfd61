#include "api/services/truncation.h"

#include <utility>

#include "api/runs/run_queue.h"
#include "api/services/assistant_service.h"
#include "runtime/json.h"

namespace heddle::api {

namespace asio = boost::asio;

namespace {

bool is_of_system(const storage::Assistant& assistant) {
  const boost::json::object metadata = runtime::parse_json_object(assistant.metadata_json);
  return runtime::find_text(metadata, "created_by") == "system";
}

}  // namespace

asio::awaitable<void> truncate(ServiceParts parts, Truncated what) {
  const bool touches_runs = what.runs || what.threads || what.checkpointer;
  if (touches_runs) co_await parts.queue.stop_everything();
  storage::Truncation emptied{what.runs, what.threads, what.checkpointer, what.store, what.assistants, {}};
  std::vector<storage::AssistantId> defaults;
  for (const std::string& graph_id : parts.graphs.ids()) defaults.push_back(default_assistant_id(graph_id));
  const auto empty = [emptied, defaults](storage::Transaction& tx) {
    storage::Truncation what_goes = emptied;
    const storage::Owner nobody;
    for (const storage::AssistantId id : defaults) {
      const std::optional<storage::Assistant> found = tx.assistants().find(nobody, id);
      if (found && is_of_system(*found)) what_goes.kept_assistants.push_back(id);
    }
    tx.truncate(what_goes);
  };
  co_await parts.storage.commit(empty);
  if (!touches_runs) co_return;
  parts.shown.clear();
  // Those that began while the others were being stopped have lost their rows by now; the calls that their ends still
  // owe are what the second time is for.
  co_await parts.queue.stop_everything();
  co_await parts.storage.commit(empty);
}

}  // namespace heddle::api
