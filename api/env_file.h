#pragma once
// Files of environment variables, as `env` in langgraph.json names them.

#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace heddle::api {

// A line is none of the forms below. The text tells what is wrong and never shows the line, which may hold a key.
class EnvFileError : public std::runtime_error {
 public:
  EnvFileError(std::size_t line, const std::string& what) : std::runtime_error(what), line_(line) {}
  std::size_t line() const { return line_; }  // from 1

 private:
  std::size_t line_;
};

// One `NAME=value` per line, with `export ` before it or not; blank lines and lines from `#` on are passed over.
//   NAME=plain text      # to the end of the line or to a `#` after white space, white space at the ends cut
//   NAME='as it is'      # nothing is special inside; may go over several lines
//   NAME="with\nescapes" # \n \r \t \" \\ \$; may go over several lines
// `$NAME` is not expanded. Of a name that comes twice the last value counts. Throws EnvFileError.
std::map<std::string, std::string> parse_env_file(std::string_view text);

}  // namespace heddle::api
