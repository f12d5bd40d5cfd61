#include "graphs/retry_after.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace heddle::graphs {

using std::chrono::milliseconds;

std::optional<milliseconds> retry_after_of(const HttpHead& head) {
  auto number = [&](std::string_view name, double unit_ms) -> std::optional<milliseconds> {
    const std::optional<std::string_view> text = head.find(name);
    if (!text) return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    constexpr double kDayMs = 86'400'000;
    if (error != std::errc() || end != text->data() + text->size() || !(value >= 0)) return std::nullopt;
    return milliseconds(static_cast<std::int64_t>(std::min(value * unit_ms, kDayMs)));
  };
  const std::optional<milliseconds> exact = number("retry-after-ms", 1);
  return exact ? exact : number("retry-after", 1000);
}

}  // namespace heddle::graphs
