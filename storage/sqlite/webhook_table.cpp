#include "storage/sqlite/webhook_table.h"

#include "storage/sqlite/query.h"

namespace heddle::storage::sqlite {

WebhookTable::WebhookTable(const SQLite::Database& database)
    : find_(database, R"sql(
        SELECT run_id, thread_id, owner, ended_at, next_attempt, attempts, url, body FROM webhooks
        WHERE run_id = :run_id
      )sql"),
      next_(database, R"sql(
        SELECT run_id, next_attempt FROM webhooks AS call
        WHERE NOT EXISTS (SELECT 1 FROM webhooks AS earlier
                          WHERE earlier.thread_id = call.thread_id
                            AND (earlier.ended_at, earlier.run_id) < (call.ended_at, call.run_id))
        ORDER BY next_attempt, run_id LIMIT :limit
      )sql"),
      insert_(database, R"sql(
        INSERT OR REPLACE INTO webhooks (run_id, thread_id, owner, ended_at, next_attempt, attempts, url, body)
        VALUES (:run_id, :thread_id, :owner, :ended_at, :next_attempt, :attempts, :url, :body)
      )sql"),
      postpone_(database, R"sql(
        UPDATE webhooks SET attempts = :attempts, next_attempt = :next_attempt WHERE run_id = :run_id
      )sql"),
      erase_(database, "DELETE FROM webhooks WHERE run_id = :run_id") {}

std::optional<Webhook> WebhookTable::find(RunId id) const {
  Query sql(find_);
  sql.bind(":run_id", id);
  if (!sql.next()) return std::nullopt;
  Webhook webhook;
  sql >> webhook.run_id >> webhook.thread_id >> webhook.owner >> webhook.ended_at >> webhook.next_attempt;
  sql >> webhook.attempts >> webhook.url >> webhook.body;
  return webhook;
}

std::vector<WebhookTime> WebhookTable::next(std::int64_t limit) const {
  std::vector<WebhookTime> found;
  Query sql(next_);
  sql.bind(":limit", limit);
  while (sql.next()) {
    WebhookTime time;
    sql >> time.run_id >> time.next_attempt;
    found.push_back(time);
  }
  return found;
}

void WebhookTable::insert(const Webhook& webhook) {
  Query sql(insert_);
  sql.bind(":run_id", webhook.run_id).bind(":thread_id", webhook.thread_id).bind(":owner", webhook.owner);
  sql.bind(":ended_at", webhook.ended_at).bind(":next_attempt", webhook.next_attempt);
  sql.bind(":attempts", webhook.attempts).bind(":url", webhook.url).bind(":body", webhook.body);
  sql.run();
}

void WebhookTable::postpone(RunId id, std::int64_t attempts, Timestamp next_attempt) {
  Query sql(postpone_);
  sql.bind(":run_id", id).bind(":attempts", attempts).bind(":next_attempt", next_attempt);
  sql.run();
}

void WebhookTable::erase(RunId id) {
  Query sql(erase_);
  sql.bind(":run_id", id).run();
}

}  // namespace heddle::storage::sqlite
