#pragma once
// The state as a node or a client sees it: named values, in the order of their declaration. That of a workflow is its
// result, which may be any value.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/value.h"

namespace heddle::runtime {

class SplicedText;

// A value: copying it copies pointers. Keys without a value are absent.
class State {
 public:
  using Member = std::pair<std::string, Value>;

  State() = default;
  explicit State(std::vector<Member> members) : members_(std::move(members)) {}
  // Of an object; anything else gives an empty state.
  static State of(const json::value& object);
  // Of a result of a workflow, which may be any value: what is no object is held whole and has no members.
  static State result(Value value);

  bool has(std::string_view key) const;
  // Null for a key that is absent.
  const Value& operator[](std::string_view key) const;

  // Short forms for the common kinds; the fallback stands for absent, null and another kind.
  std::string text(std::string_view key, std::string_view fallback = "") const;
  std::int64_t integer(std::string_view key, std::int64_t fallback = 0) const;
  double number(std::string_view key, double fallback = 0) const;
  bool truth(std::string_view key, bool fallback = false) const;

  const std::vector<Member>& members() const { return members_; }
  // The value if it is no object; null pointer if it is one.
  const Value* whole() const { return whole_ ? &*whole_ : nullptr; }
  bool empty() const { return members_.empty() && !whole_; }
  void set(std::string key, Value value);  // replaces in place or appends

  void print(std::string& out) const;  // appends compact JSON
  void print(SplicedText& out) const;  // the same; what is large and held as text is spliced in
  json::object to_json() const;        // of the members; deep copy
  json::value to_value() const;        // also of one that is no object; deep copy

 private:
  template <class Out>
  void print_members(std::string& printed, Out& out) const;

  std::vector<Member> members_;
  std::optional<Value> whole_;
};

}  // namespace heddle::runtime
