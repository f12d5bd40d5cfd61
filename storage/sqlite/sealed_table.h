#pragma once
// The SQL behind storage/sealed.h.

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include "storage/sealed.h"

namespace heddle::storage::sqlite {

// Belongs to one connection and its thread.
class SealedTable final : public SealedSecrets {
 public:
  explicit SealedTable(const SQLite::Database& database);

  std::optional<Sealed> find(RunId id) const override;
  void insert(const Sealed& sealed) override;

 private:
  mutable SQLite::Statement find_;
  SQLite::Statement insert_;
};

}  // namespace heddle::storage::sqlite
