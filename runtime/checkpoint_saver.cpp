#include "runtime/checkpoint_saver.h"

namespace heddle::runtime {

std::string_view to_text(CheckpointSource source) {
  switch (source) {
    case CheckpointSource::input:
      return "input";
    case CheckpointSource::loop:
      return "loop";
    case CheckpointSource::update:
      return "update";
    case CheckpointSource::fork:
      return "fork";
  }
  return "";
}

json::object to_json(const CheckpointMetadata& metadata) {
  json::object object;
  if (metadata.shared) object = *metadata.shared;
  for (const auto& [key, value] : metadata.own) object[key] = value;
  object["source"] = to_text(metadata.source);
  object["step"] = metadata.step;
  json::object parents;
  for (const auto& [checkpoint_ns, id] : metadata.parents) parents[checkpoint_ns] = id.text();
  object["parents"] = std::move(parents);
  return object;
}

}  // namespace heddle::runtime
