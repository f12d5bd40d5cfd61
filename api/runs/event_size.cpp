#include "api/runs/event_size.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <variant>

namespace heddle::api {
namespace {

namespace json = boost::json;

constexpr std::size_t kScalarBytes = 4;     // true, null, most numbers
constexpr std::size_t kSeparatorBytes = 2;  // what stands around a text, and around a list

// What is left of an allowance, once values have been taken from it.
class Allowance {
 public:
  explicit Allowance(std::size_t bytes) : left_(bytes) {}

  bool is_used_up() const { return is_used_up_; }

  // Each of them returns at once when nothing is left.
  void take(const json::value& value) {
    if (const json::string* text = value.if_string()) return take_bytes(text->size() + kSeparatorBytes);
    if (const json::object* object = value.if_object()) return take(*object);
    if (const json::array* list = value.if_array()) return take(*list);
    take_bytes(kScalarBytes);
  }
  void take(const json::object& object) {
    take_bytes(kSeparatorBytes);
    for (const json::key_value_pair& member : object) {
      if (is_used_up_) return;
      take_bytes(member.key().size() + 2 * kSeparatorBytes);
      take(member.value());
    }
  }
  void take(const json::array& list) {
    take_bytes(kSeparatorBytes);
    for (const json::value& element : list) {
      if (is_used_up_) return;
      take(element);
    }
  }
  void take(const std::vector<runtime::Interrupt>& interrupts) {
    for (const runtime::Interrupt& interrupt : interrupts) take(interrupt.value);
  }

 private:
  void take_bytes(std::size_t bytes) {
    is_used_up_ = is_used_up_ || bytes > left_;
    left_ -= std::min(bytes, left_);
  }

  std::size_t left_;
  bool is_used_up_ = false;
};

// The parts of an event that are not of the state.
struct Taking {
  Allowance& allowance;

  void operator()(const runtime::CheckpointFact&) const {}
  void operator()(const runtime::ValuesFact&) const {}
  void operator()(const runtime::UpdateFact& fact) const { allowance.take(fact.writes); }
  void operator()(const runtime::InterruptFact& fact) const { allowance.take(fact.interrupts); }
  void operator()(const runtime::TaskStartFact&) const {}
  void operator()(const runtime::TaskEndFact& fact) const {
    allowance.take(fact.result);
    allowance.take(fact.interrupts);
  }
  void operator()(const runtime::MessageFact& fact) const { allowance.take(fact.message); }
  void operator()(const runtime::CustomFact& fact) const { allowance.take(fact.value); }
  void operator()(const runtime::ToolFact& fact) const { allowance.take(fact.data); }
  void operator()(const runtime::TraceFact& fact) const { allowance.take(fact.data); }
};

}  // namespace

bool is_larger_than(std::size_t bytes_max, const runtime::RunEvent& event) {
  Allowance allowance(bytes_max);
  std::visit(Taking{allowance}, event);
  return allowance.is_used_up();
}

}  // namespace heddle::api
