#include "api/runs/frame_renderer.h"

#include <algorithm>
#include <map>
#include <utility>

#include "api/http/sse.h"
#include "runtime/json.h"
#include "runtime/object_text.h"

namespace heddle::api {
namespace {

namespace json = boost::json;
using runtime::ObjectText;
using runtime::print_json;
using runtime::print_json_string;

void print_texts(const std::vector<std::string>& list, std::string& out) {
  out += '[';
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ',';
    print_json_string(list[i], out);
  }
  out += ']';
}

json::object parents_json(const std::map<std::string, storage::CheckpointId>& parents) {
  json::object object;
  for (const auto& [name_space, id] : parents) object[name_space] = id.text();
  return object;
}

void print_checkpoint_metadata(const runtime::CheckpointMetadata& metadata, std::string& out) {
  print_json(runtime::to_json(metadata), out);
}

json::value error_json(const std::optional<runtime::ErrorInfo>& error) {
  if (!error) return nullptr;
  return json::object{{"message", error->message}, {"name", error->name}};
}

}  // namespace

FrameRenderer::FrameRenderer(std::shared_ptr<const StreamShape> shape) : shape_(std::move(shape)) {}

void FrameRenderer::render(const Fact& fact, std::vector<FramePointer>& frames) {
  if (const auto* attempt = std::get_if<AttemptFact>(&fact.what)) {
    attempt_ = attempt->attempt;
    next_id_ = std::max(next_id_, attempt->first_frame);
    const json::object data{{"run_id", shape_->run_id.text()}, {"attempt", attempt->attempt}};
    add(std::nullopt, "metadata", "", runtime::to_text(data), frames);
  } else if (const auto* failure = std::get_if<FailureFact>(&fact.what)) {
    const json::object data{{"error", failure->error.name}, {"message", failure->error.message}};
    add(std::nullopt, "error", "", runtime::to_text(data), frames);
  } else {
    time_ = fact.time;
    render_event(std::get<runtime::RunEvent>(fact.what), frames);
  }
}

std::shared_ptr<Frame> FrameRenderer::begin(std::optional<StreamMode> mode, std::string_view event,
                                            const std::string& checkpoint_ns, std::size_t data_bytes) {
  auto frame = std::make_shared<Frame>();
  frame->id = next_id_++;
  frame->mode = mode;
  frame->checkpoint_ns = checkpoint_ns;
  std::string name(event);
  if (!checkpoint_ns.empty()) name += "|" + checkpoint_ns;
  constexpr std::size_t kAroundData = 44;  // names of the fields, line breaks and the id
  frame->bytes.reserve(name.size() + data_bytes + kAroundData);
  begin_event(frame->bytes, name);
  return frame;
}

void FrameRenderer::add(std::optional<StreamMode> mode, std::string_view event, const std::string& checkpoint_ns,
                        const std::string& data, std::vector<FramePointer>& frames) {
  std::shared_ptr<Frame> frame = begin(mode, event, checkpoint_ns, data.size());
  append_data(frame->bytes, data);
  end_event(frame->bytes, std::to_string(frame->id));
  frames.push_back(std::move(frame));
}

