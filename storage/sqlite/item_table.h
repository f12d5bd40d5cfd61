#pragma once
// The SQL behind storage/items.h.

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include "storage/items.h"

namespace heddle::storage::sqlite {

// Belongs to one connection and its thread.
class ItemTable final : public Items {
 public:
  explicit ItemTable(const SQLite::Database& database);

  std::optional<Item> find(const Owner& owner, const ItemNamespace& name_space, const std::string& key,
                           Timestamp now) const override;
  std::vector<Item> search(const ItemQuery& query) const override;
  std::vector<ItemNamespace> namespaces(const NamespaceQuery& query) const override;

  void put(const Item& item) override;
  void erase(const Owner& owner, const ItemNamespace& name_space, const std::string& key) override;
  void erase_expired(Timestamp now) override;

 private:
  mutable SQLite::Statement find_;
  mutable SQLite::Statement search_;
  mutable SQLite::Statement namespaces_;
  SQLite::Statement put_;
  SQLite::Statement erase_;
  SQLite::Statement erase_expired_;
};

}  // namespace heddle::storage::sqlite
