#pragma once
// C++ source as the rules see it: without what is only said in comments and texts. Scanned by hand, because std::regex
// recurses until it crashes on long literals.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::source_rules {

// The same length and lines as the source; what is left out is blank.
struct SourceText {
  std::string code;        // without comments and without what stands between quotes
  std::string directives;  // without comments, texts kept: for #include lines
  std::string comments;    // only what comments say
};
SourceText split_source(std::string_view source);

struct Include {
  std::size_t line = 0;  // from 1
  std::string path;
  bool quoted = false;
};
std::vector<Include> includes_of(const SourceText& text);

struct Token {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::string_view text;       // a name, a number, an operator; `""` for any literal in quotes
  std::size_t line = 0;        // from 1
  std::size_t parent = kNone;  // the token that opens the bracket around it
  std::size_t match = kNone;   // of a bracket its other half
};
// `code` outlives the tokens. Preprocessor lines are passed over.
std::vector<Token> tokens_of(std::string_view code);

bool is_name(std::string_view token);

}  // namespace heddle::source_rules
