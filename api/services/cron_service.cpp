#include "api/services/cron_service.h"

#include <utility>

#include "api/runs/cron_schedule.h"
#include "api/runs/cron_scheduler.h"
#include "api/services/api_error.h"
#include "runtime/json.h"
#include "runtime/uuid.h"

namespace heddle::api {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

ApiError unknown_cron(storage::CronId id) {
  return ApiError::not_found("Cron with ID " + id.text() + " not found");
}

// Checks the parts that can be checked alone. The texts are for the client; each status is 422 whatever `compat` says.
void check_times(const CronFields& fields, storage::Timestamp now) {
  if (fields.schedule) {
    try {
      (void)CronSchedule::parse(*fields.schedule);
    } catch (const CronError& error) {
      throw ApiError::unprocessable(std::string("schedule: ") + error.what());
    }
  }
  if (fields.timezone && !TimeZone::find(*fields.timezone)) {
    throw ApiError::unprocessable(
        "timezone: is not known; give an IANA name like Europe/Berlin, or leave it out for UTC");
  }
  if (fields.end_time && *fields.end_time && **fields.end_time <= now) {
    throw ApiError::unprocessable("end_time: is in the past; give a later time, or leave it out");
  }
}

// Takes over what is said, but for the assistant, which has to be looked up.
void apply(CronFields fields, storage::Timestamp now, storage::Cron& cron) {
  const bool times_change = fields.schedule || fields.timezone || fields.end_time || fields.enabled;
  if (fields.schedule) cron.schedule = *std::move(fields.schedule);
  if (fields.timezone) cron.timezone = std::move(fields.timezone);
  if (fields.end_time) cron.end_time = *fields.end_time;
  if (fields.enabled) cron.enabled = *fields.enabled;
  if (fields.on_run_completed) cron.on_run_completed = *fields.on_run_completed;
  if (fields.metadata) {
    json::object metadata = runtime::parse_json_object(cron.metadata_json);
    for (json::key_value_pair& member : *fields.metadata) metadata[member.key()] = std::move(member.value());
    cron.metadata_json = runtime::to_text(metadata);
  }
  json::object payload = runtime::parse_json_object(cron.payload_json);
  for (json::key_value_pair& member : fields.payload) payload[member.key()] = std::move(member.value());
  if (!cron.thread_id) {
    // What becomes of other runs of a thread, and of one that is missing, means nothing for a new thread.
    for (const std::string_view key : {"multitask_strategy", "if_not_exists"}) payload.stable_erase(key);
  } else if (!payload.contains("multitask_strategy")) {
    payload["multitask_strategy"] = "enqueue";
  }
  cron.payload_json = runtime::to_text(payload);
  cron.updated_at = now;
  if (!times_change) return;
  try {
    cron.next_run_date = next_run_date(cron, now);
  } catch (const CronError& error) {
    throw ApiError::unprocessable(std::string("schedule: ") + error.what());
  }
}

bool may_make_thread(const json::object& payload) {
  return runtime::find_text(payload, "if_not_exists") == "create";
}

}  // namespace

asio::awaitable<storage::AssistantId> CronService::assistant_for(storage::AssistantReader reader,
                                                                 std::string id) const {
  const std::optional<storage::Assistant> assistant = co_await assistants_.resolve(reader, id);
  if (!assistant) throw no_assistant_found(id);
  if (!parts_.graphs.find(assistant->graph_id)) {
    throw ApiError::not_found("Graph \"" + assistant->graph_id + "\" not found");
  }
  co_return assistant->assistant_id;
}

