#pragma once
// A run from its creation to its end, with all that is needed to execute it.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "api/runs/run_details.h"
#include "api/runs/run_result.h"
#include "api/runs/run_stream.h"
#include "runtime/compiled_graph.h"
#include "runtime/drain_request.h"
#include "runtime/state_cache.h"
#include "runtime/state_graph.h"
#include "storage/runs.h"
#include "storage/threads.h"
#include "storage/webhooks.h"

namespace heddle::api {

enum class CancelAction {
  interrupt,  // what is checkpointed stays
  rollback,   // the run and its checkpoints go
};

// What the engine is asked to do.
struct RunPlan {
  std::shared_ptr<const runtime::CompiledGraph> graph;
  runtime::RunInput input;
  std::optional<runtime::CheckpointAddress> from;
  std::shared_ptr<runtime::RunConfig> config;  // the attempt takes it
  runtime::Durability durability = runtime::Durability::async;
  std::shared_ptr<const runtime::Breakpoints> interrupt_before;
  std::shared_ptr<const runtime::Breakpoints> interrupt_after;
  std::string webhook;  // whom to call at the end; empty: nobody
  bool strict_resume = false;
  // Where the thread stood in the transaction in which the run has begun. None: the run has to look.
  std::optional<runtime::SeenHead> head;
};

// Belongs to the I/O thread. Shared by the queue and those who wait for the run or read it.
struct ActiveRun {
  explicit ActiveRun(boost::asio::any_io_executor executor)
      : has_ended(executor, boost::asio::steady_timer::time_point::max()) {}

  enum class Phase { waiting, running, ended };

  storage::Run record;      // of a temporary one without texts: see shown_record()
  storage::Run as_created;  // what the answer to its creation shows; not of a temporary one
  RunDetails details;
  RunPlan plan;
  std::shared_ptr<RunStream> stream;
  // Stored nowhere: a run without a thread whose result alone is wanted. `thread` gives the one made for it, which
  // hardly anybody asks for.
  bool temporary = false;
  std::function<storage::Thread()> thread;

  Phase phase = Phase::waiting;
  bool due = true;  // its time has come (after_seconds)
  std::optional<CancelAction> cancel;
  std::optional<std::string> cancel_reason;  // as whoever asked for it gave it
  bool stop_for_restart = false;             // the server stops; the next start takes the run up
  std::string request_id;                    // of the request that made it, for the log; empty: none did, or a restart
  std::uint64_t first_frame = 0;             // of this attempt
  // Of a running one: where it runs, and how it is stopped there.
  boost::asio::any_io_executor engine;
  std::shared_ptr<boost::asio::cancellation_signal> stop;
  std::shared_ptr<runtime::DrainRequest> drain;    // of one that the next start can take up between two supersteps
  std::optional<boost::asio::steady_timer> delay;  // of one that is not due

  RunResult result;                              // set when ended
  std::optional<storage::Webhook> owed_call;     // at the end of a temporary one; of others it is stored
  boost::asio::steady_timer has_ended;           // never expires; cancelled at the end
  std::set<boost::asio::steady_timer*> waiting;  // of ended_within(); cancelled at the end

  // The record with all its texts.
  storage::Run shown_record() const;

  // What an entry of the log about this run has at least: `run_id`, `thread_id`, `request_id`.
  boost::json::object log_fields() const;

  // Tells everybody who waits or reads that it has ended. `result` is set.
  void close();

  // Returns when the run has ended and its end is stored.
  boost::asio::awaitable<void> ended();
  // The same, but waits no longer than `patience`. Whether it has ended.
  boost::asio::awaitable<bool> ended_within(std::chrono::milliseconds patience);
};

}  // namespace heddle::api
