#pragma once
// The SQL behind storage/webhooks.h.

#include <SQLiteCpp/Database.h>

#include "storage/sqlite/statement.h"
#include "storage/webhooks.h"

namespace heddle::storage::sqlite {

// Belongs to one connection and its thread.
class WebhookTable final : public Webhooks {
 public:
  explicit WebhookTable(const SQLite::Database& database);

  std::optional<Webhook> find(RunId id) const override;
  std::vector<WebhookTime> next(std::int64_t limit) const override;

  void insert(const Webhook& webhook) override;
  void postpone(RunId id, std::int64_t attempts, Timestamp next_attempt) override;
  void erase(RunId id) override;

 private:
  mutable Statement find_;
  mutable Statement next_;
  Statement insert_;
  Statement postpone_;
  Statement erase_;
};

}  // namespace heddle::storage::sqlite
