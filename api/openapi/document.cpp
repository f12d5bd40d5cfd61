#include "api/openapi/document.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <map>
#include <utility>
#include <vector>

#include "api/auth/access_rules.h"
#include "api/openapi/resources.h"
#include "api/version.h"
#include "runtime/json.h"

namespace heddle::api::openapi {

namespace json = boost::json;

namespace {

struct Kind {
  std::string_view name;
  std::string_view media_type;
  std::string_view sentence;
};
constexpr std::array<Kind, 3> kStreamedKinds = {
    Kind{"EventStream", "text/event-stream",
         "Events of the run, each with `event`, `data` (JSON) and `id`. `Location` is where to come back to."},
    Kind{"Text", "text/plain", "Text."},
    Kind{"Page", "text/html", "A page."},
};

struct Tag {
  RouteGroup group;
  std::string_view name;
  std::string_view sentence;
};
constexpr std::array<Tag, 9> kTags = {
    Tag{RouteGroup::health, "health", "Whether the server is well."},
    Tag{RouteGroup::meta, "meta", "The server itself."},
    Tag{RouteGroup::assistants, "assistants", "Graphs with settings, in versions."},
    Tag{RouteGroup::threads, "threads", "Conversations and their states."},
    Tag{RouteGroup::runs, "runs", "Executions of graphs."},
    Tag{RouteGroup::store, "store", "JSON values under a namespace and a key."},
    Tag{RouteGroup::mcp, "mcp", "Assistants as tools, by the Model Context Protocol."},
    Tag{RouteGroup::a2a, "a2a", "Assistants as agents of other agents, by the A2A protocol."},
    Tag{RouteGroup::testing, "testing", "For test suites."},
};

std::string_view tag_of(RouteGroup group) {
  const auto found = std::ranges::find(kTags, group, &Tag::group);
  return found == kTags.end() ? "" : found->name;
}

json::object content_of(std::string_view media_type, Schema schema) {
  return {{media_type, json::object{{"schema", std::move(schema)}}}};
}

json::object json_answer(std::string_view sentence, std::string_view schema) {
  return {{"description", sentence}, {"content", content_of("application/json", ref(schema))}};
}

// What an error looks like in the form that was chosen (http-api.md 2.6).
json::object error_answer(const std::string& sentence, bool is_validation, const ServerSettings& settings) {
  if (settings.errors == ErrorForm::json) return json_answer(sentence, "Error");
  if (is_validation) return json_answer(sentence, "ErrorAsText");
  return {{"description", sentence}, {"content", content_of("text/plain", text())}};
}

void add_good_answer(const Shape& shape, json::object& responses) {
  if (shape.response == "NotOffered") return;
  if (shape.response == "Nothing") {
    responses["204"] = json::object{{"description", "Done."}};
    return;
  }
  if (shape.response == "Accepted") {
    responses["202"] = json::object{{"description", "It is being done."}};
    responses["204"] = json::object{{"description", "It has been waited for."}};
    return;
  }
  const auto kind = std::ranges::find(kStreamedKinds, shape.response, &Kind::name);
  if (kind != kStreamedKinds.end()) {
    responses["200"] = json::object{{"description", kind->sentence}, {"content", content_of(kind->media_type, text())}};
    return;
  }
  responses["200"] = json_answer("The answer.", shape.response);
}

std::vector<std::string_view> path_parameters(std::string_view pattern) {
  std::vector<std::string_view> names;
  for (std::size_t open = pattern.find('{'); open != std::string_view::npos; open = pattern.find('{', open + 1)) {
    names.push_back(pattern.substr(open + 1, pattern.find('}', open) - open - 1));
  }
  return names;
}

Schema path_schema(std::string_view name) {
  if (name == "assistant_id") return said(text(), "Its id, or the id of its graph.");
  if (name == "thread_id" || name == "run_id" || name == "checkpoint_id") return uuid();
  return text();
}

json::array parameters_of(const Route& route) {
  json::array parameters;
  for (const std::string_view name : path_parameters(route.pattern)) {
    parameters.push_back(
        json::object{{"name", name}, {"in", "path"}, {"required", true}, {"schema", path_schema(name)}});
  }
  for (const std::string_view name : route.shape.query) {
    json::object parameter{{"name", name}, {"in", "query"}, {"required", false}};
    if (const Schema* schema = find_parameter(name)) parameter["schema"] = *schema;
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

// Whether the route is answered without credentials.
bool is_open(const Route& route, const ServerSettings& settings) {
  if (!settings.auth || route.access == Access::everybody) return true;
  return lets_strangers(settings.auth->rules, route.policy.resource, route.policy.actions.front());
}

json::object responses_of(const Route& route, const ServerSettings& settings) {
  json::object responses;
  add_good_answer(route.shape, responses);
  const bool is_platform = settings.compat == Compat::platform;
  std::map<int, std::string> sentences;
  const auto add = [&sentences](int status, std::string_view sentence) {
    std::string& text = sentences[status];
    if (!text.empty()) text += " Or: ";
    text += sentence;
  };
  const int validation = is_platform ? 422 : 400;
  const bool can_be_invalid = !route.shape.request.empty() || !route.shape.query.empty() ||
                              route.pattern.find("_id}") != std::string_view::npos;
  if (can_be_invalid && route.shape.response != "NotOffered") add(validation, "The request does not fit.");
  if (!is_open(route, settings)) add(401, "Who is calling is not known.");
  if (!is_open(route, settings) && !settings.auth->rules.empty()) add(403, "Forbidden");
  const bool is_counted = settings.rate_limit.per_second > 0 && route.access != Access::everybody;
  if (is_counted) add(429, "Too many requests.");
  if (!route.shape.request.empty()) {
    add(400, "Malformed JSON in request body");
    add(413, "The body is too large.");
  }
  if (const Words* words = find_words(route.shape.operation)) {
    for (const Outcome& outcome : words->outcomes) {
      const int busy = is_platform ? 409 : 422;
      add(outcome.status == kStatusOfBusy ? busy : outcome.status, outcome.message);
    }
  }
  for (const auto& [status, sentence] : sentences) {
    const std::string key = std::to_string(status);
    if (status < 400) {
      responses[key] = json::object{{"description", sentence}};
    } else {
      responses[key] = error_answer(sentence, can_be_invalid && status == validation, settings);
    }
  }
  return responses;
}

json::object request_body_of(const Route& route, const Words& words) {
  json::object media{{"schema", ref(route.shape.request)}};
  if (!words.example.empty()) media["example"] = runtime::parse_json(words.example);
  return {{"required", false},
          {"description", "Read as JSON whatever its type; nothing counts as `{}`."},
          {"content", json::object{{"application/json", std::move(media)}}}};
}

json::object operation_of(const Route& route, const ServerSettings& settings) {
  static const Words kNone{};
  const Words* found = find_words(route.shape.operation);
  const Words& words = found == nullptr ? kNone : *found;
  json::object operation{
      {"operationId", route.shape.operation}, {"tags", json::array{tag_of(route.group)}}, {"summary", words.summary}};
  if (!words.description.empty()) operation["description"] = words.description;
  json::array parameters = parameters_of(route);
  if (!parameters.empty()) operation["parameters"] = std::move(parameters);
  if (!route.shape.request.empty()) operation["requestBody"] = request_body_of(route, words);
  operation["responses"] = responses_of(route, settings);
  if (settings.auth && is_open(route, settings)) operation["security"] = json::array{};
  return operation;
}

// Only what is referred to, so that nothing is described that is not served.
void collect_schemas(const json::value& part, json::object& schemas) {
  if (const json::array* list = part.if_array()) {
    for (const json::value& element : *list) collect_schemas(element, schemas);
    return;
  }
  const json::object* object = part.if_object();
  if (!object) return;
  for (const auto& member : *object) {
    if (member.key() != "$ref" || !member.value().is_string()) {
      collect_schemas(member.value(), schemas);
      continue;
    }
    const std::string_view target = member.value().as_string();
    const std::string_view name = target.substr(target.rfind('/') + 1);
    const Schema* schema = find_schema(name);
    if (schema == nullptr || schemas.contains(name)) continue;
    schemas[name] = *schema;
    collect_schemas(*schema, schemas);
  }
}

// How a caller may show who they are; one of the ways is enough. What a proxy says is nothing that a client sends.
void add_security(const AuthSettings& auth, json::object& document) {
  json::object schemes;
  json::array ways;
  const auto add = [&](const char* name, json::object scheme) {
    schemes[name] = std::move(scheme);
    ways.push_back(json::object{{name, json::array{}}});
  };
  if (auth.takes_tokens()) add("bearer", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}});
  if (!auth.keys.empty()) add("api_key", {{"type", "apiKey"}, {"in", "header"}, {"name", "x-api-key"}});
  if (ways.empty()) return;
  document["security"] = std::move(ways);
  document.at("components").as_object()["securitySchemes"] = std::move(schemes);
}

}  // namespace

std::string_view method_of(Verb verb) {
  switch (verb) {
    case Verb::get:
      return "get";
    case Verb::head:
      return "head";
    case Verb::post:
      return "post";
    case Verb::put:
      return "put";
    case Verb::patch:
      return "patch";
    case Verb::delete_:
      return "delete";
    case Verb::options:
      return "options";
    case Verb::other:
      break;
  }
  return "trace";
}

json::object document(const ServerSettings& settings) {
  json::object paths;
  for (const Route& route : route_table()) {
    if (!is_served(route.group, settings)) continue;
    json::value& path = paths[route.pattern];
    if (!path.is_object()) path.emplace_object();
    path.as_object()[method_of(route.verb)] = operation_of(route, settings);
  }
  json::array tags;
  for (const Tag& tag : kTags) {
    if (!is_served(tag.group, settings)) continue;
    tags.push_back(json::object{{"name", tag.name}, {"description", tag.sentence}});
  }
  json::object schemas;
  collect_schemas(paths, schemas);
  const std::string prefix = settings.mount_prefix.empty() ? "/" : settings.mount_prefix;
  json::object whole{
      {"openapi", "3.1.0"},
      {"info", json::object{{"title", "heddle"},
                            {"version", version()},
                            {"description", "Runs graphs of agents and speaks the LangGraph HTTP API."}}},
      {"servers", json::array{json::object{{"url", prefix}}}},
      {"tags", std::move(tags)},
      {"paths", std::move(paths)},
      {"components", json::object{{"schemas", std::move(schemas)}}}};
  if (settings.auth) add_security(*settings.auth, whole);
  return whole;
}

}  // namespace heddle::api::openapi
