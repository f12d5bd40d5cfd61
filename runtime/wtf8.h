#pragma once
// The bytes of texts: UTF-8, and WTF-8, which is UTF-8 that can also hold lone surrogates. What reading
// and printing of JSON have in common.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heddle::runtime {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

// How many bytes at the start of `text` stand for themselves inside the quotes of JSON: ASCII without
// control characters, quote and backslash.
std::size_t plain_prefix(std::string_view text);

// What stands at a byte that is not ASCII: one character, or the bytes that are replaced by one
// U+FFFD (the longest beginning of a character, as the WHATWG decoder does), or a beginning that
// the end of the text cuts off.
struct Utf8 {
  enum class Kind { character, invalid, cut };
  Kind kind;
  std::size_t length;
};

// Precondition: `at` is inside `text` and the byte there is not ASCII.
Utf8 utf8_at(std::string_view text, std::size_t at);

// The surrogate whose WTF-8 bytes stand at `at`, if there is one.
std::optional<std::uint32_t> surrogate_at(std::string_view text, std::size_t at);

// `code` is a code point or a surrogate.
void append_wtf8(std::string& out, std::uint32_t code);

}  // namespace heddle::runtime
