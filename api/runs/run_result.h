#pragma once
// What wait and join answer for a run that has ended (http-api.md 9.2).

#include <string>
#include <utility>

#include "runtime/error.h"
#include "runtime/state.h"
#include "runtime/state_graph.h"

namespace heddle::api {

// A text, or a state that becomes one when somebody asks: most runs are streamed, and a state may be large.
class RunResult {
 public:
  RunResult() = default;
  RunResult(std::string text) : text_(std::move(text)) {}  // NOLINT: implicit, most results are given as they are told
  RunResult(const char* text) : text_(text) {}             // NOLINT: the same
  explicit RunResult(runtime::State values) : values_(std::move(values)) {}

  // Made once, however many wait. One thread at a time.
  const std::string& text() const {
    if (text_.empty()) values_.print(text_);
    return text_;
  }

 private:
  mutable std::string text_;  // empty: the values are the result
  runtime::State values_;
};

RunResult result_of(const runtime::RunOutcome& outcome);
RunResult result_of(const runtime::ErrorInfo& error);

}  // namespace heddle::api
