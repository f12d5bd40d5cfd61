#include "tests/source_rules/include_rules.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "tests/source_rules/source_text.h"

namespace heddle::source_rules {
namespace {

using Names = std::set<std::string_view>;

const std::map<std::string_view, Names> kHeaders = {
    {"algorithm",
     {"adjacent_find", "all_of",      "any_of",      "binary_search", "clamp",      "copy_if",     "copy_n",
      "count_if",      "fill",        "fill_n",      "find_if",       "for_each",   "generate",    "is_sorted",
      "lower_bound",   "max",         "max_element", "min",           "minmax",     "min_element", "mismatch",
      "none_of",       "nth_element", "partition",   "remove_if",     "replace",    "reverse",     "rotate",
      "sort",          "stable_sort", "transform",   "unique",        "upper_bound"}},
    {"array", {"array"}},
    {"atomic", {"atomic", "atomic_bool", "atomic_flag"}},
    {"charconv", {"from_chars", "to_chars"}},
    {"condition_variable", {"condition_variable"}},
    {"deque", {"deque"}},
    {"filesystem", {"filesystem"}},
    {"fstream", {"fstream", "ifstream", "ofstream"}},
    {"functional", {"function", "greater", "less"}},
    {"iterator", {"back_inserter", "distance", "make_move_iterator", "next", "prev"}},
    {"limits", {"numeric_limits"}},
    {"map", {"map", "multimap"}},
    {"mutex", {"lock_guard", "mutex", "scoped_lock", "unique_lock"}},
    {"random", {"mt19937", "mt19937_64", "random_device"}},
    {"set", {"multiset", "set"}},
    {"span", {"span"}},
    {"sstream", {"istringstream", "ostringstream", "stringstream"}},
    {"stdexcept", {"invalid_argument", "length_error", "logic_error", "out_of_range", "runtime_error"}},
    {"thread", {"jthread", "this_thread", "thread"}},
    {"tuple", {"make_tuple", "tie", "tuple"}},
    {"unordered_map", {"unordered_map"}},
    {"unordered_set", {"unordered_set"}},
};
// In std::ranges besides those of <algorithm>.
const Names kOfRanges = {"contains", "copy", "count", "equal", "find", "includes", "move"};

std::string_view header_of(std::string_view name, bool in_ranges) {
  if (in_ranges && kOfRanges.contains(name)) return "algorithm";
  for (const auto& [header, names] : kHeaders) {
    if (names.contains(name)) return header;
  }
  return {};
}

}  // namespace

std::vector<Finding> include_findings(std::string_view source, std::string_view own_header) {
  const SourceText text = split_source(source);
  std::set<std::string> there;
  for (const Include& include : includes_of(text)) there.insert(include.path);
  for (const Include& include : includes_of(split_source(own_header))) there.insert(include.path);
  std::vector<Finding> findings;
  const std::vector<Token> tokens = tokens_of(text.code);
  const auto is_std = [&](std::size_t i) { return tokens[i].text == "std" && tokens[i + 1].text == "::"; };
  for (std::size_t i = 0; i + 4 < tokens.size(); ++i) {
    if (!is_std(i)) continue;
    const bool in_ranges = tokens[i + 2].text == "ranges";
    const std::string_view name = tokens[in_ranges ? i + 4 : i + 2].text;
    const std::string header(header_of(name, in_ranges));
    if (header.empty() || !there.insert(header).second) continue;
    findings.push_back({tokens[i].line, "std::" + std::string(name) + " wants #include <" + header + ">"});
  }
  return findings;
}

}  // namespace heddle::source_rules
