#pragma once
// The rules of runs: creating, finding, cancelling, taking up again (http-api.md 8 and 9).

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/auth/identity.h"
#include "api/runs/active_run.h"
#include "api/runs/run_plan.h"
#include "api/runs/run_request.h"
#include "api/runs/run_sealer.h"
#include "api/services/assistant_service.h"
#include "api/services/run_draft.h"
#include "api/services/service_parts.h"
#include "api/services/state_service.h"
#include "storage/runs.h"

namespace heddle::api {

// A run that a client names, in flight or ended.
struct FoundRun {
  storage::Run record;
  std::shared_ptr<ActiveRun> active;  // null when it has ended
};

enum class RunsInFlight { pending, running, all };

// Belongs to the I/O thread.
class RunService {
 public:
  RunService(ServiceParts parts, const AssistantService& assistants, const StateService& states)
      : parts_(parts), assistants_(assistants), states_(states) {}

  // Makes the run and hands it to the queue. Throws ApiError by the order of checks of http-api.md 8.2; then nothing
  // was stored, except that a claimed cron has moved on if its thread is gone or busy. With a claim that is not good
  // any more: ApiError 409, and nothing was stored. The caller's identity reaches the nodes of the run as secrets, and
  // is not stored.
  boost::asio::awaitable<std::shared_ptr<ActiveRun>> create(Caller caller, RunOrigin origin, RunRequest request);
  // All or none.
  boost::asio::awaitable<std::vector<std::shared_ptr<ActiveRun>>> create_batch(Caller caller, std::string request_id,
                                                                               std::vector<RunRequest> requests);

  // Throws ApiError 404: `Thread with ID <id> not found`, `Run not found`.
  boost::asio::awaitable<FoundRun> get(storage::Owner owner, storage::ThreadId thread_id, storage::RunId run_id) const;
  // Throws ApiError 404 `Run not found`.
  boost::asio::awaitable<FoundRun> get_stateless(storage::Owner owner, storage::RunId run_id) const;
  boost::asio::awaitable<std::vector<storage::Run>> list(storage::RunQuery query) const;

  // Stops the run; with `wait` returns when it has ended. A finished one is left alone.
  boost::asio::awaitable<void> cancel(FoundRun run, CancelAction action, bool wait);
  // Says why the run is about to be cancelled; the record of the run shows it once it has ended so. One that is being
  // cancelled already keeps its reason.
  void give_cancel_reason(const FoundRun& run, const std::string& reason) const;
  // Those of a thread, or none: throws ApiError 404 `Run not found` if one of them is unknown. Finished ones are left
  // alone.
  boost::asio::awaitable<void> cancel_listed(storage::Owner owner, storage::ThreadId thread_id,
                                             std::vector<storage::RunId> run_ids, CancelAction action);
  // All in flight that have not begun, or that have.
  boost::asio::awaitable<void> cancel_all(storage::Owner owner, RunsInFlight which, CancelAction action);
  // With its events and checkpoints; one in flight is stopped first. Throws ApiError 409, and has erased nothing, if
  // another run goes on from what this one has left and stores nothing of its own within two seconds.
  boost::asio::awaitable<void> erase(storage::Owner owner, FoundRun run);

  // What wait and join answer for a run that has ended and left memory, as JSON text.
  boost::asio::awaitable<std::string> stored_result(storage::Run record) const;

  // Hands runs that were in flight when the server stopped to the queue again. Called once, at start.
  boost::asio::awaitable<void> take_up_again();

 private:
  void check_room(const storage::Owner& owner, std::size_t count) const;
  boost::asio::awaitable<storage::Assistant> assistant_for(storage::AssistantReader reader, std::string id) const;
  storage::AssistantReader reader_of(const Caller& caller, const RunOrigin& origin) const;
  std::shared_ptr<ActiveRun> activate(const storage::Run& record, RunDetails details, const std::string& graph_id,
                                      RunSecrets secrets, bool temporary);
  boost::asio::awaitable<void> take_up(storage::Run record);
  // Of a run that is taken up again. What the client sent cannot be done without; of the caller the name is enough.
  boost::asio::awaitable<std::variant<RunSecrets, CannotOpen>> secrets_left(storage::Run record) const;
  boost::asio::awaitable<void> fail_at_start(storage::Run record, runtime::ErrorInfo error);

  ServiceParts parts_;
  const AssistantService& assistants_;
  const StateService& states_;
};

}  // namespace heddle::api
