#pragma once
// The text of an event stream, taken apart.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::test {

struct SeenEvent {
  std::string name;
  std::string data;
  std::string id;
  bool operator==(const SeenEvent&) const = default;
};

// The events in the text of a stream, comments left out.
inline std::vector<SeenEvent> events_of(std::string_view text) {
  std::vector<SeenEvent> events;
  SeenEvent event;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with("event: ")) event.name = line.substr(7);
    if (line.starts_with("data: ")) event.data = line.substr(6);
    if (line.starts_with("id: ")) event.id = line.substr(4);
    if (!line.empty() || event.name.empty()) continue;
    events.push_back(std::move(event));
    event = {};
  }
  return events;
}

}  // namespace heddle::test
