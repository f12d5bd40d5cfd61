#include "api/routes/assistant_routes.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <limits>
#include <utility>

#include "api/auth/access_rules.h"
#include "api/routes/body.h"
#include "api/routes/search_body.h"
#include "api/routes/selected_object.h"
#include "api/services/services.h"
#include "runtime/json.h"

namespace heddle::api {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

// Deeper than any graph is nested.
constexpr int kWholeDepth = 1000;

enum class Row { current, version };

void print_assistant(const storage::Assistant& assistant, Row row, const std::vector<std::string>& select,
                     std::string& out) {
  SelectedObject object(out, select);
  object.text("assistant_id", assistant.assistant_id.text());
  object.text("graph_id", assistant.graph_id);
  object.text("name", assistant.name);
  if (assistant.description) {
    object.text("description", *assistant.description);
  } else {
    object.raw("description", "null");
  }
  object.raw("config", assistant.config_json);
  object.raw("context", assistant.context_json);
  object.raw("metadata", assistant.metadata_json);
  object.raw("version", std::to_string(assistant.version));
  object.time("created_at", assistant.created_at);
  if (row == Row::current) object.time("updated_at", assistant.updated_at);
  object.end();
}

std::string assistants_text(const std::vector<storage::Assistant>& assistants, Row row,
                            const std::vector<std::string>& select) {
  std::string out = "[";
  for (const storage::Assistant& assistant : assistants) {
    if (out.size() > 1) out += ',';
    print_assistant(assistant, row, select, out);
  }
  out += ']';
  return out;
}

Response assistant_response(const storage::Assistant& assistant) {
  std::string body;
  print_assistant(assistant, Row::current, {}, body);
  return json_response(200, std::move(body));
}

std::optional<json::object> config_of(const Fields& body) {
  std::optional<json::object> config = body.object("config");
  if (!config) return std::nullopt;
  // Read for their errors; what else stands in a config is free.
  const Fields fields(*config, body.path_of("config"));
  fields.texts("tags");
  fields.integer("recursion_limit", 1, kRecursionLimitMax);
  fields.object("configurable");
  fields.object("metadata");
  return config;
}

std::optional<json::value> context_of(const Fields& body) {
  const json::value* context = body.find("context");
  if (context == nullptr) return std::nullopt;
  return *context;
}

storage::AssistantQuery query_of(const Caller& caller, const Fields& body) {
  storage::AssistantQuery query;
  query.reader = caller.assistant_reader();
  query.graph_id = body.text("graph_id");
  query.name = body.text("name");
  query.metadata = metadata_filter(body);
  return query;
}

// `true` means all levels, a number so many.
int drawing_depth(const Query& query) {
  const std::optional<std::string> xray = query.find("xray");
  if (!xray) return 0;
  int levels = 0;
  const char* end = xray->data() + xray->size();
  if (std::from_chars(xray->data(), end, levels).ptr == end) return std::clamp(levels, 0, kWholeDepth);
  return query.flag("xray", false) ? kWholeDepth : 0;
}

json::object to_json(const runtime::GraphNodeDrawing& node) {
  if (node.is_schema) {
    json::object schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}};
    return {{"id", node.id}, {"type", "schema"}, {"data", std::move(schema)}};
  }
  const std::string name = node.id.substr(node.id.rfind(':') + 1);
  json::object data{{"id", json::array{"langgraph", "RunnableCallable"}}, {"name", name}};
  return {{"id", node.id}, {"type", "runnable"}, {"data", std::move(data)}, {"metadata", json::object{}}};
}

json::object to_json(const runtime::GraphEdgeDrawing& edge) {
  json::object object{{"source", edge.source}, {"target", edge.target}};
  if (edge.label) object["data"] = *edge.label;
  object["conditional"] = edge.conditional;
  return object;
}

// A schema as clients get it: with the dialect that it is written in, as the JavaScript server does.
json::object shown(const json::object& schema) {
  json::object named{{"$schema", "http://json-schema.org/draft-07/schema#"}};
  for (const json::key_value_pair& member : schema) named[member.key()] = member.value();
  return named;
}

