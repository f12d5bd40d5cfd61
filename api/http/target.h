#pragma once
// The target of a request line taken apart: path segments and query.

#include <string>
#include <string_view>
#include <vector>

namespace heddle::api {

struct Target {
  std::vector<std::string> segments;  // percent-decoded, empty ones left out
  bool trailing_slash = false;        // never for the root
  std::string_view query;             // as it came, without the question mark; a part of the argument
};

// Takes the origin form (`/a/b?c=d`), the absolute form (`http://host/a/b`) and `*`. A percent sign
// without two hex digits stands for itself.
Target split_target(std::string_view target);

enum class Plus { plus, space };  // what a `+` stands for: itself in paths, a space in queries
std::string percent_decoded(std::string_view encoded, Plus plus);

// `text` with U+FFFD in the place of every byte that is no UTF-8, so that what a client put into a
// path or a header can go into JSON.
std::string as_utf8(std::string text);

}  // namespace heddle::api
