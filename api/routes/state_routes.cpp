#include "api/routes/state_routes.h"

#include <charconv>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "api/routes/body.h"
#include "api/services/services.h"
#include "runtime/spliced_text.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

runtime::Subgraphs subgraphs_of(bool expanded) {
  return expanded ? runtime::Subgraphs::expanded : runtime::Subgraphs::as_pointer;
}

// The `checkpoint` of a body: every key may be missing or null; `thread_id` in it does not count.
runtime::CheckpointAddress address_from(const Fields& body) {
  runtime::CheckpointAddress address;
  address.id = body.id<storage::CheckpointId>("checkpoint_id");
  std::optional<json::object> given = body.object("checkpoint");
  if (!given) return address;
  const Fields fields(std::move(*given), body.path_of("checkpoint"));
  if (const auto id = fields.id<storage::CheckpointId>("checkpoint_id")) address.id = id;
  address.checkpoint_ns = fields.text("checkpoint_ns").value_or("");
  if (const std::optional<json::object> map = fields.object("checkpoint_map")) {
    for (const auto& entry : *map) {
      if (!entry.value().is_string()) throw fields.wrong("checkpoint_map", "must map namespaces to ids");
      const auto id = storage::CheckpointId::parse(std::string_view(entry.value().as_string()));
      if (!id) throw fields.wrong("checkpoint_map", "must map namespaces to ids");
      address.map[entry.key()] = *id;
    }
  }
  return address;
}

asio::awaitable<void> write_pieces(const runtime::SplicedText& text, BodyWriter& writer) {
  const std::vector<std::string_view> pieces = text.pieces();
  for (const std::string_view piece : pieces) co_await writer.write(piece);
}

Response text_response(runtime::SplicedText text) {
  if (text.is_plain()) return json_response(200, std::move(text.printed()));
  Response response = json_response(200, std::string());
  response.stream_bytes = text.size();
  const auto shared = std::make_shared<const runtime::SplicedText>(std::move(text));
  response.stream = [shared](BodyWriter& writer) { return write_pieces(*shared, writer); };
  return response;
}

Response state_response(const runtime::StateSnapshot& snapshot, storage::ThreadId thread_id,
                        const std::vector<std::string>& select, Compat compat) {
  runtime::SplicedText text;
  print_state(snapshot, thread_id, select, compat, text);
  return text_response(std::move(text));
}

// A history is sent in parts of about this size; a state that is larger is a part of its own.
constexpr std::size_t kHistoryPartBytes = 1 << 20;

// A history on its way to a client.
struct HistoryAnswer {
  HistoryPages pages;
  storage::ThreadId thread_id;
  std::vector<std::string> select;
  Compat compat;
  bool has_begun = false;
  std::vector<runtime::StateSnapshot> page = {};
  std::size_t printed = 0;  // states of the page
  std::size_t bytes = 0;    // of them
  runtime::SplicedText part = {};

  bool page_is_through() const { return printed == page.size(); }
  bool at_end() const { return page_is_through() && pages.at_end(); }

  asio::awaitable<void> turn_page() {
    pages.rendered(printed, bytes);
    std::vector<runtime::StateSnapshot> states = co_await pages.next();
    page = std::move(states);
    printed = bytes = 0;
  }

  // States that have been printed are given up.
  asio::awaitable<void> print_part() {
    part = {};
    while (!at_end() && part.size() < kHistoryPartBytes) {
      if (page_is_through()) co_await turn_page();
      while (!page_is_through() && part.size() < kHistoryPartBytes) {
        const std::size_t before = part.size();
        part.printed() += std::exchange(has_begun, true) ? ',' : '[';
        print_state(page[printed], thread_id, select, compat, part);
        bytes += part.size() - before;
        page[printed++] = {};
      }
    }
    if (at_end()) part.printed() += has_begun ? "]" : "[]";
  }

  // From the part that is printed on.
  asio::awaitable<void> write(BodyWriter& writer) {
    co_await write_pieces(part, writer);
    while (!at_end()) {
      co_await print_part();
      co_await write_pieces(part, writer);
    }
  }
};

asio::awaitable<Response> history_response(HistoryAnswer given) {
  const auto answer = std::make_shared<HistoryAnswer>(std::move(given));
  // Before the head of the answer goes out, so that a failure still has a status.
  co_await answer->print_part();
  if (answer->at_end()) co_return text_response(std::move(answer->part));
  Response response = json_response(200, std::string());
  response.stream = [answer](BodyWriter& writer) { return answer->write(writer); };
  co_return response;
}

// JS says booleans here as texts, everybody else as booleans (http-api.md 7.3).
bool flag_or_text(const Fields& body, std::string_view key) {
  const json::value* value = body.find(key);
  if (value == nullptr) return false;
  if (value->is_string()) return value->as_string() == "true" || value->as_string() == "1";
  return body.flag(key).value_or(false);
}

// `before`: an id, a checkpoint or a config (http-api.md 7.7).
std::optional<storage::CheckpointId> before_of(const Fields& body) {
  const json::value* given = body.find("before");
  if (given == nullptr) return std::nullopt;
  if (given->is_string()) return body.id<storage::CheckpointId>("before");
  if (!given->is_object()) throw body.wrong("before", "must be the id of a checkpoint");
  Fields fields(*given, body.path_of("before"));
  if (std::optional<json::object> configurable = fields.object("configurable")) {
    fields = Fields(std::move(*configurable), fields.path_of("configurable"));
  }
  return fields.id<storage::CheckpointId>("checkpoint_id");
}

}  // namespace

