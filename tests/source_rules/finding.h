#pragma once
// One place where a source breaks a rule.

#include <cstddef>
#include <string>

namespace heddle::source_rules {

struct Finding {
  std::size_t line = 0;  // from 1; 0 for the file as a whole
  std::string what;      // the rule, and what to do instead
};

}  // namespace heddle::source_rules
