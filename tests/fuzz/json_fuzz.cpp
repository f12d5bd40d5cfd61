// Whatever the bytes are: reading them ends, and what was read is printed and read again as the same value.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace rt = heddle::runtime;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)rt::parse_partial_json(text);
  boost::json::value value;
  try {
    value = rt::parse_json(text);
  } catch (const rt::JsonError&) {
    return 0;
  }
  const std::string printed = rt::to_text(value);
  if (rt::to_text(rt::parse_json(printed)) != printed) std::abort();
  return 0;
}
