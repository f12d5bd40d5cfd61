#pragma once
// The SQL behind the vectors of items (storage/items.h).

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/ids.h"
#include "storage/items.h"
#include "storage/sqlite/statement.h"
#include "storage/sqlite/vector_memory.h"

namespace heddle::storage::sqlite {

// Whose vectors, as they are stored: all namespaces from `begin` up to, not including, `end`.
struct VectorRange {
  Owner owner;
  std::string begin;
  std::optional<std::string> end;
  std::string model;
};

// An item by one of its vectors, with the score of the best of them.
struct Candidate {
  float score = 0;
  std::uint32_t order = 0;  // by namespace and key
  std::int64_t vector_id = 0;
};

// Belongs to one connection and its thread.
class ItemVectorTable {
 public:
  // `memory` outlives it.
  ItemVectorTable(const SQLite::Database& database, VectorMemory& memory);

  // All items in the range that have vectors, in the order of their namespaces and keys. Nothing if that is more than
  // `most` vectors.
  std::optional<std::vector<Candidate>> compare(const VectorRange& range, const std::vector<float>& vector,
                                                std::int64_t most) const;

  void add(const Owner& owner, const std::string& name_space, const std::string& key, const ItemVectors& vectors);
  // Those of one item. When the item itself goes, its vectors go with it.
  void erase(const Owner& owner, const std::string& name_space, const std::string& key);

 private:
  std::optional<std::vector<float>> read(std::int64_t vector_id) const;

  VectorMemory& memory_;
  mutable Statement in_range_;
  mutable Statement read_;
  Statement add_;
  Statement erase_;
};

}  // namespace heddle::storage::sqlite
