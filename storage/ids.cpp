#include "storage/ids.h"

#include <cstring>

namespace heddle::storage {
namespace {

constexpr std::size_t kTextLength = 36;

bool hyphen_belongs_at(std::size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

std::optional<unsigned> hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a') + 10;
  if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A') + 10;
  return std::nullopt;
}

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != kTextLength) return std::nullopt;
  Uuid parsed;
  std::size_t digits = 0;
  for (std::size_t position = 0; position < kTextLength; ++position) {
    if (hyphen_belongs_at(position)) {
      if (text[position] != '-') return std::nullopt;
      continue;
    }
    const std::optional<unsigned> value = hex_value(text[position]);
    if (!value) return std::nullopt;
    std::uint8_t& byte = parsed.bytes[digits / 2];
    byte = static_cast<std::uint8_t>(byte * 16U + *value);
    ++digits;
  }
  return parsed;
}

std::string Uuid::text() const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  // Of its full length from the beginning: ids are told some forty times per run.
  std::string text(kTextLength, '-');
  std::size_t position = 0;
  for (const std::uint8_t byte : bytes) {
    if (hyphen_belongs_at(position)) ++position;
    text[position++] = kDigits[byte >> 4];
    text[position++] = kDigits[byte & 15];
  }
  return text;
}

}  // namespace heddle::storage

std::size_t std::hash<heddle::storage::Uuid>::operator()(const heddle::storage::Uuid& id) const noexcept {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, id.bytes.data(), sizeof high);
  std::memcpy(&low, id.bytes.data() + sizeof high, sizeof low);
  // Ids of one millisecond share their first half, so both halves have to count.
  return static_cast<std::size_t>(high ^ (low * 0x9e3779b97f4a7c15U));
}
