#include "api/runs/engine_runner.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "api/runs/engine_bridge.h"
#include "api/runs/event_size.h"
#include "api/runs/run_plan.h"
#include "runtime/item_store.h"
#include "runtime/memory_saver.h"
#include "runtime/stored_saver.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

// Of one attempt; the rest is counted. An agent makes three or so per step.
constexpr std::size_t kSpansMax = 2'000;

// Everything that a run uses on the engine's thread. Lives there until the run has ended.
struct EngineSide {
  RunPlan plan;
  runtime::EventKinds kinds;
  storage::Owner owner;
  std::optional<storage::ThreadId> stored_thread;  // none: checkpoints are kept in memory
  storage::Storage& storage;
  const runtime::StoreRules& store_rules;
  const runtime::Clock& clock;
  runtime::Log& log;
  runtime::CheckpointIds& checkpoint_ids;
  std::shared_ptr<EngineBridge> bridge;
  runtime::SpanSink spans;
  std::shared_ptr<const runtime::DrainRequest> drain;
  std::size_t event_bytes_max = 0;
  runtime::StateCache& states;
};

// Thrown to whoever made the event, on the engine's thread.
runtime::GraphError too_large(std::size_t bytes_max) {
  return {"EventTooLargeError", "Something that was handed over at once is larger than " + std::to_string(bytes_max) +
                                    " bytes (event_bytes_max). Hand over less, or in pieces."};
}

asio::awaitable<runtime::RunOutcome> run_on_engine(std::shared_ptr<EngineSide> side) {
  const auto executor = co_await asio::this_coro::executor;
  std::unique_ptr<runtime::CheckpointSaver> saver;
  if (side->stored_thread) {
    auto stored = std::make_unique<runtime::StoredSaver>(*side->bridge, *side->stored_thread, executor,
                                                         runtime::Unpacking::at_once, &side->states);
    if (side->plan.head) stored->begin_at(*side->plan.head);
    saver = std::move(stored);
  } else {
    saver = std::make_unique<runtime::MemorySaver>();
  }
  runtime::ItemStore store(side->storage, side->owner, side->clock, side->store_rules);
  runtime::EventSink sink = [side](runtime::RunEvent&& event) {
    if (is_larger_than(side->event_bytes_max, event)) throw too_large(side->event_bytes_max);
    side->bridge->send(Fact{side->clock.now(), std::move(event)});
  };
  runtime::RunServices services{saver.get(),     &store,      side->clock, side->checkpoint_ids,
                                std::move(sink), side->spans, &side->log};
  runtime::RunOptions options;
  options.input = std::move(side->plan.input);
  options.from = side->plan.from;
  options.config = side->plan.config;
  options.kinds = side->kinds;
  // What is kept in memory is gone with the run, so only where it stands at its end is of use, for its questions.
  options.durability = side->stored_thread ? side->plan.durability : runtime::Durability::exit;
  options.interrupt_before = side->plan.interrupt_before;
  options.interrupt_after = side->plan.interrupt_after;
  options.drain = side->drain;
  options.strict_resume = side->plan.strict_resume;
  // The end of the run is stored behind it, and not if it fails.
  options.returns_durable = false;
  runtime::RunOutcome outcome = co_await side->plan.graph->run(std::move(options), services);
  co_return outcome;
}

bool is_cancellation(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& thrown) {
    return thrown.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

runtime::ErrorInfo told_as(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& thrown) {
    return runtime::error_info(thrown);
  } catch (...) {
    return {"Error", "the graph threw something that is no error"};
  }
}

runtime::ErrorInfo took_too_long(std::chrono::seconds limit) {
  return {"TimeoutError", "The run was stopped because it worked for longer than " + std::to_string(limit.count()) +
                              " seconds (run_seconds_max)."};
}

}  // namespace

// Filled on the engine's thread; read here when the engine has ended.
struct EngineRunner::NotedSpans {
  std::vector<runtime::Span> spans;
  std::size_t left_out = 0;

  void add(runtime::Span span) {
    if (spans.size() < kSpansMax) {
      spans.push_back(std::move(span));
    } else {
      ++left_out;
    }
  }
};

EngineRunner::EngineRunner(asio::any_io_executor executor, EngineThreads& engines, storage::Storage& storage,
                           const runtime::Clock& clock, runtime::CheckpointIds& checkpoint_ids, runtime::Log& log,
                           const ServerSettings& settings)
    : executor_(std::move(executor)),
      engines_(engines),
      storage_(storage),
      clock_(clock),
      checkpoint_ids_(checkpoint_ids),
      log_(log),
      settings_(settings),
      states_(settings.states_bytes_in_memory) {}

void EngineRunner::stop(ActiveRun& run) {
  if (!run.stop) return;
  // The signal belongs to the engine's thread.
  asio::post(run.engine, [stop = run.stop] { stop->emit(asio::cancellation_type::terminal); });
}