asio::awaitable<Response> get_state(Services& services, Caller caller, Request request) {
  const auto thread_id = path_id<storage::ThreadId>(request, "thread_id");
  storage::Thread thread = co_await services.states.thread(caller.owner, thread_id);
  runtime::CheckpointAddress address;
  const runtime::Subgraphs subgraphs = subgraphs_of(request.query.flag("subgraphs", false));
  const runtime::StateSnapshot snapshot =
      co_await services.states.state(std::move(thread), std::move(address), subgraphs);
  co_return state_response(snapshot, thread_id, request.query.list("select"), services.parts.settings.compat);
}

asio::awaitable<Response> get_state_at(Services& services, Caller caller, Request request) {
  const auto thread_id = path_id<storage::ThreadId>(request, "thread_id");
  runtime::CheckpointAddress address;
  address.id = path_id<storage::CheckpointId>(request, "checkpoint_id");
  storage::Thread thread = co_await services.states.thread(caller.owner, thread_id);
  const runtime::Subgraphs subgraphs = subgraphs_of(request.query.flag("subgraphs", false));
  const runtime::StateSnapshot snapshot =
      co_await services.states.state(std::move(thread), std::move(address), subgraphs);
  co_return state_response(snapshot, thread_id, request.query.list("select"), services.parts.settings.compat);
}

asio::awaitable<Response> read_state(Services& services, Caller caller, Request request) {
  const auto thread_id = path_id<storage::ThreadId>(request, "thread_id");
  const Fields body = body_of(services, request);
  runtime::CheckpointAddress address = address_from(body);
  const runtime::Subgraphs subgraphs = subgraphs_of(flag_or_text(body, "subgraphs"));
  const std::vector<std::string> select = body.texts("select").value_or(std::vector<std::string>{});
  storage::Thread thread = co_await services.states.thread(caller.owner, thread_id);
  const runtime::StateSnapshot snapshot =
      co_await services.states.state(std::move(thread), std::move(address), subgraphs);
  co_return state_response(snapshot, thread_id, select, services.parts.settings.compat);
}

asio::awaitable<Response> update_state(Services& services, Caller caller, Request request) {
  const auto thread_id = path_id<storage::ThreadId>(request, "thread_id");
  const Fields body = body_of(services, request);
  runtime::CheckpointAddress address = address_from(body);
  runtime::StateUpdate update;
  if (const json::value* values = body.find("values")) {
    if (!values->is_object() && !values->is_array()) throw body.wrong("values", "must be an object or a list");
    update.values = *values;
  }
  update.as_node = body.text("as_node");
  std::vector<std::vector<runtime::StateUpdate>> supersteps(1);
  supersteps[0].push_back(std::move(update));
  storage::Thread thread = co_await services.states.thread(caller.owner, thread_id);
  const runtime::CheckpointAddress made =
      co_await services.states.update(std::move(thread), std::move(address), std::move(supersteps));
  json::object pointer{{"thread_id", thread_id.text()}, {"checkpoint_ns", made.checkpoint_ns}};
  if (made.id) pointer["checkpoint_id"] = made.id->text();
  co_return json_response(200, json::object{{"checkpoint", pointer}});
}

asio::awaitable<Response> get_history(Services& services, Caller caller, Request request) {
  const auto thread_id = path_id<storage::ThreadId>(request, "thread_id");
  runtime::HistoryQuery query;
  if (const std::optional<std::string> limit = request.query.find("limit")) {
    const auto [end, error] = std::from_chars(limit->data(), limit->data() + limit->size(), query.limit);
    const bool is_number = error == std::errc{} && end == limit->data() + limit->size();
    if (!is_number || query.limit < 1 || query.limit > 1000) {
      throw ApiError::invalid({"limit"}, "must be between 1 and 1000");
    }
  }
  if (const std::optional<std::string> before = request.query.find("before")) {
    query.before = storage::CheckpointId::parse(*before);
    if (!query.before) throw ApiError::invalid({"before"}, "must be a UUID");
  }
  const storage::Thread thread = co_await services.states.thread(caller.owner, thread_id);
  HistoryAnswer answer{
      services.states.history(thread, std::move(query)), thread_id, {}, services.parts.settings.compat};
  Response response = co_await history_response(std::move(answer));
  co_return response;
}

asio::awaitable<Response> read_history(Services& services, Caller caller, Request request) {
  const auto thread_id = path_id<storage::ThreadId>(request, "thread_id");
  const Fields body = body_of(services, request);
  runtime::HistoryQuery query;
  query.limit = body.integer("limit", 1, 1000).value_or(10);
  query.before = before_of(body);
  query.metadata = body.object("metadata").value_or(json::object{});
  const runtime::CheckpointAddress address = address_from(body);
  query.checkpoint_ns = address.checkpoint_ns;
  query.only = address.id;
  const std::vector<std::string> select = body.texts("select").value_or(std::vector<std::string>{});
  const storage::Thread thread = co_await services.states.thread(caller.owner, thread_id);
  HistoryAnswer answer{services.states.history(thread, std::move(query)), thread_id, select,
                       services.parts.settings.compat};
  Response response = co_await history_response(std::move(answer));
  co_return response;
}

}  // namespace heddle::api
