#include "api/routes/thread_routes.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <utility>

#include "api/routes/body.h"
#include "api/routes/search_body.h"
#include "api/routes/selected_object.h"
#include "api/services/extract_path.h"
#include "api/services/services.h"
#include "runtime/json.h"

namespace heddle::api {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

// http-api.md 6.2.
constexpr std::size_t kExtractsMax = 10;

using Extracts = std::vector<std::pair<std::string, ExtractPath>>;

// What an answer shows of each thread.
struct Showing {
  std::vector<std::string> select;
  Extracts extract;
  bool with_ttl = false;
  Compat compat = Compat::js;
};

std::string_view word_of(storage::ThreadStatus status) {
  using enum storage::ThreadStatus;
  switch (status) {
    case idle:
      return "idle";
    case busy:
      return "busy";
    case interrupted:
      return "interrupted";
    case error:
      return "error";
  }
  return "";
}

std::string_view text_or(const std::optional<std::string>& text, std::string_view otherwise) {
  return text ? std::string_view(*text) : otherwise;
}

// The text of a part of a thread that paths start in.
std::string_view part_text(const ThreadView& view, const std::string& part) {
  if (part == "values") return text_or(view.values_json, "null");
  if (part == "metadata") return view.thread.metadata_json;
  if (part == "config") return view.thread.config_json;
  return text_or(view.thread.interrupts_json, "null");
}

std::string extracted_text(const ThreadView& view, const Extracts& extract) {
  std::map<std::string, json::value> parts;
  json::object extracted;
  for (const auto& [alias, path] : extract) {
    auto part = parts.find(path.part());
    if (part == parts.end()) {
      part = parts.emplace(path.part(), runtime::parse_json(part_text(view, path.part()))).first;
    }
    const json::value* found = path.find(part->second);
    extracted[alias] = found == nullptr ? json::value(nullptr) : *found;
  }
  return runtime::to_text(extracted);
}

std::string ttl_text(const storage::Thread& thread) {
  json::value ttl = runtime::parse_json(*thread.ttl_json);
  ttl.as_object()["expires_at"] = storage::to_rfc3339(*thread.expires_at);
  return runtime::to_text(ttl);
}

void print_thread(const ThreadView& view, const Showing& showing, std::string& out) {
  const storage::Thread& thread = view.thread;
  const bool shows_empty = showing.compat == Compat::platform;  // C4
  SelectedObject object(out, showing.select);
  object.text("thread_id", thread.thread_id.text());
  object.time("created_at", thread.created_at);
  object.time("updated_at", thread.updated_at);
  object.raw("metadata", thread.metadata_json);
  object.text("status", word_of(thread.status));
  object.raw("config", thread.config_json);
  if (view.values_json || shows_empty) object.raw("values", text_or(view.values_json, "null"));
  if (thread.interrupts_json || shows_empty) object.raw("interrupts", text_or(thread.interrupts_json, "{}"));
  if (showing.compat == Compat::platform) {
    object.raw("error", text_or(thread.error_json, "null"));
    object.time("state_updated_at", thread.updated_at);
  }
  if (showing.with_ttl && thread.ttl_json && thread.expires_at) object.raw("ttl", ttl_text(thread));
  if (!showing.extract.empty()) object.always().raw("extracted", extracted_text(view, showing.extract));
  object.end();
}

Response thread_response(const ThreadView& view, const Showing& showing) {
  std::string body;
  print_thread(view, showing, body);
  return json_response(200, std::move(body));
}

Showing whole_thread(const Services& services) {
  return {{}, {}, false, services.parts.settings.compat};
}

std::optional<PruneStrategy> strategy_of(const Fields& fields) {
  using enum PruneStrategy;
  return fields.one_of<PruneStrategy>("strategy", {{"delete", delete_thread}, {"keep_latest", keep_latest}});
}

// `ttl`: minutes, or an object with minutes and what happens then.
std::optional<ThreadTtl> ttl_of(const Fields& body) {
  const json::value* given = body.find("ttl");
  if (given == nullptr) return std::nullopt;
  if (given->is_number()) return ThreadTtl{*body.number("ttl", 0)};
  const Fields fields(*given, body.path_of("ttl"));
  const std::optional<double> minutes = fields.number("ttl", 0);
  if (!minutes) throw fields.wrong("ttl", "is required");
  return ThreadTtl{*minutes, strategy_of(fields).value_or(PruneStrategy::delete_thread)};
}

std::vector<std::string> place_of(const std::vector<std::string>& list, std::size_t index) {
  std::vector<std::string> place = list;
  place.push_back(std::to_string(index));
  return place;
}

// A command takes the place of the values. Between runs there is no question that `resume` could answer.
runtime::StateUpdate state_update(const Fields& update) {
  runtime::StateUpdate taken{json::value(nullptr), update.text("as_node")};
  const std::optional<json::object> given = update.object("command");
  if (!given) {
    if (const json::value* values = update.find("values")) taken.values = *values;
    return taken;
  }
  const Fields fields(*given, update.path_of("command"));
  if (fields.has("resume")) throw fields.wrong("resume", "cannot be part of a superstep; give values and as_node");
  runtime::Command command;
  try {
    command = runtime::command_from_json(*given);
  } catch (const runtime::GraphError& error) {
    throw update.wrong("command", error.what());
  }
  if (!command.update.empty()) {
    json::object& values = taken.values.emplace_object();
    for (auto& [key, value] : command.update) {
      if (!values.emplace(key, std::move(value)).second) throw fields.wrong("update", "names a key twice");
    }
  }
  taken.go_to = std::move(command.go_to);
  return taken;
}

std::vector<std::vector<runtime::StateUpdate>> supersteps_of(const Fields& body) {
  std::vector<std::vector<runtime::StateUpdate>> supersteps;
  const json::array given = body.array("supersteps").value_or(json::array{});
  for (const json::value& one : given) {
    const Fields superstep(one, place_of(body.path_of("supersteps"), supersteps.size()));
    const std::optional<json::array> updates = superstep.array("updates");
    if (!updates) throw superstep.wrong("updates", "is required");
    std::vector<runtime::StateUpdate>& taken = supersteps.emplace_back();
    for (const json::value& element : *updates) {
      const Fields update(element, place_of(superstep.path_of("updates"), taken.size()));
      taken.push_back(state_update(update));
    }
  }
  return supersteps;
}

Extracts extracts_of(const Fields& body) {
  Extracts extracts;
  const Fields given(body.object("extract").value_or(json::object{}), body.path_of("extract"));
  if (given.json().size() > kExtractsMax) {
    throw body.wrong("extract", "must have at most " + std::to_string(kExtractsMax) + " paths");
  }
  for (const json::key_value_pair& member : given.json()) {
    const std::string alias = member.key();
    const std::optional<ExtractPath> path = ExtractPath::parse(given.required_text(alias));
    if (!path) {
      throw given.wrong(alias,
                        "must start with values, metadata, config or interrupts and go on with .key and [index]");
    }
    extracts.emplace_back(alias, *path);
  }
  return extracts;
}

ThreadSearch search_of(const Caller& caller, const Fields& body) {
  ThreadSearch search;
  search.query.owner = caller.owner;
  search.query.metadata = metadata_filter(body);
  search.values = body.object("values").value_or(json::object{});
  using enum storage::ThreadStatus;
  search.query.status = body.one_of<storage::ThreadStatus>(
      "status", {{"idle", idle}, {"busy", busy}, {"interrupted", interrupted}, {"error", error}});
  return search;
}

storage::ThreadSort sort_of(const Fields& body, Compat compat) {
  using enum storage::ThreadSort;
  return body
      .one_of<storage::ThreadSort>("sort_by", {{"thread_id", thread_id},
                                               {"status", status},
                                               {"created_at", created_at},
                                               {"updated_at", updated_at},
                                               {"state_updated_at", updated_at}})
      .value_or(compat == Compat::js ? created_at : updated_at);  // C5
}

bool shows_values(const Showing& showing) {
  const auto is_values = [](const auto& extract) { return extract.second.part() == "values"; };
  const bool are_selected =
      showing.select.empty() || std::ranges::find(showing.select, "values") != showing.select.end();
  return are_selected || std::ranges::any_of(showing.extract, is_values);
}

// A list of threads on its way to a client. Their values may be large and many, so they are read and printed one by one
// and sent in parts.
struct ThreadList {
  std::vector<storage::Thread> threads;
  Showing showing;
  std::size_t printed = 0;

