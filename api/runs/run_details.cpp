#include "api/runs/run_details.h"

#include "runtime/json.h"

namespace heddle::api {

namespace json = boost::json;

RunDetails details_of(const storage::Run& record) {
  return {std::make_shared<const json::object>(runtime::parse_json_object(record.kwargs_json)),
          std::make_shared<const json::object>(runtime::parse_json_object(record.metadata_json))};
}

void write_details(const RunDetails& details, storage::Run& record) {
  record.metadata_json = runtime::to_text(*details.metadata);
  record.kwargs_json = runtime::to_text(*details.kwargs);
}

const json::object& object_member(const json::object& object, std::string_view key) {
  static const json::object kEmpty;
  const auto found = object.find(key);
  return found != object.end() && found->value().is_object() ? found->value().as_object() : kEmpty;
}

std::string graph_id_of(const RunDetails& details) {
  const json::object& configurable = object_member(object_member(*details.kwargs, "config"), "configurable");
  const auto found = configurable.find("graph_id");
  return found != configurable.end() && found->value().is_string() ? std::string(found->value().as_string()) : "";
}

std::string graph_id_of(const storage::Run& record) {
  return graph_id_of(details_of(record));
}

}  // namespace heddle::api
