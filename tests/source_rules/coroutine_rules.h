#pragma once
// The forms of co_await that g++ 12 miscompiles: they crash, free twice or take the wrong branch without a word.
//
// One rule covers them: one plain await per statement; its arguments are built on the line before, its result is bound
// to a named local, and that is tested on the line after.

#include <string_view>
#include <vector>

#include "tests/source_rules/finding.h"

namespace heddle::source_rules {

std::vector<Finding> coroutine_findings(std::string_view source);

}  // namespace heddle::source_rules
