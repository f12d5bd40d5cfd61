#pragma once
// Crons: runs that are made again and again by a schedule (http-api.md 12).
// Fields named *_json hold JSON text that storage neither reads nor changes; when a cron fires is reckoned above
// storage, which only keeps the time.

#include <optional>
#include <string>
#include <vector>

#include "storage/filter.h"
#include "storage/ids.h"
#include "storage/runs.h"
#include "storage/timestamp.h"

namespace heddle::storage {

struct Cron {
  CronId cron_id;
  Owner owner;
  AssistantId assistant_id;
  std::optional<ThreadId> thread_id;  // none: a new thread for every run
  Timestamp created_at;
  Timestamp updated_at;
  std::string schedule;
  std::optional<std::string> timezone;  // none: UTC
  std::optional<Timestamp> end_time;    // no run after it
  bool enabled = true;
  std::optional<Timestamp> next_run_date;  // none: does not fire
  OnCompletion on_run_completed = OnCompletion::delete_thread;
  std::string payload_json = "{}";  // what its runs are made from
  std::string metadata_json = "{}";
};

enum class CronSort { cron_id, assistant_id, thread_id, next_run_date, end_time, created_at, updated_at };

struct CronQuery {
  Owner owner;
  std::optional<AssistantId> assistant_id;
  std::optional<ThreadId> thread_id;
  std::optional<bool> enabled;
  Containment metadata;
  CronSort sort_by = CronSort::created_at;  // what is not there comes last
  SortOrder order = SortOrder::descending;
  Page page;
};

// Queries of clients name an owner; a cron of somebody else is not found.
class CronReads {
 public:
  virtual ~CronReads() = default;
  virtual std::optional<Cron> find(const Owner& owner, CronId id) const = 0;
  virtual Found<Cron> search(const CronQuery& query) const = 0;
  virtual std::int64_t count(const CronQuery& query) const = 0;

  // Of all owners: those whose time has come at `now`, longest due first, at most `limit`.
  virtual std::vector<Cron> due(Timestamp now, std::int64_t limit) const = 0;
  // Of all owners: when the next one is due. None if none fires.
  virtual std::optional<Timestamp> earliest() const = 0;
  // Of all owners: those that fire after `now`, a page of at most `limit` in the order of their ids, after `after`.
  virtual std::vector<Cron> waiting(Timestamp now, std::optional<CronId> after, std::int64_t limit) const = 0;
};

class Crons : public CronReads {
 public:
  virtual void insert(const Cron& cron) = 0;  // its assistant is there
  virtual void update(const Cron& cron) = 0;  // all fields but id, owner, thread_id and created_at
  virtual void erase(CronId id) = 0;
  // Moves a cron that is due at `due` on to `next`. False, and nothing is changed, if it is not due then any more:
  // somebody else has claimed that time, or the cron was changed or erased.
  virtual bool claim(CronId id, Timestamp due, std::optional<Timestamp> next) = 0;
};

}  // namespace heddle::storage
