#pragma once
// Paths into a thread, for lists that show one message instead of whole states (http-api.md 6.2).

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace heddle::api {

// `values.messages[-1].content`: a part of the thread, then keys and indices; a negative index counts from the
// end. A value.
class ExtractPath {
 public:
  // Nothing unless it starts with `values`, `metadata`, `config` or `interrupts` and goes on as said.
  static std::optional<ExtractPath> parse(std::string_view text);

  // Which part of the thread it starts in.
  const std::string& part() const { return part_; }
  // Where it leads inside that part; null pointer if nowhere.
  const boost::json::value* find(const boost::json::value& inside) const;

 private:
  using Step = std::variant<std::string, std::int64_t>;

  std::string part_;
  std::vector<Step> steps_;
};

}  // namespace heddle::api
