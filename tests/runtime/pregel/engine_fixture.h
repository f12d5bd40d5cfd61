#pragma once
// A thread in memory on which graphs are run, and their facts as lines of text.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/compiled_graph.h"
#include "runtime/json.h"
#include "runtime/log.h"
#include "runtime/memory_saver.h"
#include "runtime/state_api.h"
#include "runtime/state_graph.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run.h"

namespace heddle::runtime {

inline std::string text_of(const State& state) {
  std::string text;
  state.print(text);
  return text;
}

// "values {...}", "updates {...}": the way streams show them; ids in namespaces are left out.
inline void add_lines(const RunEvent& event, std::vector<std::string>& lines) {
  const auto suffix = [](const std::string& checkpoint_ns) {
    std::string shown;
    for (std::size_t at = 0; at < checkpoint_ns.size();) {
      std::size_t end = checkpoint_ns.find('|', at);
      if (end == std::string::npos) end = checkpoint_ns.size();
      const std::string segment = checkpoint_ns.substr(at, end - at);
      shown += "|" + segment.substr(0, segment.find(':'));
      at = end + 1;
    }
    return shown;
  };
  const auto interrupts = [](const std::vector<Interrupt>& list) {
    json::array values;
    for (const Interrupt& interrupt : list) values.push_back(interrupt.value);
    return to_text(values);
  };
  const auto input_text = [](const std::variant<State, Value>& input) {
    return std::holds_alternative<State>(input) ? text_of(std::get<State>(input)) : std::get<Value>(input).text();
  };
  if (const auto* fact = std::get_if<ValuesFact>(&event)) {
    lines.push_back("values" + suffix(fact->checkpoint_ns) + " " + text_of(fact->values));
  } else if (const auto* update = std::get_if<UpdateFact>(&event)) {
    lines.push_back("updates" + suffix(update->checkpoint_ns) + " " + update->node + " " + to_text(update->writes) +
                    (update->cached ? " cached" : ""));
  } else if (const auto* interrupt = std::get_if<InterruptFact>(&event)) {
    lines.push_back("interrupt" + suffix(interrupt->checkpoint_ns) + " " + interrupts(interrupt->interrupts));
  } else if (const auto* start = std::get_if<TaskStartFact>(&event)) {
    std::string triggers;
    for (const std::string& trigger : start->triggers) triggers += " " + trigger;
    lines.push_back("task" + suffix(start->checkpoint_ns) + " " + std::to_string(start->step) + " " + start->name +
                    " " + input_text(start->input) + triggers);
  } else if (const auto* end = std::get_if<TaskEndFact>(&event)) {
    lines.push_back("result" + suffix(end->checkpoint_ns) + " " + std::to_string(end->step) + " " + end->name + " " +
                    to_text(end->result) + (end->interrupts.empty() ? "" : " asks " + interrupts(end->interrupts)) +
                    (end->error ? " " + end->error->name + ": " + end->error->message : ""));
  } else if (const auto* checkpoint = std::get_if<CheckpointFact>(&event)) {
    std::string next;
    for (const std::string& node : checkpoint->next) next += " " + node;
    lines.push_back("checkpoint" + suffix(checkpoint->checkpoint_ns) + " " +
                    std::string(to_text(checkpoint->metadata.source)) + ":" +
                    std::to_string(checkpoint->metadata.step) + " " + text_of(checkpoint->values) + next);
  } else if (const auto* custom = std::get_if<CustomFact>(&event)) {
    lines.push_back("custom" + suffix(custom->checkpoint_ns) + " " + to_text(custom->value));
  } else if (const auto* message = std::get_if<MessageFact>(&event)) {
    lines.push_back("message" + suffix(message->checkpoint_ns) + (message->piece ? " piece " : " whole ") +
                    message_text(message->message) + (message->hidden_from_tuple ? " hidden" : ""));
  } else if (const auto* tool = std::get_if<ToolFact>(&event)) {
    lines.push_back("tool" + suffix(tool->checkpoint_ns) + " " + tool->event + " " + tool->name + " " +
                    to_text(tool->data));
  } else if (const auto* trace = std::get_if<TraceFact>(&event)) {
    lines.push_back("trace " + trace->event + " " + trace->name);
  }
}

using Graph = std::shared_ptr<const CompiledGraph>;

struct ThreadFixture {
  boost::asio::io_context io;
  test::ManualClock clock;
  CheckpointIds ids;
  MemorySaver memory;
  CheckpointSaver* saver = &memory;

