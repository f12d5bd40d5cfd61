#pragma once
// Arithmetic for models, which are bad at it.

#include <string_view>

#include "graphs/tool.h"

namespace heddle::graphs {

// The value of an expression: decimal numbers, + - * / % ^ (or **), parentheses, unary minus, pi, e (PI, E), and
// the functions sqrt cbrt abs sign min max round floor ceil trunc pow exp ln log log10 log2 sin cos tan asin acos atan
// atan2 hypot. `^` binds tighter than unary minus and to the right; % is the remainder with the sign of the dividend;
// round goes up at .5; log is ln. Throws std::invalid_argument that says what is wrong and where, also for a result
// that is not finite, for more than 1000 characters, and for a nesting deeper than 64.
double calculate(std::string_view expression);

// `calculator` {input}: the value as JavaScript prints it, and for what cannot be calculated the text "I don't know how
// to do that." (auth0-token-vault.md 10).
ToolPointer calculator_tool();

}  // namespace heddle::graphs
