#include "api/env_file.h"

#include <utility>

namespace heddle::api {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

bool is_name_char(char c, bool first) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  return letter || (!first && ((c >= '0' && c <= '9') || c == '.' || c == '-'));
}

class EnvFileReader {
 public:
  explicit EnvFileReader(std::string_view text) : text_(text) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (text_.starts_with(byte_order_mark)) text_.remove_prefix(byte_order_mark.size());
  }

  std::map<std::string, std::string> read() {
    std::map<std::string, std::string> variables;
    while (at_ < text_.size()) {
      skip_blanks();
      if (!at_end_of_line() && peek() != '#') {
        auto [name, value] = variable();
        variables.insert_or_assign(std::move(name), std::move(value));
      }
      skip_line();
    }
    return variables;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\n'; }
  bool at_end_of_line() const { return peek() == '\n'; }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  void skip_line() {
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    ++at_;
    ++line_;
  }

  std::string name() {
    std::string result;
    while (at_ < text_.size() && is_name_char(text_[at_], result.empty())) result += text_[at_++];
    return result;
  }

  std::pair<std::string, std::string> variable() {
    std::string found = name();
    if (found == "export" && is_blank(peek())) {
      skip_blanks();
      found = name();
    }
    skip_blanks();
    // Without `=` the name may be a key that lost its own.
    if (found.empty() || peek() != '=')
      throw EnvFileError(line_, "not understood; a line is NAME=value or a # comment");
    ++at_;
    skip_blanks();
    std::string value = peek() == '"' || peek() == '\'' ? quoted(found) : plain();
    return {std::move(found), std::move(value)};
  }

  std::string plain() {
    const std::size_t begin = at_;
    while (!at_end_of_line()) {
      const bool comment = peek() == '#' && (at_ == begin || is_blank(text_[at_ - 1]));
      if (comment) break;
      ++at_;
    }
    std::size_t end = at_;
    while (end > begin && is_blank(text_[end - 1])) --end;
    return std::string(text_.substr(begin, end - begin));
  }

  std::string quoted(const std::string& name) {
    const char quote = text_[at_++];
    const std::size_t first_line = line_;
    std::string result;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size()) {
        ++at_;
        append_escape(result);
      } else {
        result += text_[at_];
      }
      if (text_[at_] == '\n') ++line_;
      ++at_;
    }
    if (at_ >= text_.size()) throw EnvFileError(first_line, "the value of " + name + " has no closing quote");
    ++at_;
    skip_blanks();
    if (!at_end_of_line() && peek() != '#') {
      throw EnvFileError(line_, "text after the closing quote of " + name);
    }
    return result;
  }

  void append_escape(std::string& result) const {
    switch (const char escaped = text_[at_]) {
      case 'n':
        result += '\n';
        break;
      case 'r':
        result += '\r';
        break;
      case 't':
        result += '\t';
        break;
      case '"':
      case '\\':
      case '$':
        result += escaped;
        break;
      default:
        result += {'\\', escaped};
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

std::map<std::string, std::string> parse_env_file(std::string_view text) {
  return EnvFileReader(text).read();
}

}  // namespace heddle::api
