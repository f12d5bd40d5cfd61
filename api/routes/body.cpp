#include "api/routes/body.h"

#include <cmath>
#include <limits>

#include "api/services/services.h"
#include "runtime/json.h"

namespace heddle::api {

namespace json = boost::json;

json::value parse_body(const std::string& bytes, std::size_t depth_max) {
  if (bytes.find_first_not_of(" \t\r\n") == std::string::npos) return json::object{};
  try {
    const runtime::JsonLimits limits{depth_max};
    return runtime::parse_json(bytes, limits);
  } catch (const runtime::JsonError&) {
    throw ApiError::bad_request("Malformed JSON in request body");
  }
}

Fields::Fields(json::value value, std::vector<std::string> path) : path_(std::move(path)) {
  if (!value.is_object()) throw ApiError::invalid(path_, "must be an object");
  object_ = std::move(value.as_object());
}

Fields Fields::of_body(const Request& request, std::size_t depth_max) {
  return Fields(parse_body(request.body, depth_max));
}

const json::value* Fields::find(std::string_view key) const {
  const auto found = object_.find(key);
  if (found == object_.end() || found->value().is_null()) return nullptr;
  return &found->value();
}

bool Fields::names(std::string_view key) const {
  return object_.find(key) != object_.end();
}

std::vector<std::string> Fields::path_of(std::string_view key) const {
  std::vector<std::string> path = path_;
  path.emplace_back(key);
  return path;
}

ApiError Fields::wrong(std::string_view key, const std::string& message) const {
  return ApiError::invalid(path_of(key), message);
}

ApiError Fields::wrong_at(std::string_view key, std::size_t index, const std::string& message) const {
  std::vector<std::string> path = path_of(key);
  path.push_back(std::to_string(index));
  return ApiError::invalid(std::move(path), message);
}

std::optional<std::string> Fields::text(std::string_view key) const {
  const json::value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) throw wrong(key, "must be a text");
  return std::string(value->as_string());
}

std::string Fields::required_text(std::string_view key) const {
  std::optional<std::string> value = text(key);
  if (!value) throw wrong(key, "is required");
  return std::move(*value);
}

std::optional<std::int64_t> Fields::integer(std::string_view key, std::int64_t least, std::int64_t most) const {
  const json::value* value = find(key);
  if (value == nullptr) return std::nullopt;
  std::int64_t number = 0;
  if (value->is_int64()) {
    number = value->as_int64();
  } else if (value->is_double() && std::floor(value->as_double()) == value->as_double() &&
             std::abs(value->as_double()) < 9e15) {
    number = static_cast<std::int64_t>(value->as_double());
  } else {
    throw wrong(key, "must be an integer");
  }
  if (number < least || number > most) {
    throw wrong(key, most == std::numeric_limits<std::int64_t>::max()
                         ? "must be at least " + std::to_string(least)
                         : "must be between " + std::to_string(least) + " and " + std::to_string(most));
  }
  return number;
}

std::optional<double> Fields::number(std::string_view key, double least) const {
  const json::value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) throw wrong(key, "must be a number");
  const double given = value->to_number<double>();
  if (!(given >= least)) throw wrong(key, "must be at least " + std::to_string(static_cast<std::int64_t>(least)));
  return given;
}

std::optional<bool> Fields::flag(std::string_view key) const {
  const json::value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_bool()) throw wrong(key, "must be true or false");
  return value->as_bool();
}

std::optional<json::object> Fields::object(std::string_view key) const {
  const json::value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) throw wrong(key, "must be an object");
  return value->as_object();
}

std::optional<json::array> Fields::array(std::string_view key) const {
  const json::value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_array()) throw wrong(key, "must be a list");
  return value->as_array();
}

std::optional<std::vector<std::string>> Fields::texts(std::string_view key) const {
  const json::value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_array()) throw wrong(key, "must be a list of texts");
  std::vector<std::string> list;
  for (const json::value& element : value->as_array()) {
    if (!element.is_string()) throw wrong(key, "must be a list of texts");
    list.emplace_back(element.as_string());
  }
  return list;
}

Fields body_of(const Services& services, const Request& request) {
  return Fields::of_body(request, services.parts.settings.json_depth_max);
}

PageFields page_of(const Fields& fields, std::int64_t limit_default) {
  const std::optional<std::int64_t> limit = fields.integer("limit", 1, 1000);
  const std::optional<std::int64_t> offset = fields.integer("offset", 0, std::numeric_limits<std::int64_t>::max());
  return {limit.value_or(limit_default), offset.value_or(0)};
}

Response json_response(int status, std::string body) {
  Response response;
  response.status = status;
  response.headers.set("content-type", "application/json");
  response.body = std::move(body);
  return response;
}

Response json_response(int status, const json::value& body) {
  return json_response(status, runtime::to_text(body));
}

Response empty_response(int status) {
  Response response;
  response.status = status;
  return response;
}

json::object selected(json::object object, const std::vector<std::string>& select) {
  if (select.empty()) return object;
  json::object kept;
  for (const std::string& key : select) {
    const auto found = object.find(key);
    if (found != object.end()) kept[key] = std::move(found->value());
  }
  return kept;
}

}  // namespace heddle::api
