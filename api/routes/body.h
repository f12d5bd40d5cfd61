#pragma once
// Reading fields of a request, with errors that name the field's path.
//
// `null` counts as absent everywhere; unknown keys are ignored (http-api.md 2.2).

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/message.h"
#include "api/services/api_error.h"
#include "storage/ids.h"

namespace heddle::api {

// Any JSON value from the bytes of a body; an empty body is `{}`. Throws ApiError 400 `Malformed JSON in request body`.
boost::json::value parse_body(const std::string& bytes, std::size_t depth_max);

struct Services;

// The fields of one JSON object of a request.
class Fields {
 public:
  // Throws ApiError (validation) unless `value` is an object. `path`: where it stands in the body.
  explicit Fields(boost::json::value value, std::vector<std::string> path = {});
  // The body of a request, which must be an object or empty.
  static Fields of_body(const Request& request, std::size_t depth_max);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  // Null pointer if absent or null.
  const boost::json::value* find(std::string_view key) const;
  // Whether the key is there, null or not.
  bool names(std::string_view key) const;

  std::optional<std::string> text(std::string_view key) const;
  std::string required_text(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most) const;
  std::optional<double> number(std::string_view key, double least) const;
  std::optional<bool> flag(std::string_view key) const;
  std::optional<boost::json::object> object(std::string_view key) const;
  std::optional<boost::json::array> array(std::string_view key) const;
  std::optional<std::vector<std::string>> texts(std::string_view key) const;

  template <class Id>
  std::optional<Id> id(std::string_view key) const {
    const std::optional<std::string> given = text(key);
    if (!given) return std::nullopt;
    const std::optional<Id> parsed = Id::parse(*given);
    if (!parsed) throw wrong(key, "must be a UUID");
    return parsed;
  }

  // A list of UUIDs.
  template <class Id>
  std::optional<std::vector<Id>> ids(std::string_view key) const {
    const std::optional<std::vector<std::string>> given = texts(key);
    if (!given) return std::nullopt;
    std::vector<Id> list;
    for (const std::string& one : *given) {
      const std::optional<Id> parsed = Id::parse(one);
      if (!parsed) throw wrong_at(key, list.size(), "must be a UUID");
      list.push_back(*parsed);
    }
    return list;
  }

  // The value that stands for the given word.
  template <class T>
  std::optional<T> one_of(std::string_view key, std::initializer_list<std::pair<std::string_view, T>> words) const {
    const std::optional<std::string> given = text(key);
    if (!given) return std::nullopt;
    std::string known;
    for (const auto& [word, meaning] : words) {
      if (word == *given) return meaning;
      known += (known.empty() ? "" : ", ") + std::string(word);
    }
    throw wrong(key, "must be one of " + known);
  }

  ApiError wrong(std::string_view key, const std::string& message) const;
  // The same for an element of a list.
  ApiError wrong_at(std::string_view key, std::size_t index, const std::string& message) const;
  const boost::json::object& json() const { return object_; }
  boost::json::object take() && { return std::move(object_); }
  std::vector<std::string> path_of(std::string_view key) const;

 private:
  boost::json::object object_;
  std::vector<std::string> path_;
};

// The body of a request, as deep as the settings allow. Throws as Fields::of_body does.
Fields body_of(const Services& services, const Request& request);

// Steps of a run; as many are a mistake.
inline constexpr std::int64_t kRecursionLimitMax = 1'000'000;

// Limit and offset of a body, with the bounds of http-api.md 2.9.
struct PageFields {
  std::int64_t limit;
  std::int64_t offset;
};
PageFields page_of(const Fields& fields, std::int64_t limit_default = 10);

// A UUID in a path, else a validation error that names the parameter.
template <class Id>
Id path_id(const Request& request, const std::string& name) {
  const auto found = request.params.find(name);
  const std::optional<Id> parsed = found == request.params.end() ? std::nullopt : Id::parse(found->second);
  if (!parsed) throw ApiError::invalid({name}, "must be a UUID");
  return *parsed;
}

Response json_response(int status, std::string body);
Response json_response(int status, const boost::json::value& body);
Response empty_response(int status);

// Only the keys that `select` names, if it names any.
boost::json::object selected(boost::json::object object, const std::vector<std::string>& select);

}  // namespace heddle::api