// The JavaScript server names the schemas of subgraphs in short (C9).
json::object subgraph_json(const runtime::GraphSchemas& schemas, Compat compat) {
  const std::string suffix = compat == Compat::js ? "" : "_schema";
  json::object object;
  object["state" + suffix] = shown(schemas.state);
  object["input" + suffix] = shown(schemas.input);
  object["output" + suffix] = shown(schemas.output);
  if (schemas.config) object["config" + suffix] = shown(*schemas.config);
  if (schemas.context && compat == Compat::platform) object["context_schema"] = shown(*schemas.context);
  return object;
}

}  // namespace

asio::awaitable<Response> create_assistant(Services& services, Caller caller, Request request) {
  const Fields body = body_of(services, request);
  NewAssistant wanted;
  wanted.graph_id = body.required_text("graph_id");
  wanted.assistant_id = body.id<storage::AssistantId>("assistant_id");
  wanted.name = body.text("name").value_or(wanted.name);
  wanted.description = body.text("description");
  wanted.config = config_of(body).value_or(json::object{});
  wanted.context = context_of(body).value_or(json::object{});
  wanted.metadata = body.object("metadata").value_or(json::object{});
  wanted.if_exists =
      body.one_of<IfExists>("if_exists", {{"raise", IfExists::raise}, {"do_nothing", IfExists::do_nothing}})
          .value_or(IfExists::raise);
  const storage::Assistant assistant = co_await services.assistants.create(caller.owner, wanted);
  co_return assistant_response(assistant);
}

asio::awaitable<Response> search_assistants(Services& services, Caller caller, Request request) {
  const Fields body = body_of(services, request);
  storage::AssistantQuery query = query_of(caller, body);
  using enum storage::AssistantSort;
  query.sort_by = body.one_of<storage::AssistantSort>("sort_by", {{"assistant_id", assistant_id},
                                                                  {"graph_id", graph_id},
                                                                  {"name", name},
                                                                  {"created_at", created_at},
                                                                  {"updated_at", updated_at}})
                      .value_or(created_at);
  query.order = sort_order(body);
  query.page = search_page(body);
  const std::vector<std::string> select = body.texts("select").value_or(std::vector<std::string>{});

  const storage::Found<storage::Assistant> found = co_await services.assistants.search(query);
  std::string list = assistants_text(found.records, Row::current, select);
  co_return page_response(std::move(list), query.page, found.records.size(), found.total);
}

asio::awaitable<Response> count_assistants(Services& services, Caller caller, Request request) {
  const storage::AssistantQuery query = query_of(caller, body_of(services, request));
  const std::int64_t total = co_await services.assistants.count(query);
  co_return json_response(200, std::to_string(total));
}

asio::awaitable<Response> get_assistant(Services& services, Caller caller, Request request) {
  const std::string id = request.params.at("assistant_id");
  const storage::AssistantReader reader = caller.assistant_reader();
  const storage::Assistant assistant = co_await services.assistants.get(reader, id);
  co_return assistant_response(assistant);
}

asio::awaitable<Response> patch_assistant(Services& services, Caller caller, Request request) {
  const std::string id = request.params.at("assistant_id");
  const Fields body = body_of(services, request);
  AssistantChange change;
  change.graph_id = body.text("graph_id");
  change.name = body.text("name");
  change.description = body.text("description");
  change.config = config_of(body);
  change.context = context_of(body);
  change.metadata = body.object("metadata");
  const storage::Assistant assistant = co_await services.assistants.patch(caller.owner, id, change);
  co_return assistant_response(assistant);
}

asio::awaitable<Response> delete_assistant(Services& services, Caller caller, Request request) {
  const std::string id = request.params.at("assistant_id");
  const DeleteThreads threads = request.query.flag("delete_threads", false) ? DeleteThreads::yes : DeleteThreads::no;
  const std::optional<AuthSettings>& auth = services.parts.settings.auth;
  if (threads == DeleteThreads::yes && auth) require(auth->rules, caller, "threads", "delete");
  const storage::AssistantId erased = co_await services.assistants.erase(caller.owner, id, threads);
  co_return json_response(200, json::array{erased.text()});
}

