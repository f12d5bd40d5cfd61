#pragma once
// The SQL behind storage/items.h.

#include <SQLiteCpp/Database.h>

#include "storage/items.h"
#include "storage/sqlite/item_vector_table.h"
#include "storage/sqlite/statement.h"

namespace heddle::storage::sqlite {

// Belongs to one connection and its thread.
class ItemTable final : public Items {
 public:
  // `memory` outlives it.
  ItemTable(const SQLite::Database& database, VectorMemory& memory);

  std::optional<Item> find(const Owner& owner, const ItemNamespace& name_space, const std::string& key,
                           Timestamp now) const override;
  std::vector<Item> search(const ItemQuery& query) const override;
  std::optional<std::vector<ScoredItem>> nearest(const NearestQuery& query) const override;
  std::vector<ItemNamespace> namespaces(const NamespaceQuery& query) const override;

  void put(const Item& item) override;
  void add_vectors(const Item& item, const ItemVectors& vectors) override;
  void erase(const Owner& owner, const ItemNamespace& name_space, const std::string& key) override;
  void refresh(const Owner& owner, const ItemNamespace& name_space, const std::string& key, Timestamp now) override;
  std::int64_t erase_expired(Timestamp now, std::int64_t limit) override;

 private:
  mutable Statement find_;
  mutable Statement search_;
  mutable Statement with_vector_;
  mutable Statement namespaces_;
  Statement put_;
  Statement erase_;
  Statement refresh_;
  Statement erase_expired_;
  ItemVectorTable vectors_;
};

}  // namespace heddle::storage::sqlite
