#pragma once
// The rules about one file: what it includes, what it may not name, how long it is.

#include <string>
#include <string_view>
#include <vector>

#include "tests/source_rules/finding.h"

namespace heddle::source_rules {

// `path`: from the root of the project, with `/`.
std::vector<Finding> file_findings(const std::string& path, std::string_view source);

// Lines at which a file is worth splitting, and at which it must be.
inline constexpr std::size_t kLinesWarned = 700;
inline constexpr std::size_t kLinesMax = 900;
std::size_t lines_of(std::string_view source);

// Whether the words of a CMakeLists.txt name the source file `relative`.
bool is_listed(std::string_view cmake_lists, std::string_view relative);

}  // namespace heddle::source_rules
