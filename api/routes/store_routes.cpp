#include "api/routes/store_routes.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <limits>
#include <utility>

#include "api/routes/body.h"
#include "api/routes/search_body.h"
#include "api/services/services.h"
#include "runtime/json.h"
#include "runtime/object_text.h"

namespace heddle::api {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

void print_item(const storage::Item& item, std::string& out) {
  runtime::ObjectText object(out);
  object.json("namespace", json::array(item.name_space.begin(), item.name_space.end()));
  object.text("key", item.key);
  object.raw("value", item.value_json);
  object.text("created_at", storage::to_rfc3339(item.created_at));
  object.text("updated_at", storage::to_rfc3339(item.updated_at));
  object.end();
}

Fields body_of(const Services& services, const Request& request) {
  return Fields::of_body(request, services.parts.settings.json_depth_max);
}

storage::ItemNamespace split_at_periods(const std::string& text) {
  storage::ItemNamespace labels;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t period = text.find('.', begin);
    labels.push_back(text.substr(begin, period - begin));
    if (period == std::string::npos) return labels;
    begin = period + 1;
  }
}

// `namespace` of a query: labels joined by periods, or one parameter for each label. A comma is part of a label.
storage::ItemNamespace namespace_of(const Query& query) {
  const std::optional<std::string> text = query.find("namespace");
  if (!text) return {};
  std::vector<std::string> list = query.list("namespace");
  const bool is_repeated = list.size() > 1 && text->find(',') == std::string::npos;
  if (is_repeated || text->starts_with('[')) return list;
  return split_at_periods(*text);
}

std::string key_of(const Query& query) {
  std::optional<std::string> key = query.find("key");
  if (!key) throw ApiError::invalid({"key"}, "is required");
  return *std::move(key);
}

storage::FilterOperator operator_of(const Fields& operators, std::string_view word) {
  using enum storage::FilterOperator;
  constexpr std::pair<std::string_view, storage::FilterOperator> kWords[] = {{"$eq", eq},   {"$ne", ne}, {"$gt", gt},
                                                                             {"$gte", gte}, {"$lt", lt}, {"$lte", lte}};
  for (const auto& [known, meaning] : kWords) {
    if (known == word) return meaning;
  }
  throw operators.wrong(word, "must be one of $eq, $ne, $gt, $gte, $lt, $lte");
}

storage::ItemCondition condition(const Fields& place, std::string_view place_key, std::string_view key,
                                 storage::FilterOperator op, const json::value& operand) {
  if (operand.is_structured()) throw place.wrong(place_key, "must be a text, a number, true, false or null");
  return {std::string(key), op, runtime::to_text(operand)};
}

std::vector<storage::ItemCondition> conditions_of(const Fields& body) {
  std::vector<storage::ItemCondition> conditions;
  const Fields filter(body.object("filter").value_or(json::object{}), body.path_of("filter"));
  for (const json::key_value_pair& member : filter.json()) {
    const std::string_view key = member.key();
    const json::value& wanted = member.value();
    if (!wanted.is_object()) {
      conditions.push_back(condition(filter, key, key, storage::FilterOperator::eq, wanted));
      continue;
    }
    const Fields operators(wanted, filter.path_of(key));
    for (const json::key_value_pair& one : operators.json()) {
      const storage::FilterOperator op = operator_of(operators, one.key());
      conditions.push_back(condition(operators, one.key(), key, op, one.value()));
    }
  }
  return conditions;
}

}  // namespace

asio::awaitable<Response> put_item(Services& services, Caller caller, Request request) {
  const Fields body = body_of(services, request);
  const std::optional<std::vector<std::string>> name_space = body.texts("namespace");
  if (!name_space) throw body.wrong("namespace", "is required");
  const std::optional<json::object> value = body.object("value");
  if (!value) throw body.wrong("value", "is required");
  NewItem wanted;
  wanted.name_space = *name_space;
  wanted.key = body.required_text("key");
  wanted.value_json = runtime::to_text(*value);
  wanted.minutes_to_live = body.number("ttl", 0);
  co_await services.store.put(caller.owner, wanted);
  co_return empty_response(204);
}

asio::awaitable<Response> get_item(Services& services, Caller caller, Request request) {
  const std::string key = key_of(request.query);
  const storage::ItemNamespace name_space = namespace_of(request.query);
  const std::optional<storage::Item> item = co_await services.store.find(caller.owner, name_space, key);
  if (!item) co_return json_response(200, std::string("null"));
  std::string body;
  print_item(*item, body);
  co_return json_response(200, std::move(body));
}

asio::awaitable<Response> delete_item(Services& services, Caller caller, Request request) {
  const Fields body = body_of(services, request);
  const std::optional<std::vector<std::string>> given = body.texts("namespace");
  const storage::ItemNamespace name_space = given ? *given : namespace_of(request.query);
  const std::optional<std::string> given_key = body.text("key");
  const std::string key = given_key ? *given_key : key_of(request.query);
  co_await services.store.erase(caller.owner, name_space, key);
  co_return empty_response(204);
}

asio::awaitable<Response> search_items(Services& services, Caller caller, Request request) {
  const Fields body = body_of(services, request);
  const bool may_lack_prefix = services.parts.settings.compat == Compat::platform;
  if (!may_lack_prefix && !body.names("namespace_prefix")) throw body.wrong("namespace_prefix", "is required");
  storage::ItemQuery query;
  query.owner = caller.owner;
  query.prefix = body.texts("namespace_prefix").value_or(std::vector<std::string>{});
  query.conditions = conditions_of(body);
  query.page = search_page(body);
  const std::vector<storage::Item> items = co_await services.store.search(query);
  std::string answer = R"({"items":[)";
  for (const storage::Item& item : items) {
    if (&item != &items.front()) answer += ',';
    print_item(item, answer);
  }
  answer += "]}";
  co_return json_response(200, std::move(answer));
}

asio::awaitable<Response> list_namespaces(Services& services, Caller caller, Request request) {
  const Fields body = body_of(services, request);
  storage::NamespaceQuery query;
  query.owner = caller.owner;
  query.prefix = body.texts("prefix").value_or(std::vector<std::string>{});
  query.suffix = body.texts("suffix").value_or(std::vector<std::string>{});
  query.max_depth = body.integer("max_depth", 1, std::numeric_limits<std::int64_t>::max());
  query.page = search_page(body, 100);
  const std::vector<storage::ItemNamespace> found = co_await services.store.namespaces(query);
  json::array namespaces;
  for (const storage::ItemNamespace& labels : found) namespaces.emplace_back(json::array(labels.begin(), labels.end()));
  co_return json_response(200, json::object{{"namespaces", std::move(namespaces)}});
}

}  // namespace heddle::api
