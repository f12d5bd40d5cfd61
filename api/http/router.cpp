#include "api/http/router.h"

#include <algorithm>
#include <stdexcept>

#include "api/http/target.h"

namespace heddle::api {
namespace {

// A trailing slash is one more segment, an empty one, which a pattern has to name.
std::vector<std::string> compared_segments(const std::vector<std::string>& segments, bool trailing_slash) {
  std::vector<std::string> compared = segments;
  if (trailing_slash) compared.emplace_back();
  return compared;
}

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  return std::ranges::equal(pattern, path, [](const std::string& wanted, const std::string& given) {
    return is_parameter(wanted) ? !given.empty() : wanted == given;
  });
}

bool same_paths(const std::vector<std::string>& one, const std::vector<std::string>& other) {
  return std::ranges::equal(one, other, [](const std::string& a, const std::string& b) {
    return (is_parameter(a) && is_parameter(b)) || a == b;
  });
}

// Whether `one` has the literal where the two first differ in kind.
bool is_closer(const std::vector<std::string>& one, const std::vector<std::string>& other) {
  return std::ranges::lexicographical_compare(one, other, {}, is_parameter, is_parameter);
}

}  // namespace

void Router::add(Verb verb, std::string_view pattern, std::size_t entry) {
  const Target parsed = split_target(pattern);
  Entry added{verb, compared_segments(parsed.segments, parsed.trailing_slash), entry};
  for (const Entry& present : entries_) {
    if (present.verb == verb && same_paths(present.segments, added.segments)) {
      throw std::logic_error("two routes answer " + std::string(pattern) + "; remove one of them");
    }
  }
  entries_.push_back(std::move(added));
}

std::optional<Router::Match> Router::find(const Request& request) const {
  const Verb verb = request.verb == Verb::head ? Verb::get : request.verb;
  const std::vector<std::string> path = compared_segments(request.segments, request.trailing_slash);

  const Entry* best = nullptr;
  for (const Entry& entry : entries_) {
    if (entry.verb != verb || !fits(entry.segments, path)) continue;
    if (best == nullptr || is_closer(entry.segments, best->segments)) best = &entry;
  }
  if (best == nullptr) return std::nullopt;

  Match match{best->entry, {}};
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::string& segment = best->segments[i];
    if (is_parameter(segment)) match.params[segment.substr(1, segment.size() - 2)] = path[i];
  }
  return match;
}

}  // namespace heddle::api
