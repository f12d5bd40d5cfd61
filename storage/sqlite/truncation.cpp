#include "storage/sqlite/truncation.h"

#include <algorithm>
#include <initializer_list>

#include "storage/sqlite/query.h"

namespace heddle::storage::sqlite {
namespace {

// Rarely used, so its statements are not kept.
void run(const SQLite::Database& database, const char* sql) {
  Statement(database, sql).exec();
}

void empty_checkpoints(const SQLite::Database& database) {
  for (const char* sql : {"DELETE FROM pending_writes", "DELETE FROM channel_values", "DELETE FROM shared_metadata",
                          "DELETE FROM checkpoints"}) {
    run(database, sql);
  }
}

void empty_runs(const SQLite::Database& database) {
  for (const char* sql : {"DELETE FROM event_segments", "DELETE FROM webhooks", "DELETE FROM crons",
                          "DELETE FROM awaited", "DELETE FROM sealed_secrets", "DELETE FROM runs"}) {
    run(database, sql);
  }
}

void erase_assistants_but(const SQLite::Database& database, const std::vector<AssistantId>& kept) {
  std::vector<AssistantId> erased;
  Statement all(database, "SELECT assistant_id FROM assistants");
  {
    Query sql(all);
    while (sql.next()) {
      AssistantId id;
      sql >> id;
      if (std::ranges::find(kept, id) == kept.end()) erased.push_back(id);
    }
  }
  Statement erase(database, "DELETE FROM assistants WHERE assistant_id = :assistant_id");
  for (const AssistantId id : erased) {
    Query sql(erase);
    sql.bind(":assistant_id", id).run();
  }
}

}  // namespace

void truncate(const SQLite::Database& database, const Truncation& what) {
  if (what.runs || what.threads) empty_runs(database);
  if (what.checkpoints || what.threads) empty_checkpoints(database);
  if (what.threads) run(database, "DELETE FROM threads");
  if (what.checkpoints) run(database, "UPDATE threads SET values_checkpoint = NULL, interrupts_json = NULL");
  if (what.items) run(database, "DELETE FROM item_vectors");
  if (what.items) run(database, "DELETE FROM items");
  if (what.assistants) erase_assistants_but(database, what.kept_assistants);
}

}  // namespace heddle::storage::sqlite
