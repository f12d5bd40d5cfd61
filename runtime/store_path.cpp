#include "runtime/store_path.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "runtime/json.h"

namespace heddle::runtime {
namespace {

// Paths are written by hand; a longer one is a mistake.
constexpr std::size_t kStepsMax = 32;
constexpr std::ptrdiff_t kCharactersMax = 1'000;

// Of UTF-8.
std::ptrdiff_t characters_in(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

std::string_view taken_until(std::string_view& text, std::string_view ends) {
  const std::string_view taken = text.substr(0, text.find_first_of(ends));
  text.remove_prefix(taken.size());
  return taken;
}

}  // namespace

std::optional<StorePath> StorePath::parse(std::string_view text) {
  StorePath path;
  if (text == "$") return path;
  if (characters_in(text) > kCharactersMax) return std::nullopt;
  if (text.starts_with("$.")) text.remove_prefix(2);
  bool wants_key = true;
  while (!text.empty() || wants_key) {
    if (path.steps_.size() >= kStepsMax) return std::nullopt;
    if (wants_key) {
      const std::string_view key = taken_until(text, ".[");
      if (key.empty() || key.find(']') != std::string_view::npos) return std::nullopt;
      path.steps_.emplace_back(std::string(key));
      wants_key = false;
      continue;
    }
    if (text.front() == '.') {
      text.remove_prefix(1);
      wants_key = true;
      continue;
    }
    if (text.front() != '[') return std::nullopt;
    text.remove_prefix(1);
    const std::string_view inside = taken_until(text, "]");
    if (text.empty()) return std::nullopt;
    text.remove_prefix(1);
    std::int64_t index = 0;
    const auto [end, error] = std::from_chars(inside.data(), inside.data() + inside.size(), index);
    const bool is_index = error == std::errc() && end == inside.data() + inside.size();
    if (!is_index && inside != "*") return std::nullopt;
    path.steps_.push_back(is_index ? Step(index) : Step(EveryElement{}));
  }
  return path;
}

std::vector<std::string> StorePath::texts_in(const json::value& value, std::size_t most) const {
  std::vector<std::string> texts;
  collect(value, 0, most, texts);
  return texts;
}

void StorePath::collect(const json::value& value, std::size_t step, std::size_t most,
                        std::vector<std::string>& texts) const {
  if (texts.size() >= most || value.is_null()) return;
  if (step == steps_.size()) {
    texts.push_back(value.is_string() ? std::string(value.get_string()) : to_text(value));
    return;
  }
  if (const auto* key = std::get_if<std::string>(&steps_[step])) {
    const json::value* member = find_member(value, *key);
    if (member != nullptr) collect(*member, step + 1, most, texts);
    return;
  }
  if (!value.is_array()) return;
  const json::array& list = value.get_array();
  if (const auto* index = std::get_if<std::int64_t>(&steps_[step])) {
    const auto size = static_cast<std::int64_t>(list.size());
    const std::int64_t place = *index < 0 ? *index + size : *index;
    if (place >= 0 && place < size) collect(list[static_cast<std::size_t>(place)], step + 1, most, texts);
    return;
  }
  for (const json::value& element : list) collect(element, step + 1, most, texts);
}

}  // namespace heddle::runtime
