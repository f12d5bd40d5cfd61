#pragma once
// Requests made from what the document says about bodies, queries and paths: each one thing away from a good request.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "tests/api/openapi/schema_validator.h"

namespace heddle::test {

struct MutatedBody {
  std::vector<std::string> path;  // of what was changed
  boost::json::value body;
};

// Every member that the schema names, at every depth, with values of every kind, at the edges of its range and left
// out. Whether the result fits the schema is for a validator to say. `good` fits it.
std::vector<MutatedBody> mutated_bodies(const boost::json::value& good, const boost::json::object& schema,
                                        SchemaValidator& validator);

// Texts that are no value of a query parameter; none if every text is one.
std::vector<std::string> bad_query_values(const boost::json::object& schema);

// Bodies that are no JSON, nested deeper than any limit among them.
std::vector<std::string> malformed_bodies();

}  // namespace heddle::test
