#pragma once
// Filters and pages as data; storage turns them into conditions of one query.

#include <cstdint>
#include <string>
#include <vector>

namespace heddle::storage {

// A condition on a JSON column: containment like PostgreSQL's `@>` (http-api.md 2.10).
// `json` is the text of an object; "{}" matches everything, also a missing value.
// Objects are compared key by key and recursively, scalars by value and type (1 equals 1.0),
// every element of a filter array must be contained in some element, null matches explicit null.
struct Containment {
  std::string json = "{}";
};

// Which part of the matches is wanted. `limit` counts records.
struct Page {
  std::int64_t limit = 10;
  std::int64_t offset = 0;
};

enum class SortOrder { ascending, descending };

// One page of records and the number of all matches, whatever the page.
template <class Record>
struct Found {
  std::vector<Record> records;
  std::int64_t total = 0;
};

}  // namespace heddle::storage
