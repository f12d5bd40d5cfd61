#include "api/openapi/schema.h"

#include <boost/json/array.hpp>
#include <utility>

namespace heddle::api::openapi {

namespace json = boost::json;

namespace {

Schema object_of(std::vector<Member> members) {
  Schema properties;
  json::array names;
  for (Member& member : members) {
    if (member.is_required) names.emplace_back(member.name);
    properties[member.name] = std::move(member.schema);
  }
  Schema schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!names.empty()) schema["required"] = std::move(names);
  return schema;
}

}  // namespace

Schema anything() {
  return {};
}

Schema text() {
  return {{"type", "string"}};
}

Schema text_up_to(std::int64_t most) {
  return {{"type", "string"}, {"minLength", 1}, {"maxLength", most}};
}

Schema uuid() {
  return {{"type", "string"}, {"format", "uuid"}};
}

Schema time() {
  return {{"type", "string"}, {"format", "date-time"}};
}

Schema truth() {
  return {{"type", "boolean"}};
}

Schema whole(std::int64_t least, std::int64_t most) {
  return {{"type", "integer"}, {"minimum", least}, {"maximum", most}};
}

Schema number_from(double least) {
  return {{"type", "number"}, {"minimum", least}};
}

Schema word(std::initializer_list<std::string_view> words) {
  json::array known;
  for (const std::string_view one : words) known.emplace_back(one);
  return {{"type", "string"}, {"enum", std::move(known)}};
}

Schema nothing() {
  return {{"type", "null"}};
}

Schema free_object() {
  return {{"type", "object"}};
}

Schema map_of(Schema values) {
  return {{"type", "object"}, {"additionalProperties", std::move(values)}};
}

Schema list_of(Schema items, std::int64_t least) {
  Schema schema{{"type", "array"}, {"items", std::move(items)}};
  if (least > 0) schema["minItems"] = least;
  return schema;
}

Schema ref(std::string_view name) {
  return {{"$ref", "#/components/schemas/" + std::string(name)}};
}

Schema any_of(std::vector<Schema> kinds) {
  json::array list;
  for (Schema& kind : kinds) list.emplace_back(std::move(kind));
  return {{"anyOf", std::move(list)}};
}

Schema or_null(Schema schema) {
  const bool holds_null = schema.empty() || schema == nothing();
  if (holds_null) return schema;
  Schema with_null = any_of({});
  // What is said about the value belongs to the whole.
  for (const std::string_view key : {"description", "default"}) {
    if (!schema.contains(key)) continue;
    with_null[key] = schema.at(key);
    schema.stable_erase(key);
  }
  const auto choices = schema.find("anyOf");
  json::array& kinds = with_null.at("anyOf").as_array();
  if (schema.size() == 1 && choices != schema.end()) {
    kinds = std::move(choices->value().as_array());
  } else {
    kinds.emplace_back(std::move(schema));
  }
  kinds.emplace_back(nothing());
  return with_null;
}

Schema said(Schema schema, std::string_view sentence) {
  schema["description"] = sentence;
  return schema;
}

Schema by_default(Schema schema, json::value value) {
  schema["default"] = std::move(value);
  return schema;
}

Schema open(Schema object) {
  object["additionalProperties"] = true;
  return object;
}

Member required(std::string_view name, Schema schema) {
  return {name, std::move(schema), true};
}

Member optional(std::string_view name, Schema schema) {
  return {name, std::move(schema), false};
}

Schema request(std::vector<Member> members) {
  for (Member& member : members) {
    if (!member.is_required) member.schema = or_null(std::move(member.schema));
  }
  return open(object_of(std::move(members)));
}

Schema answer(std::vector<Member> members) {
  return object_of(std::move(members));
}

}  // namespace heddle::api::openapi
