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

// Each may lead to texts, and each text is a vector.
constexpr std::size_t kIndexFieldsMax = 32;

void print_item(const storage::Item& item, std::optional<double> score, std::string& out) {
  runtime::ObjectText object(out);
  object.json("namespace", json::array(item.name_space.begin(), item.name_space.end()));
  object.text("key", item.key);
  object.raw("value", item.value_json);
  object.text("created_at", storage::to_rfc3339(item.created_at));
  object.text("updated_at", storage::to_rfc3339(item.updated_at));
  if (score) object.json("score", *score);
  object.end();
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

runtime::IndexChoice index_choice(const Fields& body) {
  const json::value* given = body.find("index");
  if (given == nullptr) return runtime::IndexedAsConfigured{};
  if (given->is_bool() && !given->get_bool()) return runtime::NotIndexed{};
  if (!given->is_array()) throw body.wrong("index", "must be false, or a list of paths");
  const std::vector<std::string> fields = body.texts("index").value_or(std::vector<std::string>{});
  if (fields.size() > kIndexFieldsMax) {
    throw body.wrong("index", "must have at most " + std::to_string(kIndexFieldsMax) + " paths");
  }
  std::vector<runtime::StorePath> paths;
  for (const std::string& field : fields) {
    std::optional<runtime::StorePath> path = runtime::StorePath::parse(field);
    if (!path) throw body.wrong_at("index", paths.size(), "must be a path like text, a.b, list[*].x, or $");
    paths.push_back(*std::move(path));
  }
  return paths;
}

std::optional<runtime::OnRead> on_read(std::optional<bool> refresh_ttl) {
  if (!refresh_ttl) return std::nullopt;
  return *refresh_ttl ? runtime::OnRead::refresh : runtime::OnRead::leave;
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
  wanted.value = *value;
  wanted.options.minutes_to_live = body.number("ttl", 0);
  wanted.options.index = index_choice(body);
  co_await services.store.put(caller.owner, std::move(wanted));
  co_return empty_response(204);
}

asio::awaitable<Response> get_item(Services& services, Caller caller, Request request) {
  const std::string key = key_of(request.query);
  const storage::ItemNamespace name_space = namespace_of(request.query);
  std::optional<bool> refresh_ttl;
  if (request.query.find("refresh_ttl")) refresh_ttl = request.query.flag("refresh_ttl", false);
  const auto refreshes = on_read(refresh_ttl);
  const std::optional<storage::Item> item = co_await services.store.find(caller.owner, name_space, key, refreshes);
  if (!item) co_return json_response(200, std::string("null"));
  std::string body;
  print_item(*item, std::nullopt, body);
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
  runtime::StoreSearch wanted;
  wanted.prefix = body.texts("namespace_prefix").value_or(std::vector<std::string>{});
  wanted.query = body.text("query");
  wanted.conditions = conditions_of(body);
  wanted.page = search_page(body);
  wanted.on_read = on_read(body.flag("refresh_ttl"));
  const std::vector<runtime::FoundItem> items = co_await services.store.search(caller.owner, std::move(wanted));
  std::string answer = R"({"items":[)";
  for (const runtime::FoundItem& found : items) {
    if (&found != &items.front()) answer += ',';
    print_item(found.item, found.score, answer);
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
