#pragma once
// What the routes say about themselves, as data: one file per resource, each with its schemas, its query parameters
// and the words of its operations. The route table names them; document.cpp puts them together.

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "api/openapi/schema.h"

namespace heddle::api::openapi {

struct NamedSchema {
  std::string_view name;
  Schema schema;
};

// 422, or 409 with `compat: platform` (http-api.md C2).
inline constexpr int kStatusOfBusy = -1;

// An answer besides that of the shape: an error with its text (http-api.md 2.6), or nothing where a client asked for
// it.
struct Outcome {
  int status;
  std::string_view message;
};

// What is said about one operation. The errors of validation, 413 and 500 need not be named.
struct Words {
  std::string_view operation;
  std::string_view summary;
  std::string_view description = "";
  std::vector<Outcome> outcomes = {};
  std::string_view example = "";  // of the body, as JSON
};

struct Resource {
  std::vector<NamedSchema> schemas;
  std::vector<NamedSchema> parameters;  // of queries
  std::vector<Words> operations;
};

Resource shared_resource();
Resource meta_resource();
Resource assistant_resource();
Resource thread_resource();
Resource state_resource();
Resource run_resource();
Resource cron_resource();
Resource store_resource();
Resource protocol_resource();

// All of them as one. Names are unique in it. Immutable, made once.
const Resource& all_resources();

// Null pointer for an unknown name.
const Schema* find_schema(std::string_view name);
const Schema* find_parameter(std::string_view name);
const Words* find_words(std::string_view operation);

}  // namespace heddle::api::openapi
