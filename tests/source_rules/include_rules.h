#pragma once
// The rule that a file includes what it uses. Files are compiled together and with headers that were read before, so
// that a compiler does not notice.

#include <string_view>
#include <vector>

#include "tests/source_rules/finding.h"

namespace heddle::source_rules {

// Names of the standard library whose header neither `source` nor `own_header` includes; once for each header. Of the
// library's vocabulary (strings, vectors, pointers), which comes with most headers, nothing is said. `own_header`: of a
// .cpp the header of its name; may be empty.
std::vector<Finding> include_findings(std::string_view source, std::string_view own_header);

}  // namespace heddle::source_rules
