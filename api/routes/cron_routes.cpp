#include "api/routes/cron_routes.h"

#include <array>
#include <boost/json/object.hpp>
#include <utility>

#include "api/routes/body.h"
#include "api/routes/search_body.h"
#include "api/routes/selected_object.h"
#include "api/runs/run_request.h"
#include "api/services/hidden_keys.h"
#include "api/services/services.h"
#include "runtime/json.h"
#include "runtime/secret.h"

namespace heddle::api {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

// What the runs get, besides assistant and metadata, which have columns of their own.
constexpr std::array<std::string_view, 13> kPayloadKeys = {
    "input",        "config",           "context",          "webhook",    "interrupt_before",  "interrupt_after",
    "stream_mode",  "stream_subgraphs", "stream_resumable", "durability", "checkpoint_during", "multitask_strategy",
    "if_not_exists"};

json::object payload_of(const Fields& body, const ServerSettings& settings) {
  const json::object config = body.object("config").value_or(json::object{});
  const json::value* context = body.find("context");
  refuse_hidden_keys(config, context == nullptr ? json::value(nullptr) : *context, settings, "a cron");
  json::object payload;
  for (const std::string_view key : kPayloadKeys) {
    // An input that is null says to go on from where the thread stands.
    const bool is_given = key == "input" ? body.names(key) : body.has(key);
    if (is_given) payload[key] = body.json().at(key);
  }
  // Read as the runs will be, so that what would be refused then is refused here.
  json::object as_run = payload;
  as_run["assistant_id"] = "";
  const Headers no_headers;
  (void)run_request_from(std::move(as_run), no_headers, settings);
  return payload;
}

std::optional<std::optional<storage::Timestamp>> end_time_of(const Fields& body) {
  if (!body.names("end_time")) return std::nullopt;
  const std::optional<std::string> text = body.text("end_time");
  if (!text) return std::optional<storage::Timestamp>();
  const std::optional<storage::Timestamp> time = storage::parse_rfc3339(*text);
  if (!time) throw body.wrong("end_time", "must be a time like 2026-11-22T13:27:15Z");
  return time;
}

CronFields fields_of(const Fields& body, const ServerSettings& settings) {
  CronFields fields;
  fields.payload = payload_of(body, settings);
  fields.assistant_id = body.text("assistant_id");
  fields.schedule = body.text("schedule");
  fields.timezone = body.text("timezone");
  fields.end_time = end_time_of(body);
  fields.enabled = body.flag("enabled");
  using storage::OnCompletion;
  fields.on_run_completed = body.one_of<OnCompletion>(
      "on_run_completed", {{"delete", OnCompletion::delete_thread}, {"keep", OnCompletion::keep}});
  fields.metadata = body.object("metadata");
  return fields;
}

Fields take_body(const Services& services, Request& request) {
  Fields body = body_of(services, request);
  // A credential that is refused is not kept either.
  runtime::wipe(request.body);
  return body;
}

void print_cron(const storage::Cron& cron, const std::vector<std::string>& select, storage::Timestamp now,
                std::string& out) {
  SelectedObject object(out, select);
  const auto text_or_null = [&object](std::string_view key, const std::optional<std::string>& text) {
    if (text) {
      object.text(key, *text);
    } else {
      object.raw(key, "null");
    }
  };
  const auto time_or_null = [&object](std::string_view key, const std::optional<storage::Timestamp>& time) {
    if (time) {
      object.time(key, *time);
    } else {
      object.raw(key, "null");
    }
  };
  std::optional<std::string> thread_id;
  if (cron.thread_id) thread_id = cron.thread_id->text();
  std::optional<std::string> on_run_completed;
  if (!cron.thread_id) on_run_completed = cron.on_run_completed == storage::OnCompletion::keep ? "keep" : "delete";
  std::optional<std::string> user_id;
  if (!cron.owner.text.empty()) user_id = cron.owner.text;

  object.text("cron_id", cron.cron_id.text());
  object.text("assistant_id", cron.assistant_id.text());
  text_or_null("thread_id", thread_id);
  text_or_null("on_run_completed", on_run_completed);
  object.text("schedule", cron.schedule);
  text_or_null("timezone", cron.timezone);
  time_or_null("end_time", cron.end_time);
  object.raw("enabled", cron.enabled ? "true" : "false");
  time_or_null("next_run_date", cron.next_run_date);
  object.raw("payload", cron.payload_json);
  object.raw("metadata", cron.metadata_json);
  text_or_null("user_id", user_id);
  object.time("created_at", cron.created_at);
  object.time("updated_at", cron.updated_at);
  if (!select.empty()) object.time("now", now);
  object.end();
}

Response cron_response(const Services& services, const storage::Cron& cron) {
  std::string body;
  print_cron(cron, {}, services.parts.clock.now(), body);
  return json_response(200, std::move(body));
}

CronSearch search_of(const Caller& caller, const Fields& body) {
  CronSearch search;
  search.query.owner = caller.owner;
  search.assistant_id = body.text("assistant_id");
  search.query.thread_id = body.id<storage::ThreadId>("thread_id");
  search.query.enabled = body.flag("enabled");
  search.query.metadata = metadata_filter(body);
  return search;
}

storage::CronSort sort_of(const Fields& body) {
  using enum storage::CronSort;
  return body
      .one_of<storage::CronSort>("sort_by", {{"cron_id", cron_id},
                                             {"assistant_id", assistant_id},
                                             {"thread_id", thread_id},
                                             {"next_run_date", next_run_date},
                                             {"end_time", end_time},
                                             {"created_at", created_at},
                                             {"updated_at", updated_at}})
      .value_or(created_at);
}

}  // namespace

