#pragma once
// The stream modes of a run, as a set (streaming.md 2.1).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/run_event.h"

namespace heddle::api {

enum class StreamMode : std::uint16_t {
  values = 1,
  messages = 2,
  messages_tuple = 4,
  updates = 8,
  events = 16,
  tasks = 32,
  checkpoints = 64,
  debug = 128,
  custom = 256,
  tools = 512,
};

// A set of modes; a value. Empty: none.
class StreamModes {
 public:
  StreamModes() = default;
  bool has(StreamMode mode) const { return (bits_ & static_cast<std::uint16_t>(mode)) != 0; }
  void add(StreamMode mode) { bits_ = static_cast<std::uint16_t>(bits_ | static_cast<std::uint16_t>(mode)); }
  bool empty() const { return bits_ == 0; }

 private:
  std::uint16_t bits_ = 0;
};

// Nothing for an unknown name.
std::optional<StreamMode> stream_mode(std::string_view name);
// All names, for error texts.
std::string stream_mode_names();

// Which facts the engine has to make for these modes.
runtime::EventKinds event_kinds(StreamModes modes, bool subgraphs);

}  // namespace heddle::api
