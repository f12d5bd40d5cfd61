#include "tests/source_rules/file_rules.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "tests/source_rules/source_text.h"

namespace heddle::source_rules {
namespace {

// Arrows point downwards. Tests, benchmarks and examples may look at everything.
const std::map<std::string, std::set<std::string>, std::less<>> kArrows = {
    {"storage", {"storage"}},
    {"runtime", {"runtime", "storage"}},
    {"graphs", {"graphs", "runtime"}},
    {"api", {"api", "graphs", "runtime", "storage"}},
};
const std::set<std::string, std::less<>> kRoots = {"storage", "runtime", "graphs", "api", "tests", "bench"};

// Libraries that only these places may include.
struct Border {
  std::string_view library;  // beginning of the include
  std::vector<std::string_view> places;
  std::string_view rule;
};
const std::vector<Border> kBorders = {
    {"SQLiteCpp/", {"storage/sqlite/", "bench/load/limits.cpp"}, "SQLiteCpp belongs to storage/sqlite/"},
    {"sqlite3.h", {"storage/sqlite/"}, "sqlite3 belongs to storage/sqlite/"},
    {"boost/beast",
     {"api/http/", "bench/load/echo_server.cpp", "bench/load/slow_model.cpp"},
     "Beast belongs to the sources of api/http/"},
    {"curl/", {"graphs/http/", "graphs/url_parts.cpp"}, "curl belongs to graphs/http/ and graphs/url_parts.cpp"},
    {"CLI/", {"api/command_line.cpp", "bench/load/main.cpp"}, "CLI11 belongs to api/command_line.cpp"},
    {"date/", {"api/runs/time_zone.cpp"}, "the date library belongs to api/runs/time_zone.cpp"},
    {"storage/sqlite/", {"storage/"}, "storage/sqlite/ is the inner room of storage/"},
    {"runtime/pregel/", {"runtime/", "api/"}, "runtime/pregel/ is for runtime/ and api/ only"},
};
constexpr std::array<std::string_view, 7> kHeavy = {"boost/asio.hpp", "boost/json.hpp", "boost/beast",       "curl/",
                                                    "CLI/",           "date/",          "boost/asio/ssl.hpp"};
constexpr std::array<std::string_view, 3> kRegexPlaces = {"api/http/cors.h", "api/http/cors.cpp", "api/settings.cpp"};

std::string folder_of(std::string_view path) {
  return std::string(path.substr(0, path.find('/')));
}
bool is_header(std::string_view path) {
  return path.ends_with(".h");
}
bool is_product(const std::string& path) {
  return kArrows.contains(folder_of(path));
}

class FileScanner {
 public:
  FileScanner(const std::string& path, std::string_view source)
      : path_(path), source_(source), text_(split_source(source)), tokens_(tokens_of(text_.code)) {}

  std::vector<Finding> scan() {
    for (const Include& include : includes_of(text_)) check_include(include);
    check_words();
    check_todos();
    if (is_header(path_) && source_.find("#pragma once") == std::string_view::npos)
      report(1, "a header begins with #pragma once");
    if (lines_of(source_) > kLinesMax) report(0, "more than 900 lines; look for the second thing in it");
    return std::move(findings_);
  }

 private:
  void report(std::size_t line, std::string what) { findings_.push_back({line, std::move(what)}); }

  void check_include(const Include& include) {
    const std::string folder = folder_of(include.path);
    const std::string here = folder_of(path_);
    if (include.quoted && !kRoots.contains(folder))
      report(include.line, "includes begin at the root of the project: " + include.path);
    const auto arrows = kArrows.find(here);
    if (include.quoted && arrows != kArrows.end() && !arrows->second.contains(folder)) {
      report(include.line, here + " must not know " + folder + ": " + include.path);
    }
    if (is_product(path_)) check_borders(include);
    if (is_header(path_)) {
      for (const std::string_view heavy : kHeavy) {
        if (include.path.starts_with(heavy)) report(include.line, "too heavy for a header: " + include.path);
      }
    }
  }

  void check_borders(const Include& include) {
    for (const Border& border : kBorders) {
      if (!include.path.starts_with(border.library)) continue;
      const bool allowed =
          std::ranges::any_of(border.places, [&](std::string_view place) { return path_.starts_with(place); });
      if (!allowed) report(include.line, std::string(border.rule));
    }
  }

  std::string_view token(std::size_t i) const { return i < tokens_.size() ? tokens_[i].text : std::string_view(); }

  void check_words() {
    const bool regex_allowed = !is_product(path_) || std::ranges::find(kRegexPlaces, path_) != kRegexPlaces.end();
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const std::size_t line = tokens_[i].line;
      // A test runs its io_context to the end itself, so nothing outlives it.
      if (token(i) == "detached" && is_product(path_))
        report(line, "no detached: who spawns keeps the handle, cancels and waits");
      const bool in_std = i >= 2 && token(i - 1) == "::" && token(i - 2) == "std";
      if (in_std && token(i).starts_with("regex") && !regex_allowed)
        report(line, "std::regex recurses until it crashes on long input");
      const bool catches_all = token(i) == "catch" && token(i + 1) == "(" && token(i + 2) == "." && token(i + 5) == ")";
      if (catches_all && token(i + 6) == "{" && token(i + 7) == "}") report(line, "catch (...) that does nothing");
    }
  }

  // What is left open names its issue: TODO(#12).
  void check_todos() {
    constexpr std::string_view word = "TODO";
    for (std::size_t at = text_.comments.find(word); at != std::string::npos; at = text_.comments.find(word, at + 1)) {
      const std::string_view after = std::string_view(text_.comments).substr(at + word.size());
      const bool has_issue = after.starts_with("(#") && after.size() > 2 && after[2] >= '0' && after[2] <= '9';
      const auto line =
          1 + std::count(text_.comments.begin(), text_.comments.begin() + static_cast<std::ptrdiff_t>(at), '\n');
      if (!has_issue) report(static_cast<std::size_t>(line), "TODO without the number of an issue");
    }
  }

  const std::string& path_;
  std::string_view source_;
  SourceText text_;
  std::vector<Token> tokens_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> file_findings(const std::string& path, std::string_view source) {
  return FileScanner(path, source).scan();
}

std::size_t lines_of(std::string_view source) {
  return static_cast<std::size_t>(std::ranges::count(source, '\n'));
}

bool is_listed(std::string_view cmake_lists, std::string_view relative) {
  constexpr std::string_view ends = " \t\r\n()";
  bool in_comment = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= cmake_lists.size(); ++i) {
    const char c = i < cmake_lists.size() ? cmake_lists[i] : '\n';
    if (c == '#') in_comment = true;
    if (!in_comment && ends.find(c) != std::string_view::npos) {
      if (cmake_lists.substr(begin, i - begin) == relative) return true;
    }
    if (ends.find(c) != std::string_view::npos || in_comment) begin = i + 1;
    if (c == '\n') in_comment = false;
  }
  return false;
}

}  // namespace heddle::source_rules
