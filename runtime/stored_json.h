#pragma once
// Reading back the JSON that this program has stored.

#include <boost/json/value.hpp>
#include <string_view>

#include "runtime/json.h"

namespace heddle::runtime {

// A state may be nested as deep as a request, inside the lists of the encoding of checkpoints.
inline constexpr JsonLimits kStoredLimits{.depth_max = 1024};

// What is stored was written here, so whatever is wrong with it is told in one way, at the end of the sentence.
inline constexpr std::string_view kStoredDamage = "; it was written by a newer heddle, or the database is damaged";

// Throws what parse_json() throws.
inline json::value parse_stored(std::string_view text) {
  return parse_json(text, kStoredLimits);
}

}  // namespace heddle::runtime
