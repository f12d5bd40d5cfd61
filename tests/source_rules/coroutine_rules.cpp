#include "tests/source_rules/coroutine_rules.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <string>

#include "tests/source_rules/source_text.h"

namespace heddle::source_rules {
namespace {

constexpr std::size_t kNone = Token::kNone;

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, text) != words.end();
}

constexpr std::array<std::string_view, 5> kConditions = {"if", "while", "switch", "for", "constexpr"};
constexpr std::array<std::string_view, 11> kNoCallees = {"return", "co_return", "co_await", "co_yield", "throw", "else",
                                                         "case",   "and",       "or",       "not",      "do"};
constexpr std::array<std::string_view, 7> kAfterParameters = {"const",   "noexcept",  "override", "final",
                                                              "mutable", "constexpr", "requires"};
constexpr std::array<std::string_view, 6> kDeclarations = {"namespace", "struct", "class", "enum", "union", "extern"};

class Scanner {
 public:
  explicit Scanner(std::string_view code) : tokens_(tokens_of(code)) {}

  std::vector<Finding> scan() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (text(i) == "co_await") check(i);
    }
    return std::move(findings_);
  }

 private:
  std::string_view text(std::size_t i) const { return i < tokens_.size() ? tokens_[i].text : std::string_view(); }
  std::string_view before(std::size_t i) const { return i == 0 ? std::string_view() : text(i - 1); }

  // The neighbour at the same level of brackets; kNone at the end of the level.
  std::size_t left_of(std::size_t i) const {
    if (i == 0 || i - 1 == tokens_[i].parent) return kNone;
    const std::size_t match = tokens_[i - 1].match;
    return match != kNone && match < i - 1 ? match : i - 1;
  }
  std::size_t right_of(std::size_t i) const {
    const std::size_t match = tokens_[i].match;
    const std::size_t next = (match != kNone && match > i ? match : i) + 1;
    if (next >= tokens_.size()) return kNone;
    return tokens_[next].match != kNone && tokens_[next].match < next ? kNone : next;
  }

  // Whether the `{` opens statements or members, and not a list of values.
  bool is_block(std::size_t open) const {
    if (text(open) != "{") return false;
    if (open == 0) return true;
    const std::string_view previous = text(open - 1);
    if (std::string_view(";{})]:").find(previous) != std::string_view::npos) return true;
    if (previous == "else" || previous == "do" || previous == "try" || is_one_of(previous, kAfterParameters))
      return true;
    return follows_return_type(open) || follows_declaration(open);
  }

  // `) -> some::type<of, this> {`
  bool follows_return_type(std::size_t open) const {
    std::size_t i = left_of(open);
    while (i != kNone && text(i) != "->") {
      const bool of_type = is_name(text(i)) || text(i) == "::" || text(i) == "<" || text(i) == ">" || text(i) == "," ||
                           text(i) == "&" || text(i) == "&&" || text(i) == "*" || text(i) == "(";
      if (!of_type) return false;
      i = left_of(i);
    }
    if (i == kNone) return false;
    const std::string_view previous = before(i);
    return previous == ")" || previous == "]" || is_one_of(previous, kAfterParameters);
  }

  bool follows_declaration(std::size_t open) const {
    const std::size_t around = tokens_[open].parent;
    if (around != kNone && text(around) != "{") return false;
    for (std::size_t i = left_of(open); i != kNone; i = left_of(i)) {
      if (text(i) == ";" || text(i) == "=" || (text(i) == "{" && is_block(i))) return false;
      if (is_one_of(text(i), kDeclarations) || text(i) == "requires") return true;
    }
    return false;
  }

  bool ends_statement(std::size_t i) const { return text(i) == ";" || (text(i) == "{" && is_block(i)); }

  bool opens_lambda(std::size_t i) const {
    if (text(i) != "[" || text(i + 1) == "[" || before(i) == "[") return false;
    const std::string_view previous = before(i);
    const bool subscript =
        (is_name(previous) && !is_one_of(previous, kNoCallees)) || previous == ")" || previous == "]";
    return !subscript;
  }

  void report(std::size_t i, const std::string& what) {
    if (reported_.insert({tokens_[i].line, what}).second) findings_.push_back({tokens_[i].line, what});
  }

  void check(std::size_t await) {
    std::size_t top = await;  // at the level of the statement
    check_operators(await, await);
    for (std::size_t open = tokens_[await].parent; open != kNone && !is_block(open); open = tokens_[open].parent) {
      check_bracket(await, open);
      check_operators(await, open);
      top = open;
    }
    check_operand(await);
    check_second(await, top);
  }

  void check_bracket(std::size_t await, std::size_t open) {
    const std::string_view previous = before(open);
    if (text(open) == "{") return report(await, "co_await in a braced initialiser; await on the line before");
    if (text(open) == "[") return report(await, "co_await in brackets; await on the line before");
    if (is_one_of(previous, kConditions)) {
      return report(await, "co_await in a condition; bind the result to a named local and test that");
    }
    const bool callee = (is_name(previous) && !is_one_of(previous, kNoCallees)) || previous == ">" || previous == "]" ||
                        previous == ")" || previous == "}";
    if (callee) report(await, "co_await in the arguments of a call; await on the line before");
  }

  // `place`: the co_await or a bracket around it.
  void check_operators(std::size_t await, std::size_t place) {
    for (std::size_t i = left_of(place); i != kNone && !ends_statement(i) && text(i) != "}"; i = left_of(i)) {
      // What stands before is declared or assigned, `auto&&` for example, and is no operand.
      if (text(i) == "=" || text(i) == "return" || text(i) == "co_return") break;
      check_operator(await, i);
    }
    for (std::size_t i = right_of(place); i != kNone && !ends_statement(i); i = right_of(i)) check_operator(await, i);
  }

  void check_operator(std::size_t await, std::size_t i) {
    if (text(i) == "?") report(await, "co_await in ?:; use if and else");
    if (text(i) == "&&" || text(i) == "||" || text(i) == "and" || text(i) == "or") {
      report(await, "co_await beside && or ||; bind the result to a named local and test that");
    }
  }

  // What is awaited: all to the right of co_await until its statement or bracket ends.
  void check_operand(std::size_t await) {
    for (std::size_t i = right_of(await); i != kNone && text(i) != ";"; i = right_of(i)) check_operand_part(await, i);
  }

  void check_operand_part(std::size_t await, std::size_t i) {
    if (opens_lambda(i) && tokens_[i].match != i + 1) {
      report(await, "lambda with captures in what is awaited; name it on the line before and move it");
    }
    if (text(i) == "{" && is_block(i)) return;  // the body of a lambda has statements of its own
    if (text(i) == "{") report(await, "braced value in what is awaited; name it on the line before");
    const std::size_t close = tokens_[i].match;
    if (close == kNone || close < i || close == i + 1) return;
    for (std::size_t inner = i + 1; inner != kNone; inner = right_of(inner)) check_operand_part(await, inner);
  }

  // The block around, so that lambdas inside a statement count as statements of their own.
  std::size_t block_of(std::size_t i) const {
    std::size_t open = tokens_[i].parent;
    while (open != kNone && !is_block(open)) open = tokens_[open].parent;
    return open;
  }

  void check_second(std::size_t await, std::size_t top) {
    std::size_t begin = top;
    for (std::size_t i = left_of(top); i != kNone && text(i) != ";"; i = left_of(i)) {
      if (text(i) == "{" && is_block(i)) break;
      begin = i;
    }
    for (std::size_t i = begin; i < await; ++i) {
      if (text(i) == "co_await" && block_of(i) == block_of(await)) {
        return report(await, "second co_await in one statement; await one after the other");
      }
    }
  }

  std::vector<Token> tokens_;
  std::vector<Finding> findings_;
  std::set<std::pair<std::size_t, std::string>> reported_;
};

}  // namespace

std::vector<Finding> coroutine_findings(std::string_view source) {
  const SourceText text = split_source(source);
  return Scanner(text.code).scan();
}

}  // namespace heddle::source_rules
