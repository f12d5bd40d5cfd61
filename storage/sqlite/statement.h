#pragma once
// A prepared statement that remembers where its parameters are.

#include <SQLiteCpp/Statement.h>

#include <cstddef>
#include <utility>
#include <vector>

namespace heddle::storage::sqlite {

// The name of a parameter, with its colon. A literal, so that equal addresses mean equal names.
class ParameterName {
 public:
  consteval ParameterName(const char* literal) : text_(literal) {}  // NOLINT(google-explicit-constructor)
  const char* text() const { return text_; }

 private:
  const char* text_;
};

class Statement : public SQLite::Statement {
 public:
  using SQLite::Statement::Statement;

  // SQLite looks through the names of all parameters each time, which was a fifteenth of what a durable run cost the
  // writer. Parameters are mostly bound in the same order, so the one that is asked for is the next.
  int place_of(ParameterName name) {
    for (std::size_t i = 0; i < known_.size(); ++i) {
      if (++last_ >= known_.size()) last_ = 0;
      if (known_[last_].first == name.text()) return known_[last_].second;
    }
    known_.emplace_back(name.text(), getIndex(name.text()));
    last_ = known_.size() - 1;
    return known_.back().second;
  }

 private:
  std::vector<std::pair<const char*, int>> known_;
  std::size_t last_ = 0;
};

}  // namespace heddle::storage::sqlite
