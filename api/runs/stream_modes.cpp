#include "api/runs/stream_modes.h"

#include <array>
#include <utility>

namespace heddle::api {
namespace {

constexpr std::array<std::pair<std::string_view, StreamMode>, 10> kNames{{
    {"values", StreamMode::values},
    {"messages", StreamMode::messages},
    {"messages-tuple", StreamMode::messages_tuple},
    {"updates", StreamMode::updates},
    {"events", StreamMode::events},
    {"tasks", StreamMode::tasks},
    {"checkpoints", StreamMode::checkpoints},
    {"debug", StreamMode::debug},
    {"custom", StreamMode::custom},
    {"tools", StreamMode::tools},
}};

}  // namespace

std::optional<StreamMode> stream_mode(std::string_view name) {
  for (const auto& [known, mode] : kNames) {
    if (known == name) return mode;
  }
  return std::nullopt;
}

std::string stream_mode_names() {
  std::string names;
  for (const auto& [known, mode] : kNames) names += (names.empty() ? "" : ", ") + std::string(known);
  return names;
}

runtime::EventKinds event_kinds(StreamModes modes, bool subgraphs) {
  runtime::EventKinds kinds;
  // The old `messages` mode finds whole messages in the values (streaming.md 3.5).
  kinds.values = modes.has(StreamMode::values) || modes.has(StreamMode::messages);
  kinds.updates = modes.has(StreamMode::updates);
  kinds.messages = modes.has(StreamMode::messages) || modes.has(StreamMode::messages_tuple);
  kinds.custom = modes.has(StreamMode::custom);
  kinds.tasks = modes.has(StreamMode::tasks) || modes.has(StreamMode::debug);
  kinds.checkpoints = modes.has(StreamMode::checkpoints) || modes.has(StreamMode::debug);
  kinds.tools = modes.has(StreamMode::tools);
  kinds.traces = modes.has(StreamMode::events);
  kinds.subgraphs = subgraphs;
  return kinds;
}

}  // namespace heddle::api
