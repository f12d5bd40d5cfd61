#include "api/auth/hex.h"

#include <catch2/catch.hpp>
#include <string>

namespace heddle::api {
namespace {

TEST_CASE("Bytes become two lower digits each, and come back from digits in either case") {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  const std::string digits = hex_of(bytes);
  CHECK(digits.starts_with("000102"));
  CHECK(digits.ends_with("fdfeff"));
  CHECK(hex_decoded(digits) == bytes);
  CHECK(hex_decoded("0aFf") == std::string("\x0A\xFF"));
  CHECK(hex_decoded("") == "");
}

TEST_CASE("What is no whole number of bytes in hex is refused") {
  for (const std::string wrong : {"a", "abc", "0g", "0x", " 0", "a\xC3"}) CHECK_FALSE(hex_decoded(wrong));
}

}  // namespace
}  // namespace heddle::api
