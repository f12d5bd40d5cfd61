#pragma once
// Filters on values that are not in the database as text: containment like PostgreSQL's `@>` (http-api.md 2.10).

#include <boost/json/value.hpp>

namespace heddle::runtime {

// Objects key by key and recursively, scalars by value and type (1 equals 1.0); every element of a filter's list
// must be contained in some element; null matches an explicit null.
bool contains_json(const boost::json::value& stored, const boost::json::value& filter);

}  // namespace heddle::runtime