asio::awaitable<EngineResult> EngineRunner::run(std::shared_ptr<ActiveRun> run) {
  run->engine = engines_.next();
  run->stop = std::make_shared<asio::cancellation_signal>();
  // The attempt takes what the run was made with, so that its secrets live no longer than it; the end needs the rest.
  RunPlan plan = std::move(run->plan);
  run->plan = RunPlan{};
  run->plan.graph = plan.graph;
  run->plan.webhook = plan.webhook;
  plan.config->attempt = run->record.attempt;
  plan.config->metadata["run_attempt"] = run->record.attempt;
  if (plan.config->checkpoint_metadata) {
    auto shared = std::make_shared<json::object>(*plan.config->checkpoint_metadata);
    (*shared)["run_attempt"] = run->record.attempt;
    plan.config->checkpoint_metadata = std::move(shared);
  }

  const StreamShape& shape = *run->stream->shape();
  auto bridge = std::make_shared<EngineBridge>(executor_, run->stream, storage_);
  auto side = std::make_shared<EngineSide>(
      EngineSide{std::move(plan),
                 event_kinds(shape.modes, shape.subgraphs),
                 run->record.owner,
                 run->temporary ? std::nullopt : std::optional<storage::ThreadId>(run->record.thread_id),
                 storage_,
                 settings_.store.rules,
                 clock_,
                 log_,
                 checkpoint_ids_,
                 bridge,
                 {},
                 nullptr,
                 settings_.event_bytes_max,
                 states_});
  auto noted = std::make_shared<NotedSpans>();
  if (tell_of_trace_) side->spans = [noted](runtime::Span span) { noted->add(std::move(span)); };
  const storage::Timestamp began = clock_.now();
  // One that is stored nowhere cannot be taken up by the next start.
  if (!run->temporary) run->drain = std::make_shared<runtime::DrainRequest>("the server stops");
  side->drain = run->drain;

  auto finished = std::make_shared<asio::steady_timer>(executor_, asio::steady_timer::time_point::max());
  struct Answer {
    bool arrived = false;
    std::exception_ptr error;
    std::optional<runtime::RunOutcome> outcome;
  };
  auto answer = std::make_shared<Answer>();
  auto done = [io = executor_, finished, answer](std::exception_ptr error, runtime::RunOutcome outcome) {
    asio::post(io, [finished, answer, error, outcome = std::move(outcome)]() mutable {
      answer->arrived = true;
      answer->error = error;
      if (!error) answer->outcome = std::move(outcome);
      finished->cancel();
    });
  };
  // Started on the engine's thread, because the slot of the signal belongs to it.
  auto start = [side, stop = run->stop, engine = run->engine, done = std::move(done)]() mutable {
    asio::co_spawn(engine, run_on_engine(std::move(side)), asio::bind_cancellation_slot(stop->slot(), std::move(done)));
  };
  side.reset();
  asio::post(run->engine, std::move(start));
  EngineResult result;
  if (settings_.run_seconds_max.count() > 0) finished->expires_after(settings_.run_seconds_max);
  while (!answer->arrived) {
    co_await finished->async_wait(asio::as_tuple(asio::use_awaitable));
    if (answer->arrived || asio::steady_timer::clock_type::now() < finished->expiry()) continue;
    result.is_too_late = true;
    finished->expires_at(asio::steady_timer::time_point::max());
    stop(*run);
  }

  // One that has come to its end in the last moment has its result.
  result.is_too_late = result.is_too_late && answer->error && is_cancellation(answer->error);
  if (result.is_too_late && !run->cancel) {
    result.error = took_too_long(settings_.run_seconds_max);
  } else if (answer->error) {
    if ((run->cancel || run->stop_for_restart) && is_cancellation(answer->error)) {
      result.cancelled = true;
    } else {
      result.error = told_as(answer->error);
    }
  } else {
    result.outcome = std::move(answer->outcome);
    result.error = result.outcome->error;
    result.paused = result.outcome->status == runtime::OutcomeStatus::drained;
    if (result.paused) result.error.reset();
  }
  if (tell_of_trace_) tell_of(*run, result, began, *noted);
  co_return result;
}

void EngineRunner::tell_of(const ActiveRun& run, const EngineResult& result, storage::Timestamp began,
                           NotedSpans& noted) const {
  RunTrace trace;
  trace.run_id = run.record.run_id;
  trace.thread_id = run.record.thread_id;
  trace.assistant_id = run.record.assistant_id;
  trace.graph_id = run.stream->shape()->graph_id;
  trace.attempt = run.record.attempt;
  trace.began = began;
  trace.ended = clock_.now();
  const bool asks = result.outcome && result.outcome->status == runtime::OutcomeStatus::interrupted;
  trace.status = result.error ? "error" : result.cancelled || result.paused || asks ? "interrupted" : "success";
  if (result.error) trace.error = result.error->name;
  trace.spans = std::move(noted.spans);
  trace.left_out = noted.left_out;
  tell_of_trace_(std::move(trace));
}

}  // namespace heddle::api