asio::awaitable<storage::Cron> CronService::create(storage::Owner owner, std::optional<storage::ThreadId> thread_id,
                                                   CronFields wanted) {
  const storage::Timestamp now = parts_.clock.now();
  check_times(wanted, now);
  storage::Cron cron;
  const storage::AssistantReader reader = assistants_.reader_for_absent(owner);
  cron.assistant_id = co_await assistant_for(reader, wanted.assistant_id.value_or(""));
  cron.cron_id = storage::CronId{runtime::uuid7(now)};
  cron.owner = owner;
  cron.thread_id = thread_id;
  cron.created_at = now;
  const bool makes_thread = may_make_thread(wanted.payload);
  apply(std::move(wanted), now, cron);

  auto insert = [cron, reader, makes_thread](storage::Transaction& tx) {
    if (cron.thread_id && !tx.threads().find(cron.owner, *cron.thread_id)) {
      const bool is_free = makes_thread && !tx.threads().exists(*cron.thread_id);
      if (!is_free) throw ApiError::not_found("Thread not found");
    }
    // It may have gone since it was looked up.
    if (!tx.assistants().find(reader, cron.assistant_id)) throw no_assistant_found(cron.assistant_id.text());
    tx.crons().insert(cron);
  };
  co_await parts_.storage.commit(std::move(insert));
  scheduler_.look_again();
  co_return cron;
}

asio::awaitable<storage::Cron> CronService::get(storage::Owner owner, storage::CronId id) const {
  auto find = [owner, id](const storage::Snapshot& snapshot) { return snapshot.crons().find(owner, id); };
  std::optional<storage::Cron> found = co_await parts_.storage.read(std::move(find));
  if (!found) throw unknown_cron(id);
  co_return *std::move(found);
}

asio::awaitable<storage::Cron> CronService::patch(storage::Owner owner, storage::CronId id, CronFields change) {
  const storage::Timestamp now = parts_.clock.now();
  check_times(change, now);
  // So that an unknown cron is told before an unknown assistant.
  const storage::Cron before = co_await get(owner, id);
  storage::AssistantId assistant_id = before.assistant_id;
  const storage::AssistantReader reader = assistants_.reader_for_absent(owner);
  if (change.assistant_id) assistant_id = co_await assistant_for(reader, *change.assistant_id);

  auto change_row = [owner, reader, id, change, assistant_id, now](storage::Transaction& tx) {
    std::optional<storage::Cron> cron = tx.crons().find(owner, id);
    if (!cron) throw unknown_cron(id);
    if (change.assistant_id) {
      if (!tx.assistants().find(reader, assistant_id)) throw no_assistant_found(*change.assistant_id);
      cron->assistant_id = assistant_id;
    }
    apply(change, now, *cron);
    tx.crons().update(*cron);
    return *std::move(cron);
  };
  storage::Cron changed = co_await parts_.storage.commit(std::move(change_row));
  scheduler_.look_again();
  co_return changed;
}

asio::awaitable<void> CronService::erase(storage::Owner owner, storage::CronId id) {
  auto erase_row = [owner, id](storage::Transaction& tx) {
    if (!tx.crons().find(owner, id)) throw unknown_cron(id);
    tx.crons().erase(id);
  };
  co_await parts_.storage.commit(std::move(erase_row));
}

asio::awaitable<storage::Found<storage::Cron>> CronService::search(CronSearch wanted) const {
  storage::Found<storage::Cron> found;
  if (wanted.assistant_id) {
    wanted.query.assistant_id = assistants_.id_of(*wanted.assistant_id);
    if (!wanted.query.assistant_id) co_return found;
  }
  auto find = [query = wanted.query](const storage::Snapshot& snapshot) { return snapshot.crons().search(query); };
  found = co_await parts_.storage.read(std::move(find));
  co_return found;
}

asio::awaitable<std::int64_t> CronService::count(CronSearch wanted) const {
  if (wanted.assistant_id) {
    wanted.query.assistant_id = assistants_.id_of(*wanted.assistant_id);
    if (!wanted.query.assistant_id) co_return 0;
  }
  auto count_rows = [query = wanted.query](const storage::Snapshot& snapshot) { return snapshot.crons().count(query); };
  const std::int64_t total = co_await parts_.storage.read(std::move(count_rows));
  co_return total;
}

}  // namespace heddle::api
