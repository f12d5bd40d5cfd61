#include "runtime/state.h"

#include <algorithm>

#include "runtime/json.h"
#include "runtime/spliced_text.h"

namespace heddle::runtime {
namespace {

auto find_in(const std::vector<State::Member>& members, std::string_view key) {
  return std::find_if(members.begin(), members.end(), [&](const State::Member& member) { return member.first == key; });
}

}  // namespace

State State::of(const json::value& object) {
  State state;
  const json::object* members = object.if_object();
  if (!members) return state;
  state.members_.reserve(members->size());
  for (const auto& [key, value] : *members) state.members_.emplace_back(key, value);
  return state;
}

State State::result(Value value) {
  if (!value.is_list() && value.json().is_object()) return of(value.json());
  State state;
  state.whole_ = std::move(value);
  return state;
}

bool State::has(std::string_view key) const {
  return find_in(members_, key) != members_.end();
}

const Value& State::operator[](std::string_view key) const {
  static const Value null;
  const auto found = find_in(members_, key);
  return found == members_.end() ? null : found->second;
}

std::string State::text(std::string_view key, std::string_view fallback) const {
  const Value& value = (*this)[key];
  if (value.is_list()) return std::string(fallback);
  const json::string* text = value.json().if_string();
  return std::string(text ? std::string_view(*text) : fallback);
}

std::int64_t State::integer(std::string_view key, std::int64_t fallback) const {
  const Value& value = (*this)[key];
  if (value.is_list()) return fallback;
  boost::system::error_code not_exact;
  const std::int64_t integer = value.json().to_number<std::int64_t>(not_exact);
  return not_exact ? fallback : integer;
}

double State::number(std::string_view key, double fallback) const {
  const Value& value = (*this)[key];
  if (value.is_list()) return fallback;
  boost::system::error_code not_a_number;
  const double number = value.json().to_number<double>(not_a_number);
  return not_a_number ? fallback : number;
}

bool State::truth(std::string_view key, bool fallback) const {
  const Value& value = (*this)[key];
  if (value.is_list()) return fallback;
  const bool* truth = value.json().if_bool();
  return truth ? *truth : fallback;
}

void State::set(std::string key, Value value) {
  whole_.reset();
  const auto found = find_in(members_, key);
  if (found == members_.end()) {
    members_.emplace_back(std::move(key), std::move(value));
    return;
  }
  members_[static_cast<std::size_t>(found - members_.begin())].second = std::move(value);
}

void State::print(std::string& out) const {
  print_members(out, out);
}

void State::print(SplicedText& out) const {
  print_members(out.printed(), out);
}

// `printed`: `out`, or what is printed of it.
template <class Out>
void State::print_members(std::string& printed, Out& out) const {
  if (whole_) return whole_->print(out);
  printed += '{';
  bool first = true;
  for (const auto& [key, value] : members_) {
    if (!first) printed += ',';
    first = false;
    print_json_string(key, printed);
    printed += ':';
    value.print(out);
  }
  printed += '}';
}

json::value State::to_value() const {
  if (whole_) return whole_->json();
  return to_json();
}

json::object State::to_json() const {
  json::object object;
  object.reserve(members_.size());
  for (const auto& [key, value] : members_) object[key] = value.json();
  return object;
}

}  // namespace heddle::runtime
