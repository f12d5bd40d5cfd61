#include "api/http/target.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace heddle::api {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

unsigned char byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

// Length of the UTF-8 sequence at the start of `text`, 0 if there is none (Unicode 15, table 3-7).
std::size_t utf8_sequence(std::string_view text) {
  const unsigned char lead = byte_at(text, 0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < length) return 0;

  // Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
  const unsigned char lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte_at(text, 1) < lowest || byte_at(text, 1) > highest) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte_at(text, i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

// The absolute form names scheme and host before the path.
std::string_view without_origin(std::string_view target) {
  if (target.starts_with('/')) return target;
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return target;
  const std::size_t path = target.find_first_of("/?", scheme + 3);
  return path == std::string_view::npos ? std::string_view() : target.substr(path);
}

}  // namespace

std::string percent_decoded(std::string_view encoded, Plus plus) {
  std::string text;
  text.reserve(encoded.size());
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    const char c = encoded[i];
    const bool has_two_more = i + 2 < encoded.size();
    const int high = c == '%' && has_two_more ? hex_digit(encoded[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(encoded[i + 2]) : -1;
    if (low >= 0) {
      text += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      text += c == '+' && plus == Plus::space ? ' ' : c;
    }
  }
  return as_utf8(std::move(text));
}

std::string as_utf8(std::string text) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::ranges::all_of(text, is_ascii)) return text;

  std::string valid;
  valid.reserve(text.size());
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t length = utf8_sequence(rest);
    valid += length > 0 ? rest.substr(0, length) : std::string_view("\xEF\xBF\xBD");
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return valid;
}

Target split_target(std::string_view target) {
  target = without_origin(target.substr(0, target.find('#')));
  Target parsed;
  const std::size_t question = target.find('?');
  if (question != std::string_view::npos) parsed.query = target.substr(question + 1);

  std::string_view path = target.substr(0, question);
  const bool ends_in_slash = path.ends_with('/');
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    if (!segment.empty()) parsed.segments.push_back(percent_decoded(segment, Plus::plus));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  parsed.trailing_slash = ends_in_slash && !parsed.segments.empty();
  return parsed;
}

}  // namespace heddle::api
