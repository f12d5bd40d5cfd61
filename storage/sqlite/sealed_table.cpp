#include "storage/sqlite/sealed_table.h"

#include "storage/sqlite/query.h"

namespace heddle::storage::sqlite {

SealedTable::SealedTable(const SQLite::Database& database)
    : find_(database, "SELECT thread_id, key_id, nonce, ciphertext FROM sealed_secrets WHERE run_id = :run_id"),
      insert_(database, R"sql(
        INSERT INTO sealed_secrets (run_id, thread_id, key_id, nonce, ciphertext)
        VALUES (:run_id, :thread_id, :key_id, :nonce, :ciphertext)
      )sql") {}

std::optional<Sealed> SealedTable::find(RunId id) const {
  Query sql(find_);
  sql.bind(":run_id", id);
  if (!sql.next()) return std::nullopt;
  Sealed sealed;
  sealed.run_id = id;
  sql >> sealed.thread_id >> sealed.key_id >> sealed.nonce >> sealed.ciphertext;
  return sealed;
}

void SealedTable::insert(const Sealed& sealed) {
  Query sql(insert_);
  sql.bind(":run_id", sealed.run_id).bind(":thread_id", sealed.thread_id).bind_blob(":key_id", sealed.key_id);
  sql.bind_blob(":nonce", sealed.nonce).bind_blob(":ciphertext", sealed.ciphertext);
  sql.run();
}

}  // namespace heddle::storage::sqlite
