#pragma once
// A JSON object of an answer with only the members that the client selected.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/object_text.h"
#include "storage/timestamp.h"

namespace heddle::api {

// Writes from its construction to end(). `out` and `select` outlive it.
class SelectedObject {
 public:
  // `select`: the keys that are written; all if empty.
  SelectedObject(std::string& out, const std::vector<std::string>& select) : object_(out), select_(select) {}

  void text(std::string_view key, std::string_view value) {
    if (shows(key)) object_.text(key, value);
  }
  void time(std::string_view key, storage::Timestamp value) { text(key, storage::to_rfc3339(value)); }
  // `value` is JSON text.
  void raw(std::string_view key, std::string_view value) {
    if (shows(key)) object_.raw(key, value);
  }
  // For members that are written whether selected or not.
  runtime::ObjectText& always() { return object_; }
  void end() { object_.end(); }

 private:
  bool shows(std::string_view key) const { return select_.empty() || std::ranges::find(select_, key) != select_.end(); }

  runtime::ObjectText object_;
  const std::vector<std::string>& select_;
};

}  // namespace heddle::api
