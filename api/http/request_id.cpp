#include "api/http/request_id.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>

namespace heddle::api {
namespace {

constexpr std::size_t kBytesMax = 128;  // it is repeated in every line of the log about the request

bool is_usable(std::string_view text) {
  const auto is_printable = [](char c) { return c > ' ' && c <= '~'; };
  return !text.empty() && text.size() <= kBytesMax && std::ranges::all_of(text, is_printable);
}

}  // namespace

std::string request_id_for(const Headers& headers, std::mt19937_64& random) {
  const std::optional<std::string_view> sent = headers.find("x-request-id");
  if (sent && is_usable(*sent)) return std::string(*sent);

  const std::uint64_t high = (random() & ~std::uint64_t{0xF000}) | 0x4000;
  const std::uint64_t low = (random() >> 2) | (std::uint64_t{1} << 63);
  std::array<char, 37> text{};
  std::snprintf(text.data(), text.size(), "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>(high >> 16 & 0xFFFF), static_cast<unsigned>(high & 0xFFFF),
                static_cast<unsigned>(low >> 48), static_cast<unsigned long long>(low & 0xFFFF'FFFF'FFFF));
  return std::string(text.data());
}

}  // namespace heddle::api
