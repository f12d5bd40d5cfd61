#include "runtime/wtf8.h"

#include <catch2/catch.hpp>
#include <string>

using heddle::runtime::plain_prefix;

TEST_CASE("The plain beginning of a text ends before the first other byte, whatever it is and wherever it stands") {
  constexpr std::size_t kLengthMax = 26;  // three words and some
  std::size_t wrong = 0;
  for (std::size_t length = 0; length <= kLengthMax; ++length) {
    for (std::size_t place = 0; place < length; ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        const bool is_plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
        std::string text(length, 'x');
        text[place] = static_cast<char>(byte);
        if (plain_prefix(text) != (is_plain ? length : place)) ++wrong;
        // A second one behind it must not hide the first.
        text.back() = '\n';
        const std::size_t expected = is_plain || place + 1 == length ? length - 1 : place;
        if (plain_prefix(text) != expected) ++wrong;
      }
    }
    CHECK(plain_prefix(std::string(length, '~')) == length);
  }
  CHECK(wrong == 0);
}