void FrameRenderer::render_event(const runtime::RunEvent& event, std::vector<FramePointer>& frames) {
  const StreamModes modes = shape_->modes;
  const auto seen = [this](const std::string& checkpoint_ns) { return shape_->subgraphs || checkpoint_ns.empty(); };

  if (const auto* made = std::get_if<runtime::CheckpointFact>(&event)) {
    if (seen(made->checkpoint_ns)) checkpoint(*made, frames);
  } else if (const auto* state = std::get_if<runtime::ValuesFact>(&event)) {
    values(*state, frames);
  } else if (const auto* update = std::get_if<runtime::UpdateFact>(&event)) {
    if (!modes.has(StreamMode::updates) || !seen(update->checkpoint_ns)) return;
    std::string data;
    ObjectText object(data);
    object.json(update->node, update->writes);
    if (update->cached) object.raw("__metadata__", R"({"cached":true})");
    object.end();
    add(StreamMode::updates, "updates", update->checkpoint_ns, data, frames);
  } else if (const auto* asked = std::get_if<runtime::InterruptFact>(&event)) {
    if (!seen(asked->checkpoint_ns)) return;
    std::string data;
    ObjectText object(data);
    object.json("__interrupt__", runtime::to_json(asked->interrupts));
    object.end();
    if (modes.has(StreamMode::updates)) add(StreamMode::updates, "updates", asked->checkpoint_ns, data, frames);
    if (modes.has(StreamMode::values)) add(StreamMode::values, "values", asked->checkpoint_ns, data, frames);
  } else if (const auto* start = std::get_if<runtime::TaskStartFact>(&event)) {
    if (seen(start->checkpoint_ns)) task_start(*start, frames);
  } else if (const auto* end = std::get_if<runtime::TaskEndFact>(&event)) {
    if (seen(end->checkpoint_ns)) task_end(*end, frames);
  } else if (const auto* said = std::get_if<runtime::MessageFact>(&event)) {
    message(*said, frames);
  } else if (const auto* custom = std::get_if<runtime::CustomFact>(&event)) {
    if (!modes.has(StreamMode::custom) || !seen(custom->checkpoint_ns)) return;
    add(StreamMode::custom, "custom", custom->checkpoint_ns, runtime::to_text(custom->value), frames);
  } else if (const auto* tool = std::get_if<runtime::ToolFact>(&event)) {
    if (!modes.has(StreamMode::tools) || !seen(tool->checkpoint_ns)) return;
    std::string data;
    ObjectText object(data);
    object.text("event", tool->event);
    object.text("toolCallId", tool->tool_call_id);
    object.text("name", tool->name);
    for (const auto& member : tool->data) object.json(member.key(), member.value());
    object.end();
    add(StreamMode::tools, "tools", tool->checkpoint_ns, data, frames);
  } else if (const auto* trace = std::get_if<runtime::TraceFact>(&event)) {
    if (!modes.has(StreamMode::events)) return;
    std::string data;
    ObjectText object(data);
    object.text("event", trace->event);
    object.text("name", trace->name);
    object.text("run_id", trace->run_id);
    print_texts(trace->tags, object.member("tags"));
    const json::object no_metadata;
    object.object("metadata", trace->metadata ? *trace->metadata : no_metadata);
    object.object("data", trace->data);
    object.end();
    add(StreamMode::events, "events", "", data, frames);
  }
}

void FrameRenderer::values(const runtime::ValuesFact& fact, std::vector<FramePointer>& frames) {
  if (shape_->modes.has(StreamMode::values) && (shape_->subgraphs || fact.checkpoint_ns.empty())) {
    std::string data;
    fact.values.print(data);
    add(StreamMode::values, "values", fact.checkpoint_ns, data, frames);
  }
  if (shape_->modes.has(StreamMode::messages) && fact.checkpoint_ns.empty()) completed_messages(fact.values, frames);
}

// Messages of the state that were not told as complete before (streaming.md 3.5), in one event: of each key that
// holds a message or a list of messages.
void FrameRenderer::completed_messages(const runtime::State& values, std::vector<FramePointer>& frames) {
  std::string data;
  const auto complete = [&](const json::value& candidate) {
    if (!runtime::is_message(candidate)) return;
    const std::string id(runtime::message_id(candidate));
    if (!completed_.insert(id).second) return;
    data += data.empty() ? '[' : ',';
    print_json(candidate, data);
    partial_.erase(id);
  };
  const auto complete_all = [&](const runtime::Value& value) {
    if (value.is_list()) {
      for (const runtime::Value::Item& item : value.items()) complete(*item);
    } else {
      complete(value.json());
    }
  };
  for (const auto& [key, value] : values.members()) complete_all(value);
  if (values.whole()) complete_all(*values.whole());
  if (!data.empty()) add(StreamMode::messages, "messages/complete", "", data + "]", frames);
}

const std::string& FrameRenderer::metadata_text(const std::shared_ptr<const json::object>& metadata) {
  if (metadata != printed_metadata_ || printed_metadata_text_.empty()) {
    printed_metadata_ = metadata;
    printed_metadata_text_.clear();
    print_json(metadata ? *metadata : json::object(), printed_metadata_text_);
  }
  return printed_metadata_text_;
}

