#include "api/runs/fact_codec.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "runtime/json.h"
#include "runtime/object_text.h"

namespace heddle::api {
namespace {

namespace json = boost::json;
using runtime::ObjectText;

// Pieces of a call share their metadata; calls of parallel nodes alternate. More than this many at a time
// only costs that a metadata object is written again.
constexpr std::size_t kMetadataKept = 64;

json::value error_json(const std::optional<runtime::ErrorInfo>& error) {
  if (!error) return nullptr;
  return json::object{{"name", error->name}, {"message", error->message}};
}

std::optional<runtime::ErrorInfo> error_from(const json::value& value) {
  if (value.is_null()) return std::nullopt;
  return runtime::ErrorInfo{std::string(value.at("name").as_string()), std::string(value.at("message").as_string())};
}

json::array texts(const std::vector<std::string>& list) {
  json::array array;
  for (const std::string& text : list) array.emplace_back(text);
  return array;
}

std::vector<std::string> texts_from(const json::value& value) {
  std::vector<std::string> list;
  for (const json::value& text : value.as_array()) list.emplace_back(text.as_string());
  return list;
}

std::vector<runtime::Interrupt> interrupts_from(const json::value& value) {
  std::vector<runtime::Interrupt> list;
  for (const json::value& one : value.as_array()) {
    list.push_back(runtime::Interrupt{std::string(one.at("id").as_string()), one.at("value")});
  }
  return list;
}

storage::CheckpointId checkpoint_id(const json::value& text) {
  const auto id = storage::CheckpointId::parse(std::string_view(text.as_string()));
  if (!id) throw std::runtime_error("the log of a run names a checkpoint id that is none");
  return *id;
}

runtime::CheckpointMetadata metadata_from(const json::value& value) {
  runtime::CheckpointMetadata metadata;
  const std::string_view source = value.at("source").as_string();
  for (const auto known : {runtime::CheckpointSource::input, runtime::CheckpointSource::loop,
                           runtime::CheckpointSource::update, runtime::CheckpointSource::fork}) {
    if (runtime::to_text(known) == source) metadata.source = known;
  }
  metadata.step = value.at("step").as_int64();
  for (const auto& parent : value.at("parents").as_object())
    metadata.parents[parent.key()] = checkpoint_id(parent.value());
  for (const auto& member : value.as_object()) {
    const std::string_view key = member.key();
    if (key != "source" && key != "step" && key != "parents") metadata.own[key] = member.value();
  }
  return metadata;
}

json::array tasks_json(const std::vector<runtime::TaskView>& tasks) {
  json::array list;
  for (const runtime::TaskView& view : tasks) {
    json::object task{{"id", view.id},
                      {"name", view.name},
                      {"path", view.path},
                      {"interrupts", runtime::to_json(view.interrupts)},
                      {"error", error_json(view.error)}};
    if (view.result) task["result"] = *view.result;
    if (view.subgraph_ns) task["ns"] = *view.subgraph_ns;
    list.push_back(std::move(task));
  }
  return list;
}

std::vector<runtime::TaskView> tasks_from(const json::value& value) {
  std::vector<runtime::TaskView> tasks;
  for (const json::value& one : value.as_array()) {
    runtime::TaskView view;
    view.id = one.at("id").as_string();
    view.name = one.at("name").as_string();
    view.path = one.at("path").as_array();
    view.interrupts = interrupts_from(one.at("interrupts"));
    view.error = error_from(one.at("error"));
    if (const json::value* result = runtime::find_member(one, "result")) view.result = *result;
    if (const json::value* name_space = runtime::find_member(one, "ns")) view.subgraph_ns = name_space->as_string();
    tasks.push_back(std::move(view));
  }
  return tasks;
}

}  // namespace

std::int64_t FactEncoder::metadata_number(const std::shared_ptr<const json::object>& metadata, std::string& out) {
  if (!metadata) return -1;
  for (const auto& [written, number] : written_) {
    if (written == metadata) return number;
  }
  const std::int64_t number = next_metadata_++;
  if (written_.size() == kMetadataKept) written_.erase(written_.begin());
  written_.emplace_back(metadata, number);
  ObjectText line(out);
  line.text("k", "shared");
  line.raw("n", std::to_string(number));
  line.object("m", *metadata);
  line.end();
  out += '\n';
  return number;
}

void FactEncoder::encode(const Fact& fact, std::string& out) {
  std::int64_t shared = -1;
  const auto* event = std::get_if<runtime::RunEvent>(&fact.what);
  if (event != nullptr) {
    if (const auto* message = std::get_if<runtime::MessageFact>(event))
      shared = metadata_number(message->metadata, out);
    if (const auto* trace = std::get_if<runtime::TraceFact>(event)) shared = metadata_number(trace->metadata, out);
  }

  ObjectText line(out);
  const auto start = [&](std::string_view kind, const std::string* checkpoint_ns) {
    line.text("k", kind);
    if (checkpoint_ns != nullptr && !checkpoint_ns->empty()) line.text("ns", *checkpoint_ns);
  };
  if (const auto* attempt = std::get_if<AttemptFact>(&fact.what)) {
    start("attempt", nullptr);
    line.raw("attempt", std::to_string(attempt->attempt));
    line.raw("first", std::to_string(attempt->first_frame));
  } else if (const auto* failure = std::get_if<FailureFact>(&fact.what)) {
    start("failure", nullptr);
    line.json("error", error_json(failure->error));
  } else if (const auto* values = std::get_if<runtime::ValuesFact>(event)) {
    start("values", &values->checkpoint_ns);
    if (values->stored_as && values_are_stored_) {
      line.text("at", values->stored_as->text());
    } else {
      values->values.print(line.member("values"));
    }
  } else if (const auto* update = std::get_if<runtime::UpdateFact>(event)) {
    start("update", &update->checkpoint_ns);
    line.text("node", update->node);
    line.json("writes", update->writes);
    if (update->cached) line.raw("cached", "true");
  } else if (const auto* message = std::get_if<runtime::MessageFact>(event)) {
    start(message->piece ? "piece" : "message", &message->checkpoint_ns);
    line.object("message", message->message);
    if (shared >= 0) line.raw("m", std::to_string(shared));
    if (message->hidden_from_tuple) line.raw("hidden", "true");
  } else if (const auto* asked = std::get_if<runtime::InterruptFact>(event)) {
    start("interrupt", &asked->checkpoint_ns);
    line.json("interrupts", runtime::to_json(asked->interrupts));
  } else if (const auto* custom = std::get_if<runtime::CustomFact>(event)) {
    start("custom", &custom->checkpoint_ns);
    line.json("value", custom->value);
  } else if (const auto* made = std::get_if<runtime::CheckpointFact>(event)) {
    start("checkpoint", &made->checkpoint_ns);
    line.raw("time", std::to_string(fact.time.time_since_epoch().count()));
    line.text("id", made->id.text());
    if (made->parent) line.text("parent", made->parent->text());
    line.json("metadata", runtime::to_json(made->metadata));
    line.json("next", texts(made->next));
    line.json("tasks", tasks_json(made->tasks));
    if (!values_are_stored_) made->values.print(line.member("values"));
  } else if (const auto* begun = std::get_if<runtime::TaskStartFact>(event)) {
    start("start", &begun->checkpoint_ns);
    line.raw("time", std::to_string(fact.time.time_since_epoch().count()));
    line.raw("step", std::to_string(begun->step));
    line.text("id", begun->id);
    line.text("name", begun->name);
    if (const auto* state = std::get_if<runtime::State>(&begun->input)) {
      state->print(line.member("state"));
    } else {
      std::get<runtime::Value>(begun->input).print(line.member("argument"));
    }
    line.json("triggers", texts(begun->triggers));
  } else if (const auto* ended = std::get_if<runtime::TaskEndFact>(event)) {
    start("end", &ended->checkpoint_ns);
    line.raw("time", std::to_string(fact.time.time_since_epoch().count()));
    line.raw("step", std::to_string(ended->step));
    line.text("id", ended->id);
    line.text("name", ended->name);
    line.json("result", ended->result);
    line.json("interrupts", runtime::to_json(ended->interrupts));
    line.json("error", error_json(ended->error));
  } else if (const auto* tool = std::get_if<runtime::ToolFact>(event)) {
    start("tool", &tool->checkpoint_ns);
    line.text("event", tool->event);
    line.text("call", tool->tool_call_id);
    line.text("name", tool->name);
    line.object("data", tool->data);
  } else if (const auto* trace = std::get_if<runtime::TraceFact>(event)) {
    start("trace", nullptr);
    line.text("event", trace->event);
    line.text("name", trace->name);
    line.text("run", trace->run_id);
    line.json("tags", texts(trace->tags));
    if (shared >= 0) line.raw("m", std::to_string(shared));
    line.object("data", trace->data);
  }
  line.end();
  out += '\n';
}

std::optional<Fact> FactDecoder::decode(std::string_view text) {
  stored_values_.reset();
  json::value line = runtime::parse_json(text);
  const std::string_view kind = line.at("k").as_string();
  if (kind == "shared") {
    metadata_[line.at("n").as_int64()] = std::make_shared<const json::object>(std::move(line.at("m").as_object()));
    return std::nullopt;
  }

  const auto member = [&line](std::string_view key) { return runtime::find_member(line, key); };
  const auto owned = [&line](std::string_view key) { return std::string(line.at(key).as_string()); };
  const json::value* ns = member("ns");
  const std::string checkpoint_ns = ns == nullptr ? "" : std::string(ns->as_string());
  const auto shared = [&]() -> std::shared_ptr<const json::object> {
    const json::value* number = member("m");
    if (number == nullptr) return nullptr;
    const auto found = metadata_.find(number->as_int64());
    return found == metadata_.end() ? nullptr : found->second;
  };

  Fact fact;
  if (const json::value* time = member("time")) {
    fact.time = storage::Timestamp{std::chrono::microseconds{time->as_int64()}};
  }
  if (kind == "attempt") {
    fact.what = AttemptFact{line.at("attempt").as_int64(), line.at("first").to_number<std::uint64_t>()};
  } else if (kind == "failure") {
    fact.what = FailureFact{*error_from(line.at("error"))};
  } else if (kind == "values") {
    runtime::ValuesFact values;
    values.checkpoint_ns = checkpoint_ns;
    if (const json::value* at = member("at")) {
      values.stored_as = checkpoint_id(*at);
      stored_values_ = StoredValues{checkpoint_ns, *values.stored_as};
    } else {
      values.values = runtime::State::result(line.at("values"));
    }
    fact.what = runtime::RunEvent(std::move(values));
  } else if (kind == "update") {
    fact.what = runtime::RunEvent(
        runtime::UpdateFact{checkpoint_ns, owned("node"), line.at("writes"), member("cached") != nullptr});
  } else if (kind == "piece" || kind == "message") {
    fact.what = runtime::RunEvent(runtime::MessageFact{checkpoint_ns, line.at("message").as_object(), shared(),
                                                       kind == "piece", member("hidden") != nullptr});
  } else if (kind == "interrupt") {
    fact.what = runtime::RunEvent(runtime::InterruptFact{checkpoint_ns, interrupts_from(line.at("interrupts"))});
  } else if (kind == "custom") {
    fact.what = runtime::RunEvent(runtime::CustomFact{checkpoint_ns, line.at("value")});
  } else if (kind == "checkpoint") {
    runtime::CheckpointFact made;
    made.checkpoint_ns = checkpoint_ns;
    made.id = checkpoint_id(line.at("id"));
    if (const json::value* parent = member("parent")) made.parent = checkpoint_id(*parent);
    made.metadata = metadata_from(line.at("metadata"));
    made.next = texts_from(line.at("next"));
    made.tasks = tasks_from(line.at("tasks"));
    if (const json::value* values = member("values")) {
      made.values = runtime::State::result(*values);
    } else {
      stored_values_ = StoredValues{checkpoint_ns, made.id};
    }
    fact.what = runtime::RunEvent(std::move(made));
  } else if (kind == "start") {
    runtime::TaskStartFact begun;
    begun.checkpoint_ns = checkpoint_ns;
    begun.step = line.at("step").as_int64();
    begun.id = owned("id");
    begun.name = owned("name");
    if (const json::value* state = member("state")) {
      begun.input = runtime::State::of(*state);
    } else {
      begun.input = runtime::Value(line.at("argument"));
    }
    begun.triggers = texts_from(line.at("triggers"));
    fact.what = runtime::RunEvent(std::move(begun));
  } else if (kind == "end") {
    fact.what = runtime::RunEvent(
        runtime::TaskEndFact{checkpoint_ns, line.at("step").as_int64(), owned("id"), owned("name"), line.at("result"),
                             interrupts_from(line.at("interrupts")), error_from(line.at("error"))});
  } else if (kind == "tool") {
    fact.what = runtime::RunEvent(
        runtime::ToolFact{checkpoint_ns, owned("event"), owned("call"), owned("name"), line.at("data").as_object()});
  } else if (kind == "trace") {
    fact.what =
        runtime::RunEvent(runtime::TraceFact{owned("event"), owned("name"), owned("run"), texts_from(line.at("tags")),
                                             shared(), line.at("data").as_object()});
  } else {
    throw std::runtime_error("the log of a run holds a fact of an unknown kind");
  }
  return fact;
}

}  // namespace heddle::api
