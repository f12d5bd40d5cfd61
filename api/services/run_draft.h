#pragma once
// A run on its way into the database: what makes its record, and the one transaction that decides whether it may be
// stored and stores it (http-api.md 8.2 to 8.6).

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/runs/run_details.h"
#include "api/runs/run_request.h"
#include "api/settings.h"
#include "runtime/state_cache.h"
#include "storage/assistants.h"
#include "storage/crons.h"
#include "storage/runs.h"
#include "storage/sealed.h"
#include "storage/storage.h"
#include "storage/threads.h"

namespace heddle::api {

// One time of a cron, taken by the run that is made for it: in the transaction that stores the run the cron moves on to
// its next time, so that a crash neither loses nor doubles a run.
struct CronClaim {
  storage::CronId cron_id;
  storage::Timestamp due;
  std::optional<storage::Timestamp> next;  // none: the cron is over
};

// What an interrupted thread waits for, taken by the run that goes on: in the transaction that stores the run, so that
// it goes on once.
struct ResumeClaim {
  std::string interrupt_id;
  storage::RunId asked;  // the run that was interrupted
};

// How a run is made.
struct RunOrigin {
  std::optional<storage::ThreadId> thread_id;  // none: stateless
  bool is_watched = false;                     // stream or wait: a stateless one that is thrown away need not be stored
  std::optional<CronClaim> claim = std::nullopt;      // of a run that a cron makes, which nobody watches
  std::optional<ResumeClaim> resumed = std::nullopt;  // of a run that the server makes without a request
  std::string request_id = {};                        // of the request that makes it; empty: none does
};

// A run that is about to be stored: what the transaction needs to decide and to write.
struct Draft {
  storage::Run record;
  RunDetails details;
  storage::Assistant assistant;
  RunRequest request;
  RunOrigin origin;
  std::optional<storage::Sealed> sealed;  // its secrets, if there are any and a key to seal them with
  Compat compat = Compat::js;
  ThreadTtlSettings ttl;  // of a thread that is made for it
};

// Makes the details from assistant, thread and request (http-api.md 8.3). The record's texts are not written.
void make_details(Draft& draft, const boost::json::object& thread_config, const boost::json::object& thread_metadata);

// The thread that is made for the run.
storage::Thread new_thread(const Draft& draft);

// What the transaction that creates a run found.
struct Stored {
  storage::Run record;
  RunDetails details;
  std::vector<storage::RunId> to_cancel;
  std::optional<runtime::SeenHead> head;  // of the thread, if the run has begun
};
struct ThreadMissing {};
struct ThreadBusy {};
struct ClaimLost {};
using StoreAnswer = std::variant<Stored, ThreadMissing, ThreadBusy, ClaimLost>;

// Nothing is stored unless the answer is Stored, except that a claimed cron has moved on.
StoreAnswer store_run(storage::Transaction& transaction, Draft draft);

}  // namespace heddle::api