void FrameRenderer::message(const runtime::MessageFact& fact, std::vector<FramePointer>& frames) {
  const StreamModes modes = shape_->modes;
  const json::object no_metadata;
  const json::object& metadata = fact.metadata ? *fact.metadata : no_metadata;

  if (modes.has(StreamMode::messages_tuple) && !fact.hidden_from_tuple &&
      (shape_->subgraphs || fact.checkpoint_ns.empty())) {
    const std::string& shared = metadata_text(fact.metadata);
    constexpr std::size_t kPieceBytes = 256;  // most pieces are a word or two in some 200 bytes
    std::shared_ptr<Frame> frame =
        begin(StreamMode::messages_tuple, "messages", fact.checkpoint_ns, shared.size() + kPieceBytes);
    std::string& data = frame->bytes;
    data += '[';
    if (fact.piece && shape_->compat == Compat::platform) {
      runtime::Message piece = fact.message;
      piece["type"] = "AIMessageChunk";  // C11
      print_json(piece, data);
    } else {
      print_json(fact.message, data);
    }
    data += ',';
    data += shared;
    data += ']';
    end_event(data, std::to_string(frame->id));
    frames.push_back(std::move(frame));
  }

  if (modes.has(StreamMode::messages) && fact.piece) {
    const std::string id(runtime::message_id(fact.message));
    const auto [sum, is_first] = partial_.try_emplace(id, fact.message);
    if (is_first) {
      std::string data;
      ObjectText object(data);
      json::object told = metadata;
      const auto tags = told.find("tags");
      if (tags != told.end() && tags->value().is_array() && tags->value().as_array().empty()) told.stable_erase(tags);
      object.json(id, json::object{{"metadata", std::move(told)}});
      object.end();
      add(StreamMode::messages, "messages/metadata", "", data, frames);
    } else {
      runtime::merge_chunk(sum->second, fact.message);
      runtime::derive_tool_calls(sum->second);
    }
    add(StreamMode::messages, "messages/partial", "", "[" + runtime::to_text(sum->second) + "]", frames);
  }
}

void FrameRenderer::checkpoint(const runtime::CheckpointFact& fact, std::vector<FramePointer>& frames) {
  if (shape_->modes.has(StreamMode::checkpoints)) {
    std::string data;
    ObjectText object(data);
    fact.values.print(object.member("values"));
    print_checkpoint_metadata(fact.metadata, object.member("metadata"));
    print_texts(fact.next, object.member("next"));
    object.end();
    add(StreamMode::checkpoints, "checkpoints", fact.checkpoint_ns, data, frames);
  }
  if (!shape_->modes.has(StreamMode::debug)) return;

  json::value enclosing;
  if (!fact.checkpoint_ns.empty()) enclosing = parents_json(fact.metadata.parents);
  const auto pointer = [&](const storage::CheckpointId& id) {
    return json::object{{"thread_id", shape_->thread_id.text()},
                        {"checkpoint_id", id.text()},
                        {"checkpoint_ns", fact.checkpoint_ns},
                        {"checkpoint_map", enclosing}};
  };
  std::string payload;
  ObjectText object(payload);
  object.raw("config", config_of(fact.checkpoint_ns, fact.id, enclosing));
  fact.values.print(object.member("values"));
  print_checkpoint_metadata(fact.metadata, object.member("metadata"));
  print_texts(fact.next, object.member("next"));
  json::array tasks;
  for (const runtime::TaskView& view : fact.tasks) {
    json::object task{{"id", view.id}, {"name", view.name}, {"path", view.path}};
    task["interrupts"] = runtime::to_json(view.interrupts);
    if (view.result) task["result"] = *view.result;
    if (view.error) task["error"] = error_json(view.error);
    if (view.subgraph_ns) {
      task["checkpoint"] = json::object{{"thread_id", shape_->thread_id.text()},
                                        {"checkpoint_id", nullptr},
                                        {"checkpoint_ns", *view.subgraph_ns},
                                        {"checkpoint_map", nullptr}};
    }
    tasks.push_back(std::move(task));
  }
  object.json("tasks", tasks);
  object.json("checkpoint", pointer(fact.id));
  object.json("parent_checkpoint", fact.parent ? json::value(pointer(*fact.parent)) : json::value(nullptr));
  if (fact.parent) object.raw("parent_config", config_of(fact.checkpoint_ns, *fact.parent, enclosing));
  object.end();
  add(StreamMode::debug, "debug", fact.checkpoint_ns, debug(fact.metadata.step, "checkpoint", time_, payload), frames);
}