  EventKinds kinds = [] {
    EventKinds wanted;
    wanted.updates = true;
    return wanted;
  }();
  Durability durability = Durability::async;
  RunConfig config;
  std::vector<std::string> lines;  // of the last run
  std::vector<RunEvent> facts;     // of the last run
  SpanSink spans{};
  std::vector<std::string> warnings;  // of all runs, without their times
  Log run_log{clock, LogLevel::warning, [this](std::string_view line) {
                json::object entry = parse_json(line).as_object();
                entry.stable_erase(entry.find("time"));
                warnings.push_back(to_text(entry));
              }};
  std::optional<Breakpoints> before;
  std::optional<Breakpoints> after;
  bool strict_resume = false;
  std::shared_ptr<DrainRequest> drain;

  boost::asio::awaitable<RunOutcome> start(Graph graph, RunInput input, std::optional<CheckpointAddress> from = {}) {
    lines.clear();
    facts.clear();
    EventSink sink = [this](RunEvent event) {
      add_lines(event, lines);
      facts.push_back(std::move(event));
    };
    RunOptions options;
    options.input = std::move(input);
    options.from = std::move(from);
    options.config = std::make_shared<const RunConfig>(config);
    options.kinds = kinds;
    options.durability = durability;
    if (before) options.interrupt_before = std::make_shared<const Breakpoints>(*before);
    if (after) options.interrupt_after = std::make_shared<const Breakpoints>(*after);
    options.strict_resume = strict_resume;
    options.drain = drain;
    const RunServices services{saver, nullptr, clock, ids, std::move(sink), spans, &run_log};
    RunOutcome outcome = co_await graph->run(std::move(options), services);
    co_return outcome;
  }

  RunOutcome run(const Graph& graph, RunInput input, std::optional<CheckpointAddress> from = {}) {
    return test::run(io, start(graph, std::move(input), std::move(from)));
  }
  RunOutcome input(const Graph& graph, std::string_view text) { return run(graph, GraphInput{parse_json(text)}); }
  RunOutcome resume(const Graph& graph, json::value answer) {
    Command command;
    command.resume = std::move(answer);
    return run(graph, std::move(command));
  }
  RunOutcome go_on(const Graph& graph) { return run(graph, NoInput{}); }

  StateSnapshot state(const Graph& graph, CheckpointAddress address = {}) {
    return test::run(io, get_state(*graph, *saver, std::move(address), Subgraphs::as_pointer));
  }
  std::vector<StateSnapshot> history(const Graph& graph, std::string checkpoint_ns = "") {
    HistoryQuery query;
    query.checkpoint_ns = std::move(checkpoint_ns);
    query.limit = 100;
    return test::run(io, get_history(*graph, *saver, std::move(query)));
  }
  // "loop:2 input:-1 ...", newest first.
  std::string steps(const Graph& graph) {
    std::string text;
    for (const StateSnapshot& snapshot : history(graph)) {
      if (!text.empty()) text += " ";
      text += std::string(to_text(snapshot.metadata->source)) + ":" + std::to_string(snapshot.metadata->step);
    }
    return text;
  }
  CheckpointAddress address_at(const Graph& graph, std::int64_t step) {
    for (const StateSnapshot& snapshot : history(graph)) {
      if (snapshot.metadata->step == step) return *snapshot.checkpoint;
    }
    return {};
  }
  CheckpointAddress update(const Graph& graph, std::string_view values, std::optional<std::string> as_node = {},
                           CheckpointAddress address = {}) {
    std::vector<StateUpdate> updates;
    updates.push_back({parse_json(values), std::move(as_node)});
    std::vector<std::vector<StateUpdate>> supersteps;
    supersteps.push_back(std::move(updates));
    return update_all(graph, std::move(supersteps), std::move(address));
  }
  CheckpointAddress update_all(const Graph& graph, std::vector<std::vector<StateUpdate>> supersteps,
                               CheckpointAddress address = {}) {
    const UpdateServices services{*saver, clock, ids, nullptr, nullptr};
    return test::run(io, update_state(*graph, services, std::move(address), std::move(supersteps)));
  }
};

using Lines = std::vector<std::string>;

}  // namespace heddle::runtime