  bool at_end() const { return printed == threads.size(); }

  // The text from the thread after the last printed one on, a part or all that is left.
  asio::awaitable<std::string> next(const ThreadService& service) {
    constexpr std::size_t kPartBytes = 256 * 1024;  // a write; beyond it more is of no use to the socket
    const bool has_values = shows_values(showing);
    std::string text = printed == 0 ? "[" : "";
    while (!at_end() && text.size() < kPartBytes) {
      ThreadView view{threads[printed], std::nullopt};
      if (has_values) view = co_await service.with_values(threads[printed]);
      if (printed > 0) text += ',';
      print_thread(view, showing, text);
      ++printed;
    }
    if (at_end()) text += ']';
    co_return text;
  }
};

// `Prefer: return=minimal` asks for no body.
bool wants_no_body(const Request& request) {
  const std::optional<std::string_view> prefer = request.headers.find("prefer");
  return prefer && prefer->find("return=minimal") != std::string_view::npos;
}

}  // namespace

asio::awaitable<Response> create_thread(Services& services, Caller caller, Request request) {
  const Fields body = body_of(services, request);
  NewThread wanted;
  wanted.thread_id = body.id<storage::ThreadId>("thread_id");
  wanted.metadata = body.object("metadata").value_or(json::object{});
  wanted.if_exists =
      body.one_of<IfExists>("if_exists", {{"raise", IfExists::raise}, {"do_nothing", IfExists::do_nothing}})
          .value_or(IfExists::raise);
  wanted.supersteps = supersteps_of(body);
  wanted.ttl = ttl_of(body);
  const ThreadView created = co_await services.threads.create(caller.owner, wanted);
  co_return thread_response(created, whole_thread(services));
}

