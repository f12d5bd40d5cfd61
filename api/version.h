#pragma once
// The version of the project, as CMakeLists.txt has it.

#include <string_view>

namespace heddle::api {

std::string_view version();

}  // namespace heddle::api
