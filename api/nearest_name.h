#pragma once
// What somebody meant who mistyped a name, and the names that there are.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::api {

// The known name with the smallest edit distance (a swap of neighbours counts as one edit; case, `-` and `_` do not
// count). Nothing if even the best one differs in more than a third of its letters, because a wild guess misleads.
std::optional<std::string> nearest_name(std::string_view wrong, const std::vector<std::string>& known);

// "; did you mean `x`?", or nothing.
std::string nearest_name_hint(std::string_view wrong, const std::vector<std::string>& known);

// "a, b, c".
std::string name_list(const std::vector<std::string>& names);

}  // namespace heddle::api