asio::awaitable<Response> create_cron(Services& services, Caller caller, Request request) {
  std::optional<storage::ThreadId> thread_id;
  if (request.params.contains("thread_id")) thread_id = path_id<storage::ThreadId>(request, "thread_id");
  const Fields body = take_body(services, request);
  CronFields wanted = fields_of(body, services.parts.settings);
  if (!wanted.assistant_id) throw body.wrong("assistant_id", "is required");
  if (!wanted.schedule) throw body.wrong("schedule", "is required");
  const storage::Cron created = co_await services.crons.create(caller.owner, thread_id, std::move(wanted));
  co_return cron_response(services, created);
}

asio::awaitable<Response> search_crons(Services& services, Caller caller, Request request) {
  const Fields body = take_body(services, request);
  CronSearch search = search_of(caller, body);
  search.query.sort_by = sort_of(body);
  search.query.order = sort_order(body);
  search.query.page = search_page(body);
  const std::vector<std::string> select = body.texts("select").value_or(std::vector<std::string>{});

  const storage::Found<storage::Cron> found = co_await services.crons.search(search);
  const storage::Timestamp now = services.parts.clock.now();
  std::string list = "[";
  for (const storage::Cron& cron : found.records) {
    if (list.size() > 1) list += ',';
    print_cron(cron, select, now, list);
  }
  list += ']';
  co_return page_response(std::move(list), search.query.page, found.records.size(), found.total);
}

asio::awaitable<Response> count_crons(Services& services, Caller caller, Request request) {
  const CronSearch search = search_of(caller, take_body(services, request));
  const std::int64_t total = co_await services.crons.count(search);
  co_return json_response(200, std::to_string(total));
}

asio::awaitable<Response> get_cron(Services& services, Caller caller, Request request) {
  const auto id = path_id<storage::CronId>(request, "cron_id");
  const storage::Cron found = co_await services.crons.get(caller.owner, id);
  co_return cron_response(services, found);
}

asio::awaitable<Response> patch_cron(Services& services, Caller caller, Request request) {
  const auto id = path_id<storage::CronId>(request, "cron_id");
  CronFields change = fields_of(take_body(services, request), services.parts.settings);
  const storage::Cron changed = co_await services.crons.patch(caller.owner, id, std::move(change));
  co_return cron_response(services, changed);
}

asio::awaitable<Response> delete_cron(Services& services, Caller caller, Request request) {
  const auto id = path_id<storage::CronId>(request, "cron_id");
  co_await services.crons.erase(caller.owner, id);
  co_return empty_response(204);
}

}  // namespace heddle::api
