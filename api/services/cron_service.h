#pragma once
// Crons: creating, finding, changing, deleting (http-api.md 12). Their runs are made by api/runs/cron_scheduler.

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "api/services/assistant_service.h"
#include "api/services/service_parts.h"
#include "storage/crons.h"

namespace heddle::api {

class CronScheduler;

// What a client says about a cron: all of a new one, or what is to change. None: not said.
struct CronFields {
  std::optional<std::string> assistant_id;  // or the id of a graph
  std::optional<std::string> schedule;
  std::optional<std::string> timezone;
  std::optional<std::optional<storage::Timestamp>> end_time;  // an empty one: for ever
  std::optional<bool> enabled;
  std::optional<storage::OnCompletion> on_run_completed;
  std::optional<boost::json::object> metadata;  // of a change: merged one level deep
  boost::json::object payload;  // keys of a run's payload (http-api.md 8.1), checked and without secrets
};

// `assistant_id` as the client says it, the rest as storage has it.
struct CronSearch {
  storage::CronQuery query;
  std::optional<std::string> assistant_id;
};

// Belongs to the I/O thread. Crons of somebody else are not there.
class CronService {
 public:
  // The other services outlive this one.
  CronService(ServiceParts parts, const AssistantService& assistants, CronScheduler& scheduler)
      : parts_(parts), assistants_(assistants), scheduler_(scheduler) {}

  // `thread_id`: the thread that all runs go to; none: a new one for each. `wanted` has an assistant and a schedule.
  // Throws ApiError: 422 for a schedule or time zone that is none and an end that is past; then 404 for an unknown
  // assistant (`No assistant found for "<id>"...`) or thread (`Thread not found`).
  boost::asio::awaitable<storage::Cron> create(storage::Owner owner, std::optional<storage::ThreadId> thread_id,
                                               CronFields wanted);

  // Throws ApiError 404 `Cron with ID <id> not found`, as do patch() and erase().
  boost::asio::awaitable<storage::Cron> get(storage::Owner owner, storage::CronId id) const;
  // Throws what create() throws.
  boost::asio::awaitable<storage::Cron> patch(storage::Owner owner, storage::CronId id, CronFields change);
  boost::asio::awaitable<void> erase(storage::Owner owner, storage::CronId id);

  boost::asio::awaitable<storage::Found<storage::Cron>> search(CronSearch wanted) const;
  boost::asio::awaitable<std::int64_t> count(CronSearch wanted) const;

 private:
  boost::asio::awaitable<storage::AssistantId> assistant_for(storage::AssistantReader reader, std::string id) const;

  ServiceParts parts_;
  const AssistantService& assistants_;
  CronScheduler& scheduler_;
};

}  // namespace heddle::api
