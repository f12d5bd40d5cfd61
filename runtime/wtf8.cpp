#include "runtime/wtf8.h"

#include <bit>
#include <cstring>

namespace heddle::runtime {

namespace {

template <class Word>
Word word_at(std::string_view text, std::size_t at) {
  Word word = 0;
  std::memcpy(&word, text.data() + at, sizeof(word));
  return word;
}

// Marks the bytes that are not plain with their highest bits: none if all are. Of marks above the lowest one some may
// be wrong.
std::uint64_t others_in(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  const auto has_zero = [](std::uint64_t bytes) { return (bytes - kOnes) & ~bytes & kHighs; };
  const std::uint64_t control = (word - kOnes * 0x20) & ~word & kHighs;
  return (word & kHighs) | control | has_zero(word ^ (kOnes * '"')) | has_zero(word ^ (kOnes * '\\'));
}

std::size_t plain_prefix_by_byte(std::string_view text, std::size_t at) {
  for (; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') break;
  }
  return at;
}

}  // namespace

// Eight bytes at a time, because texts are most of what is read.
std::size_t plain_prefix(std::string_view text) {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  constexpr std::size_t kHalf = sizeof(std::uint32_t);
  const std::size_t size = text.size();
  std::size_t at = 0;
  for (; size - at >= kWord; at += kWord) {
    const std::uint64_t others = others_in(word_at<std::uint64_t>(text, at));
    if (others == 0) continue;
    if constexpr (std::endian::native != std::endian::little) break;
    return at + static_cast<std::size_t>(std::countr_zero(others)) / 8;
  }
  // Most texts are short, so what is left is looked at together as well, with some bytes for the second time.
  if (size >= kWord) {
    if (at == size || others_in(word_at<std::uint64_t>(text, size - kWord)) == 0) return size;
  } else if (size >= kHalf) {
    const std::uint64_t first = word_at<std::uint32_t>(text, 0);
    const std::uint64_t last = word_at<std::uint32_t>(text, size - kHalf);
    if (others_in(first | last << 32) == 0) return size;
  }
  return plain_prefix_by_byte(text, at);
}

Utf8 utf8_at(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;  // surrogates are no characters
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {Utf8::Kind::invalid, 1};
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (at + i == text.size()) return {Utf8::Kind::cut, i};
    const auto byte = static_cast<unsigned char>(text[at + i]);
    if (byte < low || byte > high) return {Utf8::Kind::invalid, i};
    low = 0x80;
    high = 0xBF;
  }
  return {Utf8::Kind::character, length};
}

std::optional<std::uint32_t> surrogate_at(std::string_view text, std::size_t at) {
  if (text.size() - at < 3) return std::nullopt;
  const auto first = static_cast<unsigned char>(text[at]);
  const auto second = static_cast<unsigned char>(text[at + 1]);
  const auto third = static_cast<unsigned char>(text[at + 2]);
  if (first != 0xED || second < 0xA0 || second > 0xBF || third < 0x80 || third > 0xBF) return std::nullopt;
  return 0xD000u | (second & 0x3Fu) << 6 | (third & 0x3Fu);
}

void append_wtf8(std::string& out, std::uint32_t code) {
  const auto byte = [&out](std::uint32_t bits) { out.push_back(static_cast<char>(static_cast<unsigned char>(bits))); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6);
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3F));
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

}  // namespace heddle::runtime
