#include "tests/source_rules/source_text.h"

#include <algorithm>
#include <array>

namespace heddle::source_rules {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_letter(c) || is_digit(c);
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

class Splitter {
 public:
  explicit Splitter(std::string_view source) : source_(source) {
    std::string blank(source.size(), ' ');
    for (std::size_t i = 0; i < source.size(); ++i) {
      if (source[i] == '\n') blank[i] = '\n';
    }
    text_ = {blank, blank, blank};
  }

  SourceText split() {
    while (at_ < source_.size()) {
      if (source_.substr(at_, 2) == "//") {
        comment(line_comment_end());
      } else if (source_.substr(at_, 2) == "/*") {
        const std::size_t close = source_.find("*/", at_ + 2);
        comment(close == std::string_view::npos ? source_.size() : close + 2);
      } else if (source_[at_] == '"' && is_raw()) {
        raw_text();
      } else if (source_[at_] == '"' || (source_[at_] == '\'' && !is_separator())) {
        plain_text(source_[at_]);
      } else {
        text_.code[at_] = source_[at_];
        text_.directives[at_] = source_[at_];
        ++at_;
      }
    }
    return std::move(text_);
  }

 private:
  std::size_t line_comment_end() const {
    std::size_t end = source_.find('\n', at_);
    while (end != std::string_view::npos && end > 0 && source_[end - 1] == '\\') end = source_.find('\n', end + 1);
    return end == std::string_view::npos ? source_.size() : end;
  }

  void comment(std::size_t end) {
    for (; at_ < end; ++at_) text_.comments[at_] = source_[at_];
  }

  // 1'000: a quote between digits is no literal.
  bool is_separator() const {
    if (at_ == 0 || at_ + 1 >= source_.size()) return false;
    if (!is_word(source_[at_ - 1]) || !is_word(source_[at_ + 1])) return false;
    std::size_t begin = at_;
    while (begin > 0 && (is_word(source_[begin - 1]) || source_[begin - 1] == '\'')) --begin;
    return is_digit(source_[begin]);
  }

  bool is_raw() const {
    if (at_ == 0 || source_[at_ - 1] != 'R') return false;
    std::size_t begin = at_ - 1;
    while (begin > 0 && is_word(source_[begin - 1])) --begin;
    const std::string_view prefix = source_.substr(begin, at_ - begin);
    return prefix == "R" || prefix == "u8R" || prefix == "uR" || prefix == "UR" || prefix == "LR";
  }

  void quote_marks(std::size_t begin, std::size_t end) {
    text_.code[begin] = source_[begin];
    if (end > begin + 1) text_.code[end - 1] = source_[begin];
    for (std::size_t i = begin; i < end; ++i) text_.directives[i] = source_[i];
    at_ = end;
  }

  void raw_text() {
    const std::size_t open = source_.find('(', at_);
    if (open == std::string_view::npos) return plain_text('"');
    const std::string close = ")" + std::string(source_.substr(at_ + 1, open - at_ - 1)) + "\"";
    const std::size_t found = source_.find(close, open);
    quote_marks(at_, found == std::string_view::npos ? source_.size() : found + close.size());
  }

  void plain_text(char quote) {
    std::size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote && source_[end] != '\n') end += source_[end] == '\\' ? 2 : 1;
    quote_marks(at_, std::min(end + 1, source_.size()));
  }

  std::string_view source_;
  std::size_t at_ = 0;
  SourceText text_;
};

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view code) : code_(code) {}

  std::vector<Token> read() {
    while (skip_blanks()) {
      if (code_[at_] == '#' && line_begins_) {
        skip_directive();
        continue;
      }
      line_begins_ = false;
      add(length());
    }
    return std::move(tokens_);
  }

 private:
  bool skip_blanks() {
    for (; at_ < code_.size() && is_blank(code_[at_]); ++at_) {
      if (code_[at_] != '\n') continue;
      ++line_;
      line_begins_ = true;
    }
    return at_ < code_.size();
  }

  void skip_directive() {
    for (; at_ < code_.size() && code_[at_] != '\n'; ++at_) {
      if (code_[at_] != '\\' || at_ + 1 >= code_.size() || code_[at_ + 1] != '\n') continue;
      ++line_;
      ++at_;
    }
  }

  // Of the token that begins here.
  std::size_t length() const {
    const char first = code_[at_];
    std::size_t end = at_ + 1;
    if (is_word(first)) {
      while (end < code_.size() &&
             (is_word(code_[end]) || (is_digit(first) && (code_[end] == '\'' || code_[end] == '.'))))
        ++end;
      return end - at_;
    }
    if (first == '"' || first == '\'') {
      const std::size_t close = code_.find(first, end);
      return (close == std::string_view::npos ? code_.size() : close + 1) - at_;
    }
    constexpr std::array<std::string_view, 17> operators = {"&&", "||", "->", "::", "==", "!=", "<=", ">=", "<<",
                                                            "+=", "-=", "*=", "/=", "|=", "&=", "++", "--"};
    const bool two = std::ranges::find(operators, code_.substr(at_, 2)) != operators.end();
    return two ? 2 : 1;
  }

  void add(std::size_t length) {
    const std::string_view text = code_.substr(at_, length);
    Token token;
    token.line = line_;
    token.text = text.front() == '"' || text.front() == '\'' ? std::string_view("\"\"") : text;
    if (text == ")" || text == "]" || text == "}") close(token);
    token.parent = open_.empty() ? Token::kNone : open_.back();
    tokens_.push_back(token);
    if (text == "(" || text == "[" || text == "{") open_.push_back(tokens_.size() - 1);
    line_ += static_cast<std::size_t>(std::ranges::count(text, '\n'));
    at_ += length;
  }

  void close(Token& token) {
    if (open_.empty()) return;
    token.match = open_.back();
    tokens_[open_.back()].match = tokens_.size();
    open_.pop_back();
  }

  std::string_view code_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  bool line_begins_ = true;
  std::vector<Token> tokens_;
  std::vector<std::size_t> open_;
};

}  // namespace

SourceText split_source(std::string_view source) {
  return Splitter(source).split();
}

std::vector<Include> includes_of(const SourceText& text) {
  std::vector<Include> found;
  std::size_t line = 0;
  for (std::size_t begin = 0; begin < text.directives.size();) {
    const std::size_t end = std::min(text.directives.find('\n', begin), text.directives.size());
    std::string_view rest = std::string_view(text.directives).substr(begin, end - begin);
    begin = end + 1;
    ++line;
    const auto skip_blanks = [&rest] { rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size())); };
    skip_blanks();
    if (!rest.starts_with('#')) continue;
    rest.remove_prefix(1);
    skip_blanks();
    if (!rest.starts_with("include")) continue;
    rest.remove_prefix(std::string_view("include").size());
    skip_blanks();
    if (!rest.starts_with('"') && !rest.starts_with('<')) continue;
    const bool quoted = rest.front() == '"';
    const std::size_t close = rest.find(quoted ? '"' : '>', 1);
    if (close != std::string_view::npos) found.push_back({line, std::string(rest.substr(1, close - 1)), quoted});
  }
  return found;
}

std::vector<Token> tokens_of(std::string_view code) {
  return Tokenizer(code).read();
}

bool is_name(std::string_view token) {
  return !token.empty() && is_letter(token.front());
}

}  // namespace heddle::source_rules
