#pragma once
// The kinds of settings: how a value of each is read, written and documented. For the parts of the table.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "api/settings_table.h"

namespace heddle::api::setting_kinds {

using Values = std::vector<std::string>;

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

// Exactly one value of decimal digits within the range; no sign, no blank, no unit.
inline std::int64_t number_from(const Values& values, std::int64_t min, std::int64_t max, const std::string& allowed) {
  const SettingError refused("allowed is a whole number, " + allowed);
  if (values.size() != 1) throw refused;
  const std::string& text = values.front();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) throw refused;
  if (number < min || number > max) throw refused;
  return number;
}

template <class Target>
Target number_as(std::int64_t number) {
  if constexpr (std::is_integral_v<Target>) {
    return static_cast<Target>(number);
  } else {
    return Target(number);  // a duration in its own unit
  }
}

template <class Target>
std::string number_text(const Target& value) {
  if constexpr (std::is_integral_v<Target>) {
    return std::to_string(value);
  } else {
    return std::to_string(value.count());
  }
}

struct Naming {
  std::string name;
  std::string key;
  std::string unit = {};
};

// `field`: from ServerSettings to the member, a number or a duration of <chrono>.
template <class Field>
Setting number(Naming naming, std::int64_t min, std::int64_t max, std::string reason, Field field) {
  using Target = std::remove_reference_t<std::invoke_result_t<Field, ServerSettings&>>;
  const std::string allowed = std::to_string(min) + " to " + std::to_string(max);
  ServerSettings defaults;
  auto apply = [=](ServerSettings& settings, const Values& values) {
    field(settings) = number_as<Target>(number_from(values, min, max, allowed));
  };
  return {naming.name, naming.key, SettingForm::number, allowed, naming.unit, number_text(field(defaults)),
          reason,      apply};
}

// `on_value`: what the member is when the setting is `true`.
template <class Field>
Setting on_off(Naming naming, std::string reason, Field field, bool on_value = true) {
  ServerSettings defaults;
  const std::string default_value = field(defaults) == on_value ? "true" : "false";
  auto apply = [=](ServerSettings& settings, const Values& values) {
    const bool known = values.size() == 1 && (values.front() == "true" || values.front() == "false");
    if (!known) throw SettingError("allowed are `true` and `false`");
    field(settings) = (values.front() == "true") == on_value;
  };
  return {naming.name, naming.key, SettingForm::on_off, "true or false", naming.unit, default_value, reason, apply};
}

template <class Choice>
using Choices = std::vector<std::pair<std::string, Choice>>;

template <class Choice, class Field>
Setting choice(Naming naming, Choices<Choice> choices, std::string reason, Field field) {
  ServerSettings defaults;
  std::string allowed;
  std::string default_value;
  for (const auto& [name, value] : choices) {
    if (!allowed.empty()) allowed += name == choices.back().first ? " or " : ", ";
    allowed += name;
    if (value == field(defaults)) default_value = name;
  }
  auto apply = [=](ServerSettings& settings, const Values& values) {
    const auto chosen = std::ranges::find_if(
        choices, [&](const auto& entry) { return values.size() == 1 && entry.first == values.front(); });
    if (chosen == choices.end()) throw SettingError("allowed is " + allowed);
    field(settings) = chosen->second;
  };
  return {naming.name, naming.key, SettingForm::text, allowed, naming.unit, default_value, reason, apply};
}

using ApplyText = std::function<void(ServerSettings&, const std::string&)>;

inline Setting text(Naming naming, std::string allowed, std::string default_value, std::string reason, ApplyText take) {
  auto apply = [=](ServerSettings& settings, const Values& values) {
    if (values.size() != 1) throw SettingError("allowed is " + allowed);
    take(settings, values.front());
  };
  return {naming.name, naming.key, SettingForm::text, allowed, naming.unit, default_value, reason, apply};
}

inline std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

enum class Letters { as_given, lower };

template <class Field>
Setting list(Naming naming, std::string allowed, std::string reason, Field field, Letters letters = Letters::as_given) {
  ServerSettings defaults;
  std::string default_value;
  for (const std::string& entry : field(defaults)) default_value += (default_value.empty() ? "" : ",") + entry;
  auto apply = [=](ServerSettings& settings, const Values& values) {
    Values taken;
    for (const std::string& value : values) {
      if (value.empty()) throw SettingError("allowed are " + allowed + ", none of them empty");
      taken.push_back(letters == Letters::lower ? lower(value) : value);
    }
    field(settings) = std::move(taken);
  };
  return {naming.name, naming.key, SettingForm::list, allowed, naming.unit, default_value, reason, apply};
}

template <class Entry, class Field>
Setting parsed_list(Naming naming, std::string allowed, std::string reason, Field field,
                    std::function<std::optional<Entry>(const std::string&)> parse,
                    SettingForm form = SettingForm::list) {
  auto apply = [=](ServerSettings& settings, const Values& values) {
    std::vector<Entry> taken;
    for (const std::string& value : values) {
      std::optional<Entry> entry = parse(value);
      if (!entry) throw SettingError("allowed are " + allowed);
      taken.push_back(std::move(*entry));
    }
    field(settings) = std::move(taken);
  };
  return {naming.name, naming.key, form, allowed, naming.unit, "", reason, apply};
}

}  // namespace heddle::api::setting_kinds
