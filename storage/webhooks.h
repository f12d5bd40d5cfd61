#pragma once
// The outbox of webhooks: calls that are owed because a run has ended (http-api.md 16).
//
// A call is written in the transaction that makes its run final, and erased when it got through or was given up. So
// every run that names a webhook is told about at least once, whenever the process dies. A call outlives its run and
// its thread: what was owed when they ended is still owed when they have been deleted.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/ids.h"
#include "storage/timestamp.h"

namespace heddle::storage {

struct Webhook {
  RunId run_id;  // one call per run
  ThreadId thread_id;
  Owner owner;
  Timestamp ended_at;      // of the run; calls of one thread go out in this order
  Timestamp next_attempt;  // not before
  std::int64_t attempts = 0;
  std::string url;
  std::string body;  // a JSON object without what is known only when it is sent; no hidden keys
};

// When a call may be made; without its body, so that many can be looked at.
struct WebhookTime {
  RunId run_id;
  Timestamp next_attempt;
};

class WebhookReads {
 public:
  virtual ~WebhookReads() = default;
  virtual std::optional<Webhook> find(RunId id) const = 0;
  // The oldest call of each thread, soonest first, at most `limit`. Those behind it wait until it is erased.
  virtual std::vector<WebhookTime> next(std::int64_t limit) const = 0;
};

class Webhooks : public WebhookReads {
 public:
  // Replaces a call that the run already has.
  virtual void insert(const Webhook& webhook) = 0;
  virtual void postpone(RunId id, std::int64_t attempts, Timestamp next_attempt) = 0;
  virtual void erase(RunId id) = 0;
};

}  // namespace heddle::storage
