#pragma once
// Arithmetic for models, which are bad at it.

#include <string_view>

#include "graphs/tool.h"

namespace heddle::graphs {

// The value of an expression: decimal numbers, + - * / % ^ (or **), parentheses, unary minus, pi, e, and
// sqrt abs min max round floor ceil. `^` binds tighter than unary minus and to the right; % is the remainder
// with the sign of the dividend; round goes up at .5. Throws std::invalid_argument that says
// what is wrong and where, also for a result that is not finite, for more than 1000 characters, and
// for a nesting deeper than 64.
double calculate(std::string_view expression);

// `calculator` {expression}: the value as JavaScript prints it.
ToolPointer calculator_tool();

}  // namespace heddle::graphs
