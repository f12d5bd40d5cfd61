#include "runtime/pregel/task_stream.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "runtime/json.h"
#include "runtime/message.h"
#include "runtime/pregel/input_output.h"
#include "runtime/uuid.h"

namespace heddle::runtime {
namespace {

json::array to_array(const std::vector<std::string>& texts) {
  json::array array;
  for (const std::string& text : texts) array.emplace_back(text);
  return array;
}

json::object run_metadata(const RunScope& run) {
  json::object metadata = run.config->metadata;
  if (run.config->thread_id) metadata["thread_id"] = run.config->thread_id->text();
  return metadata;
}

void trace_run(const RunScope& run, std::string event, const std::string& graph, json::object data) {
  const std::string run_id = run.config->run_id ? run.config->run_id->text() : std::string();
  auto metadata = std::make_shared<const json::object>(run_metadata(run));
  run.emit(TraceFact{std::move(event), graph, run_id, run.config->tags, std::move(metadata), std::move(data)});
}

// Such a call is silent while it streams (streaming.md 3.4).
bool is_silent(const ModelCall& call) {
  return std::ranges::any_of(call.tags,
                             [](const std::string& tag) { return tag == "nostream" || tag == "langsmith:nostream"; });
}

std::vector<std::string> joined(std::vector<std::string> tags, const std::vector<std::string>& more) {
  tags.insert(tags.end(), more.begin(), more.end());
  return tags;
}

// Ids of the messages that a node was given.
std::unordered_set<std::string> ids_in(const State& input) {
  std::unordered_set<std::string> ids;
  const auto note = [&](const json::value& value) {
    if (is_message(value)) ids.emplace(message_id(value));
  };
  for (const State::Member& member : input.members()) {
    if (!member.second.is_list()) {
      note(member.second.json());
      continue;
    }
    for (const Value::Item& item : member.second.items()) note(*item);
  }
  return ids;
}

std::vector<const json::value*> messages_in(const Value& write) {
  std::vector<const json::value*> messages;
  if (write.is_list()) {
    for (const Value::Item& item : write.items()) messages.push_back(item.get());
  } else {
    messages.push_back(&write.json());
  }
  return messages;
}

}  // namespace

void trace_run_start(const RunScope& run, const std::string& graph, json::value input) {
  trace_run(run, "on_chain_start", graph, {{"input", std::move(input)}});
}

void trace_run_end(const RunScope& run, const std::string& graph, json::value output) {
  trace_run(run, "on_chain_end", graph, {{"output", std::move(output)}});
}

const PlannedNode& TaskStream::planned_node() const {
  return superstep_.plan.nodes[task_.planned.node];
}

const std::string& TaskStream::node() const {
  return planned_node().name;
}

json::object TaskStream::base_metadata() {
  identify(superstep_, task_);
  json::object metadata = run_metadata(superstep_.run);
  metadata["langgraph_step"] = superstep_.step;
  metadata["langgraph_node"] = node();
  metadata["langgraph_triggers"] = to_array(shown_triggers(superstep_.plan, task_.planned));
  metadata["langgraph_path"] = shown_path(superstep_.plan, task_.planned);
  metadata["langgraph_checkpoint_ns"] = task_.node_ns;
  metadata["checkpoint_ns"] = task_.node_ns;
  return metadata;
}

const TaskStream::Metadata& TaskStream::trace_metadata() {
  if (!trace_metadata_) trace_metadata_ = std::make_shared<const json::object>(base_metadata());
  return trace_metadata_;
}

std::vector<std::string> TaskStream::node_tags() const {
  std::vector<std::string> tags = joined(superstep_.run.config->tags, planned_node().options.tags);
  tags.push_back("graph:step:" + std::to_string(superstep_.step));
  return tags;
}

void TaskStream::started() {
  if (!wanted().traces || planned_node().hidden) return;
  run_id_ = uuid4().text();
  input_ = task_.planned.kind == TaskKind::push ? task_.planned.argument.json() : json::value(task_.input.to_json());
  trace("on_chain_start", node(), run_id_, node_tags(), trace_metadata(), {{"input", input_}});
}

void TaskStream::finished() {
  if (wanted().traces && !run_id_.empty()) {
    json::value output = graph_output_ ? *graph_output_ : shown_update(superstep_.plan, task_.record.writes);
    trace("on_chain_end", node(), run_id_, node_tags(), trace_metadata(),
          {{"output", std::move(output)}, {"input", std::move(input_)}});
  }
  // Inside a graph whose events nobody asked for, the enclosing node sends what comes out of it.
  const bool is_seen = !superstep_.nested || superstep_.run.kinds.subgraphs;
  if (wanted().messages && is_seen && !planned_node().hidden) send_whole_messages();
}

void TaskStream::graph_started(const std::string& graph) {
  if (!wanted().traces || planned_node().hidden) return;
  graph_run_id_ = uuid4().text();
  trace("on_chain_start", graph, graph_run_id_, superstep_.run.config->tags, trace_metadata(), {{"input", input_}});
}

void TaskStream::graph_ended(const std::string& graph, const State& values) {
  if (!wanted().traces || planned_node().hidden) return;
  graph_output_ = values.to_value();
  trace("on_chain_end", graph, graph_run_id_, superstep_.run.config->tags, trace_metadata(),
        {{"output", *graph_output_}, {"input", input_}});
}

void TaskStream::send_whole_messages() {
  std::optional<std::unordered_set<std::string>> given;
  Metadata metadata;
  for (const Write& write : task_.record.writes) {
    if (!superstep_.plan.channels[write.channel].is_messages) continue;
    for (const json::value* value : messages_in(write.value)) {
      if (!is_message(*value) || message_type(*value) == "remove") continue;
      const std::string id(message_id(*value));
      if (!given) given = ids_in(task_.input);
      if (given->contains(id) || !superstep_.run.sent_messages.insert(id).second) continue;
      if (!metadata) {
        json::object shown = base_metadata();
        shown["tags"] = to_array(node_tags());
        shown["name"] = node();
        metadata = std::make_shared<const json::object>(std::move(shown));
      }
      superstep_.run.emit(MessageFact{superstep_.checkpoint_ns, value->as_object(), metadata, false, false});
    }
  }
}

void TaskStream::custom(json::value value) {
  if (!wanted().custom) return;
  // What a graph inside writes is seen without asking for graphs inside, as if the root had written it.
  const bool plain = superstep_.nested && !superstep_.run.kinds.subgraphs;
  superstep_.run.emit(CustomFact{plain ? std::string() : superstep_.checkpoint_ns, std::move(value)});
}

TaskStream::Call& TaskStream::call_of(const ModelCall& call) {
  const auto [found, is_new] = calls_.try_emplace(call.run_id);
  Call& made = found->second;
  if (!is_new) return made;
  json::object metadata = base_metadata();
  for (const auto& member : call.ls_metadata) metadata.insert_or_assign(member.key(), member.value());
  if (wanted().traces) made.trace_metadata = std::make_shared<const json::object>(metadata);
  if (wanted().messages && !is_silent(call)) {
    metadata["tags"] = to_array(joined(superstep_.run.config->tags, call.tags));
    made.message_metadata = std::make_shared<const json::object>(std::move(metadata));
  }
  return made;
}

bool TaskStream::is_hidden() const {
  return superstep_.nested && !superstep_.run.kinds.subgraphs;
}

void TaskStream::send(Message message, const Metadata& metadata, bool piece) {
  superstep_.run.emit(MessageFact{superstep_.checkpoint_ns, std::move(message), metadata, piece, is_hidden()});
}

void TaskStream::note_sent(const Message& message) {
  if (!is_hidden()) superstep_.run.sent_messages.emplace(message_id(message));
}

void TaskStream::model_started(const ModelCall& call, const ItemList& messages) {
  if (!wanted().messages && !wanted().traces) return;
  Call& known = call_of(call);
  if (!known.trace_metadata) return;
  json::array list;
  for (const Value::Item& message : messages) list.push_back(*message);
  json::array batch;
  batch.push_back(std::move(list));
  known.input = json::object{{"messages", std::move(batch)}};
  trace("on_chat_model_start", call.class_name, call.run_id, joined(superstep_.run.config->tags, call.tags),
        known.trace_metadata, {{"input", known.input}});
}

void TaskStream::model_piece(const ModelCall& call, Message piece) {
  if (!wanted().messages && !wanted().traces) return;
  Call& known = call_of(call);
  known.streamed = true;
  if (message_id(piece).empty()) piece["id"] = "run-" + call.run_id;
  if (!known.trace_metadata) {
    if (known.message_metadata) send_piece(known, std::move(piece));
    return;
  }
  if (known.message_metadata) send_piece(known, piece);
  if (known.sum) {
    merge_chunk(*known.sum, piece);
  } else {
    known.sum = piece;
  }
  trace("on_chat_model_stream", call.class_name, call.run_id, joined(superstep_.run.config->tags, call.tags),
        known.trace_metadata, {{"chunk", std::move(piece)}});
}

void TaskStream::send_piece(Call& call, Message piece) {
  const std::string_view id = message_id(piece);
  // The pieces of an answer have one id, so only the first has something to note.
  if (id != call.sent_id) {
    note_sent(piece);
    call.sent_id = id;
  }
  send(std::move(piece), call.message_metadata, true);
}

void TaskStream::model_ended(const ModelCall& call, const Message& whole) {
  if (!wanted().messages && !wanted().traces) return;
  Call& known = call_of(call);
  if (known.message_metadata && !known.streamed) {
    note_sent(whole);
    send(whole, known.message_metadata, false);
  }
  if (known.trace_metadata) {
    if (known.sum) derive_tool_calls(*known.sum);
    json::object data{{"output", known.sum ? std::move(*known.sum) : whole}, {"input", std::move(known.input)}};
    trace("on_chat_model_end", call.class_name, call.run_id, joined(superstep_.run.config->tags, call.tags),
          known.trace_metadata, std::move(data));
  }
  calls_.erase(call.run_id);
}

const std::string& TaskStream::tool_run_id(const std::string& tool_call_id) {
  std::string& run_id = tool_runs_[tool_call_id];
  if (run_id.empty()) run_id = uuid4().text();
  return run_id;
}

void TaskStream::tool_started(const std::string& tool_call_id, const std::string& name, const json::value& arguments) {
  if (wanted().traces) {
    tool_inputs_.emplace(tool_call_id, arguments);
    trace("on_tool_start", name, tool_run_id(tool_call_id), node_tags(), trace_metadata(), {{"input", arguments}});
  }
  if (wanted().tools) tool_fact("on_tool_start", tool_call_id, name, {{"input", to_text(arguments)}});
}

void TaskStream::tool_wrote(const std::string& tool_call_id, const std::string& name, const json::value& data) {
  if (wanted().tools) tool_fact("on_tool_event", tool_call_id, name, {{"data", data}});
}

void TaskStream::tool_ended(const std::string& tool_call_id, const std::string& name, const json::value& output) {
  if (wanted().traces) {
    auto given = tool_inputs_.extract(tool_call_id);
    json::object data{{"output", output}, {"input", given ? std::move(given.mapped()) : json::value()}};
    trace("on_tool_end", name, tool_run_id(tool_call_id), node_tags(), trace_metadata(), std::move(data));
  }
  if (wanted().tools) tool_fact("on_tool_end", tool_call_id, name, {{"output", output}});
}

void TaskStream::tool_failed(const std::string& tool_call_id, const std::string& name, const std::string& error) {
  if (wanted().traces) {
    tool_inputs_.extract(tool_call_id);
    trace("on_tool_error", name, tool_run_id(tool_call_id), node_tags(), trace_metadata(), {{"error", error}});
  }
  if (wanted().tools) tool_fact("on_tool_error", tool_call_id, name, {{"error", error}});
}

void TaskStream::tool_fact(std::string event, const std::string& tool_call_id, const std::string& name,
                           json::object data) {
  superstep_.run.emit(ToolFact{superstep_.checkpoint_ns, std::move(event), tool_call_id, name, std::move(data)});
}

void TaskStream::trace(std::string event, std::string name, std::string run_id, std::vector<std::string> tags,
                       Metadata metadata, json::object data) {
  superstep_.run.emit(TraceFact{std::move(event), std::move(name), std::move(run_id), std::move(tags),
                                std::move(metadata), std::move(data)});
}

}  // namespace heddle::runtime