asio::awaitable<Response> set_latest_version(Services& services, Caller caller, Request request) {
  const std::string id = request.params.at("assistant_id");
  Fields body = body_of(services, request);
  const std::optional<std::string> in_query = request.query.find("version");
  if (!body.has("version") && in_query) {
    std::int64_t number = 0;
    const char* end = in_query->data() + in_query->size();
    if (std::from_chars(in_query->data(), end, number).ptr != end) throw body.wrong("version", "must be an integer");
    body = Fields(json::object{{"version", number}});
  }
  const std::optional<std::int64_t> version = body.integer("version", 1, std::numeric_limits<std::int64_t>::max());
  if (!version) throw body.wrong("version", "is required");
  const storage::Assistant assistant = co_await services.assistants.set_latest(caller.owner, id, *version);
  co_return assistant_response(assistant);
}

asio::awaitable<Response> list_versions(Services& services, Caller caller, Request request) {
  const std::string id = request.params.at("assistant_id");
  const Fields body = body_of(services, request);
  const storage::Containment metadata = metadata_filter(body);
  const storage::Page page = search_page(body);
  const storage::AssistantReader reader = caller.assistant_reader();
  const std::vector<storage::Assistant> versions = co_await services.assistants.versions(reader, id, metadata, page);
  co_return json_response(200, assistants_text(versions, Row::version, {}));
}

asio::awaitable<Response> get_drawing(Services& services, Caller caller, Request request) {
  const std::string id = request.params.at("assistant_id");
  const storage::AssistantReader reader = caller.assistant_reader();
  const storage::Assistant assistant = co_await services.assistants.get(reader, id);
  const runtime::GraphDrawing drawing = services.assistants.graph_of(assistant)->drawing(drawing_depth(request.query));
  json::array nodes;
  for (const runtime::GraphNodeDrawing& node : drawing.nodes) nodes.push_back(to_json(node));
  json::array edges;
  for (const runtime::GraphEdgeDrawing& edge : drawing.edges) edges.push_back(to_json(edge));
  co_return json_response(200, json::object{{"nodes", std::move(nodes)}, {"edges", std::move(edges)}});
}

asio::awaitable<Response> get_schemas(Services& services, Caller caller, Request request) {
  const std::string id = request.params.at("assistant_id");
  const storage::AssistantReader reader = caller.assistant_reader();
  const storage::Assistant assistant = co_await services.assistants.get(reader, id);
  const runtime::GraphSchemas& schemas = services.assistants.graph_of(assistant)->schemas();
  json::object object{{"graph_id", assistant.graph_id},
                      {"input_schema", shown(schemas.input)},
                      {"output_schema", shown(schemas.output)},
                      {"state_schema", shown(schemas.state)}};
  if (schemas.config) object["config_schema"] = shown(*schemas.config);
  if (schemas.context) object["context_schema"] = shown(*schemas.context);
  co_return json_response(200, object);
}

asio::awaitable<Response> get_subgraphs(Services& services, Caller caller, Request request) {
  const std::string id = request.params.at("assistant_id");
  const auto wanted = request.params.find("namespace");
  const std::string only = wanted == request.params.end() ? "" : wanted->second;
  const Recurse recurse = request.query.flag("recurse", false) ? Recurse::yes : Recurse::no;
  const storage::AssistantReader reader = caller.assistant_reader();
  const storage::Assistant assistant = co_await services.assistants.get(reader, id);
  const Subgraphs subgraphs = subgraphs_of(*services.assistants.graph_of(assistant), only, recurse);
  json::object object;
  for (const auto& [name_space, graph] : subgraphs) {
    object[name_space] = subgraph_json(graph->schemas(), services.parts.settings.compat);
  }
  co_return json_response(200, object);
}

}  // namespace heddle::api
