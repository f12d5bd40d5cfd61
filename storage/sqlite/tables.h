#pragma once
// All tables on one connection.

#include <SQLiteCpp/Database.h>

#include "storage/sqlite/assistant_table.h"
#include "storage/sqlite/awaited_table.h"
#include "storage/sqlite/checkpoint_table.h"
#include "storage/sqlite/cron_table.h"
#include "storage/sqlite/event_table.h"
#include "storage/sqlite/item_table.h"
#include "storage/sqlite/query.h"
#include "storage/sqlite/run_table.h"
#include "storage/sqlite/sealed_table.h"
#include "storage/sqlite/thread_table.h"
#include "storage/sqlite/truncation.h"
#include "storage/sqlite/webhook_table.h"
#include "storage/storage.h"

namespace heddle::storage::sqlite {

// The database must have our schema. Belongs to one thread at a time.
class Tables final : public Transaction {
 public:
  // `memory` outlives it.
  Tables(const SQLite::Database& database, VectorMemory& memory)
      : database_(database),
        assistants_(database),
        threads_(database),
        runs_(database),
        crons_(database),
        events_(database),
        items_(database, memory),
        checkpoints_(database),
        webhooks_(database),
        awaited_(database),
        sealed_(database),
        leave_mark_(database, "INSERT OR REPLACE INTO mark (id, made_at) VALUES (1, :now)") {}

  const AssistantReads& assistants() const override { return assistants_; }
  const ThreadReads& threads() const override { return threads_; }
  const RunReads& runs() const override { return runs_; }
  const CronReads& crons() const override { return crons_; }
  const EventReads& events() const override { return events_; }
  const ItemReads& items() const override { return items_; }
  const CheckpointReads& checkpoints() const override { return checkpoints_; }
  const WebhookReads& webhooks() const override { return webhooks_; }
  const AwaitedReads& awaited() const override { return awaited_; }
  const SealedReads& sealed() const override { return sealed_; }

  Assistants& assistants() override { return assistants_; }
  Threads& threads() override { return threads_; }
  Runs& runs() override { return runs_; }
  Crons& crons() override { return crons_; }
  Events& events() override { return events_; }
  Items& items() override { return items_; }
  Checkpoints& checkpoints() override { return checkpoints_; }
  Webhooks& webhooks() override { return webhooks_; }
  AwaitedAnswers& awaited() override { return awaited_; }
  SealedSecrets& sealed() override { return sealed_; }
  void truncate(const Truncation& what) override { sqlite::truncate(database_, what); }
  void leave_mark(Timestamp now) override {
    Query sql(leave_mark_);
    sql.bind(":now", now).run();
  }

 private:
  const SQLite::Database& database_;
  AssistantTable assistants_;
  ThreadTable threads_;
  RunTable runs_;
  CronTable crons_;
  EventTable events_;
  ItemTable items_;
  CheckpointTable checkpoints_;
  WebhookTable webhooks_;
  AwaitedTable awaited_;
  SealedTable sealed_;
  Statement leave_mark_;
};

}  // namespace heddle::storage::sqlite
