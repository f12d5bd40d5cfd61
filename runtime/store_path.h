#pragma once
// Where in the value of an item the texts are that its meaning is taken from (http-api.md 13.6).

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace heddle::runtime {

// `$` is the whole value, `a.b` a member, `list[*].x` the member of every element, `list[0]` and `list[-1]` one
// element. A value.
class StorePath {
 public:
  // Nothing if it is none, or has more than 1000 characters or 32 steps.
  static std::optional<StorePath> parse(std::string_view text);
  static StorePath whole() { return {}; }

  // What stands there, in order: texts as they are, numbers, truth values, objects and lists as JSON. What is not there
  // or null gives nothing. Stops with `most` texts.
  std::vector<std::string> texts_in(const boost::json::value& value, std::size_t most) const;

 private:
  struct EveryElement {};
  using Step = std::variant<std::string, std::int64_t, EveryElement>;

  void collect(const boost::json::value& value, std::size_t step, std::size_t most,
               std::vector<std::string>& texts) const;

  std::vector<Step> steps_;
};

}  // namespace heddle::runtime