void FrameRenderer::task_start(const runtime::TaskStartFact& fact, std::vector<FramePointer>& frames) {
  std::string payload;
  ObjectText object(payload);
  object.text("id", fact.id);
  object.text("name", fact.name);
  std::string& input = object.member("input");
  if (const auto* state = std::get_if<runtime::State>(&fact.input)) {
    state->print(input);
  } else {
    std::get<runtime::Value>(fact.input).print(input);
  }
  print_texts(fact.triggers, object.member("triggers"));
  object.raw("interrupts", "[]");
  object.json("metadata", task_metadata());
  object.end();
  if (shape_->modes.has(StreamMode::tasks)) add(StreamMode::tasks, "tasks", fact.checkpoint_ns, payload, frames);
  if (shape_->modes.has(StreamMode::debug)) {
    add(StreamMode::debug, "debug", fact.checkpoint_ns, debug(fact.step, "task", time_, payload), frames);
  }
}

void FrameRenderer::task_end(const runtime::TaskEndFact& fact, std::vector<FramePointer>& frames) {
  std::string payload;
  ObjectText object(payload);
  object.text("id", fact.id);
  object.text("name", fact.name);
  object.json("result", fact.result);
  object.json("interrupts", runtime::to_json(fact.interrupts));
  object.json("error", error_json(fact.error));
  object.end();
  if (shape_->modes.has(StreamMode::tasks)) add(StreamMode::tasks, "tasks", fact.checkpoint_ns, payload, frames);
  if (shape_->modes.has(StreamMode::debug)) {
    add(StreamMode::debug, "debug", fact.checkpoint_ns, debug(fact.step, "task_result", time_, payload), frames);
  }
}

json::object FrameRenderer::task_metadata() const {
  json::object metadata = shape_->metadata;
  if (!shape_->tags.empty()) {
    json::array& tags = metadata["tags"].emplace_array();
    for (const std::string& tag : shape_->tags) tags.emplace_back(tag);
  }
  metadata["graph_id"] = shape_->graph_id;
  metadata["assistant_id"] = shape_->assistant_id;
  metadata["run_id"] = shape_->run_id.text();
  metadata["run_attempt"] = attempt_;
  return metadata;
}

// Only what is on the allow-list of streaming.md 3.9: settings of a run may be secret.
std::string FrameRenderer::config_of(const std::string& checkpoint_ns, const storage::CheckpointId& id,
                                     const json::value& enclosing) const {
  const std::string thread_id = shape_->thread_id.text();
  json::object metadata = shape_->metadata;
  metadata["graph_id"] = shape_->graph_id;
  metadata["assistant_id"] = shape_->assistant_id;
  metadata["run_attempt"] = attempt_;
  metadata["thread_id"] = thread_id;
  metadata["run_id"] = shape_->run_id.text();
  json::array tags;
  for (const std::string& tag : shape_->tags) tags.emplace_back(tag);
  json::object configurable{{"run_id", shape_->run_id.text()}, {"thread_id", thread_id},
                            {"graph_id", shape_->graph_id},    {"assistant_id", shape_->assistant_id},
                            {"checkpoint_id", id.text()},      {"checkpoint_ns", checkpoint_ns}};
  if (!enclosing.is_null()) configurable["checkpoint_map"] = enclosing;
  const json::object config{{"configurable", std::move(configurable)},
                            {"metadata", metadata},
                            {"recursion_limit", shape_->recursion_limit},
                            {"tags", tags}};
  return runtime::to_text(config);
}

std::string FrameRenderer::debug(std::int64_t step, std::string_view type, storage::Timestamp time,
                                 const std::string& payload) const {
  std::string data;
  ObjectText object(data);
  object.raw("step", std::to_string(step));
  object.text("type", type);
  object.text("timestamp", storage::to_rfc3339(time));
  object.raw("payload", payload);
  object.end();
  return data;
}

}  // namespace heddle::api
