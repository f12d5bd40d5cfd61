#include "tests/api/openapi/bad_input.h"

#include <boost/json/array.hpp>
#include <string_view>
#include <utility>

#include "runtime/json.h"

namespace heddle::test {

namespace json = boost::json;

namespace {

// Deeper than a request may be nested is refused as a whole; this is just below.
json::value deep_list() {
  json::value deep = 1;
  for (int i = 0; i < 400; ++i) deep = json::array{std::move(deep)};
  return deep;
}

std::vector<json::value> values_of_every_kind() {
  return {nullptr,
          true,
          0,
          -1,
          7,
          1.5,
          1e300,
          std::int64_t{9'223'372'036'854'775'807},
          std::uint64_t{9'223'372'036'854'775'808U},
          1001,
          "",
          "x",
          json::string("a\0b", 3),
          "\xed\xa0\x80",  // a lone surrogate, as JSON may have it
          "00000000-0000-7000-8000-000000000000",
          json::string(100'000, 'y'),
          json::array{},
          json::array{nullptr},
          json::array{1, "x"},
          json::object{},
          json::object{{"x", 1}},
          json::object{{"", nullptr}, {"$eq", json::array{}}},
          deep_list()};
}

// The kinds that a schema allows, each without references.
std::vector<json::object> kinds_of(const json::object& schema, SchemaValidator& validator) {
  const json::object& whole = validator.resolved(schema);
  const json::value* choices = whole.if_contains("anyOf");
  if (!choices) return {whole};
  std::vector<json::object> kinds;
  for (const json::value& choice : choices->as_array()) {
    for (json::object& kind : kinds_of(choice.as_object(), validator)) kinds.push_back(std::move(kind));
  }
  return kinds;
}

// The smallest value that fits.
json::value sample_of(const json::object& schema, SchemaValidator& validator) {
  const json::object kind = kinds_of(schema, validator).front();
  if (const json::value* words = kind.if_contains("enum")) return words->as_array().front();
  const std::string_view type = runtime::find_text(kind, "type").value_or("null");
  if (type == "boolean") return true;
  if (type == "integer" || type == "number") return kind.contains("minimum") ? kind.at("minimum") : json::value(0);
  if (type == "string") {
    return kind.contains("format") ? json::value("00000000-0000-7000-8000-000000000000") : json::value("x");
  }
  if (type == "array") {
    json::array list;
    if (kind.contains("minItems")) list.push_back(sample_of(kind.at("items").as_object(), validator));
    return list;
  }
  if (type != "object") return nullptr;
  json::object object;
  if (const json::value* required = kind.if_contains("required")) {
    for (const json::value& name : required->as_array()) {
      object[name.as_string()] = sample_of(kind.at("properties").at(name.as_string()).as_object(), validator);
    }
  }
  return object;
}

class Mutator {
 public:
  explicit Mutator(SchemaValidator& validator) : validator_(validator) {}

  // All values one thing away from `good`, where the schema leads to.
  void mutate(const json::value& good, const json::object& schema, const std::vector<std::string>& path, int depth) {
    if (depth == 0) return;
    for (const json::object& kind : kinds_of(schema, validator_)) {
      const std::string_view type = runtime::find_text(kind, "type").value_or("");
      if (type == "object") mutate_members(good, kind, path, depth);
      if (type == "array" && kind.contains("items")) mutate_items(kind, path, depth);
    }
  }
  std::vector<MutatedBody> take() && { return std::move(made_); }

 private:
  void mutate_members(const json::value& good, const json::object& kind, const std::vector<std::string>& path,
                      int depth) {
    const json::object base =
        good.is_object() && validator_.fits(good, kind) ? good.as_object() : sample_of(kind, validator_).as_object();
    if (const json::value* values = kind.if_contains("additionalProperties"); values && values->is_object()) {
      mutate_member(base, "x", values->as_object(), path, depth);
    }
    const json::value* properties = kind.if_contains("properties");
    if (!properties) return;
    for (const auto& property : properties->as_object()) {
      mutate_member(base, std::string(property.key()), property.value().as_object(), path, depth);
      json::object without = base;
      if (without.erase(property.key()) > 0) made_.push_back({joined(path, property.key()), std::move(without)});
    }
  }

  void mutate_member(const json::object& base, const std::string& name, const json::object& schema,
                     const std::vector<std::string>& path, int depth) {
    const std::vector<std::string> place = joined(path, name);
    const auto put = [&](std::vector<std::string> where, json::value value) {
      json::object changed = base;
      changed[name] = std::move(value);
      made_.push_back({std::move(where), std::move(changed)});
    };
    for (json::value& value : values_of_every_kind()) put(place, std::move(value));
    Mutator inside(validator_);
    const json::value* present = base.if_contains(name);
    inside.mutate(present ? *present : json::value(nullptr), schema, place, depth - 1);
    for (MutatedBody& one : inside.made_) put(std::move(one.path), std::move(one.body));
  }

  void mutate_items(const json::object& kind, const std::vector<std::string>& path, int depth) {
    const json::object& items = kind.at("items").as_object();
    const std::vector<std::string> place = joined(path, "0");
    for (json::value& value : values_of_every_kind()) made_.push_back({place, json::array{std::move(value)}});
    Mutator inside(validator_);
    inside.mutate(sample_of(items, validator_), items, place, depth - 1);
    for (MutatedBody& one : inside.made_) made_.push_back({one.path, json::array{std::move(one.body)}});
  }

  static std::vector<std::string> joined(std::vector<std::string> path, std::string_view name) {
    path.emplace_back(name);
    return path;
  }

  SchemaValidator& validator_;
  std::vector<MutatedBody> made_;
};

}  // namespace

std::vector<MutatedBody> mutated_bodies(const json::value& good, const json::object& schema,
                                        SchemaValidator& validator) {
  constexpr int kDepth = 5;
  Mutator mutator(validator);
  mutator.mutate(good, schema, {}, kDepth);
  std::vector<MutatedBody> bodies = std::move(mutator).take();
  for (json::value& value : values_of_every_kind()) bodies.push_back({{}, std::move(value)});
  return bodies;
}

std::vector<std::string> bad_query_values(const json::object& schema) {
  const std::string_view type = runtime::find_text(schema, "type").value_or("");
  if (type == "integer") {
    std::vector<std::string> bad{"x", "-1", "1.5", "1e3", "99999999999999999999", "1x", "%00"};
    if (schema.at("minimum") == 1) bad.emplace_back("0");
    if (schema.at("maximum") == 1000) bad.emplace_back("1001");
    return bad;
  }
  if (type == "array") {
    const json::object& items = schema.at("items").as_object();
    if (items.contains("enum")) return {"nope", "values,nope", "%5B%22nope%22%5D"};
    return {};
  }
  if (schema.contains("enum")) return {"nope", "%00"};
  if (schema.contains("format")) return {"x", "00000000-0000-7000-8000-00000000000", "%00"};
  return {};
}

std::vector<std::string> malformed_bodies() {
  return {"{",
          "}",
          R"({"a":})",
          R"({"a":1}x)",
          R"({'a':1})",
          "nul",
          "[1,]",
          R"({"limit":01})",
          R"({"limit":1e999999})" + std::string(1, '\0'),
          std::string(1, '\0'),
          "\xff\xfe",
          std::string(5'000, '['),
          std::string(5'000, '[') + std::string(5'000, ']'),
          std::string(1'000'000, '{')};
}

}  // namespace heddle::test
