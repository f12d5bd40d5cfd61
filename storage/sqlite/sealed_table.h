#pragma once
// The SQL behind storage/sealed.h.

#include <SQLiteCpp/Database.h>

#include "storage/sealed.h"
#include "storage/sqlite/statement.h"

namespace heddle::storage::sqlite {

// Belongs to one connection and its thread.
class SealedTable final : public SealedSecrets {
 public:
  explicit SealedTable(const SQLite::Database& database);

  std::optional<Sealed> find(RunId id) const override;
  void insert(const Sealed& sealed) override;

 private:
  mutable Statement find_;
  Statement insert_;
};

}  // namespace heddle::storage::sqlite