asio::awaitable<Response> search_threads(Services& services, Caller caller, Request request) {
  const Fields body = body_of(services, request);
  ThreadSearch search = search_of(caller, body);
  search.query.ids = body.ids<storage::ThreadId>("ids").value_or(std::vector<storage::ThreadId>{});
  search.query.sort_by = sort_of(body, services.parts.settings.compat);
  search.query.order = sort_order(body);
  search.query.page = search_page(body);
  Showing showing = whole_thread(services);
  showing.select = body.texts("select").value_or(std::vector<std::string>{});
  showing.extract = extracts_of(body);

  storage::Found<storage::Thread> found = co_await services.threads.search(search);
  const auto list = std::make_shared<ThreadList>(ThreadList{std::move(found.records), std::move(showing)});
  // Before the head of the answer goes out, so that a failure still has a status.
  std::string text = co_await list->next(services.threads);
  const bool is_whole = list->at_end();
  Response response = page_response(is_whole ? text : "", search.query.page, list->threads.size(), found.total);
  if (is_whole) co_return response;
  response.stream = [&services, list, text = std::move(text)](BodyWriter& writer) -> asio::awaitable<void> {
    co_await writer.write(text);
    while (!list->at_end()) {
      const std::string more = co_await list->next(services.threads);
      co_await writer.write(more);
    }
  };
  co_return response;
}

asio::awaitable<Response> count_threads(Services& services, Caller caller, Request request) {
  const ThreadSearch search = search_of(caller, body_of(services, request));
  const std::int64_t total = co_await services.threads.count(search);
  co_return json_response(200, std::to_string(total));
}

asio::awaitable<Response> prune_threads(Services& services, Caller caller, Request request) {
  const Fields body = body_of(services, request);
  const std::optional<std::vector<storage::ThreadId>> ids = body.ids<storage::ThreadId>("thread_ids");
  if (!ids) throw body.wrong("thread_ids", "is required");
  const PruneStrategy strategy = strategy_of(body).value_or(PruneStrategy::delete_thread);
  const std::int64_t pruned = co_await services.threads.prune(caller.owner, *ids, strategy);
  co_return json_response(200, json::object{{"pruned_count", pruned}});
}

asio::awaitable<Response> get_thread(Services& services, Caller caller, Request request) {
  const storage::ThreadId id = path_id<storage::ThreadId>(request, "thread_id");
  const std::vector<std::string> include = request.query.list("include");
  Showing showing = whole_thread(services);
  showing.with_ttl = std::ranges::find(include, "ttl") != include.end();
  const ThreadView found = co_await services.threads.get(caller.owner, id);
  co_return thread_response(found, showing);
}

asio::awaitable<Response> patch_thread(Services& services, Caller caller, Request request) {
  const storage::ThreadId id = path_id<storage::ThreadId>(request, "thread_id");
  const Fields body = body_of(services, request);
  ThreadChange change;
  change.metadata = body.object("metadata");
  change.ttl = ttl_of(body);
  const bool changes_nothing = !change.metadata && !change.ttl;
  if (changes_nothing && services.parts.settings.compat == Compat::js) throw body.wrong("metadata", "is required");
  const ThreadView changed = co_await services.threads.patch(caller.owner, id, change);
  if (wants_no_body(request)) co_return empty_response(204);
  co_return thread_response(changed, whole_thread(services));
}

asio::awaitable<Response> delete_thread(Services& services, Caller caller, Request request) {
  const storage::ThreadId id = path_id<storage::ThreadId>(request, "thread_id");
  co_await services.threads.erase(caller.owner, id);
  co_return empty_response(204);
}

asio::awaitable<Response> copy_thread(Services& services, Caller caller, Request request) {
  const storage::ThreadId id = path_id<storage::ThreadId>(request, "thread_id");
  const ThreadView copied = co_await services.threads.copy(caller.owner, id);
  co_return thread_response(copied, whole_thread(services));
}

asio::awaitable<Response> get_storage(Services& services, Caller caller, Request request) {
  const storage::ThreadId id = path_id<storage::ThreadId>(request, "thread_id");
  const storage::StateSize size = co_await services.threads.size_of(caller.owner, id);
  const auto told = [](const storage::StateSize::Part& part) {
    return json::object{{"count", part.count}, {"bytes", part.bytes}};
  };
  json::object by_channel;
  for (const auto& [channel, part] : size.by_channel) {
    by_channel[channel] = json::object{{"versions", part.count}, {"bytes", part.bytes}};
  }
  json::object values = told(size.channel_values);
  values["by_channel"] = std::move(by_channel);
  const std::int64_t total = size.checkpoints.bytes + size.channel_values.bytes + size.pending_writes.bytes;
  co_return json_response(200, json::object{{"thread_id", id.text()},
                                            {"total_bytes", total},
                                            {"checkpoints", told(size.checkpoints)},
                                            {"channel_values", std::move(values)},
                                            {"pending_writes", told(size.pending_writes)}});
}

}  // namespace heddle::api
