#pragma once
// What a task tells the streams while it runs: messages, custom values, tool calls and traces (streaming.md 3.3 to
// 3.10).

#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/node.h"
#include "runtime/pregel/run_scope.h"

namespace heddle::runtime {

// The trace of a whole run.
void trace_run_start(const RunScope& run, const std::string& graph, json::value input);
void trace_run_end(const RunScope& run, const std::string& graph, json::value output);

// Belongs to one attempt of a task. Makes no facts that nobody wants.
class TaskStream {
 public:
  // Both outlive this object.
  TaskStream(SuperstepScope& superstep, Task& task) : superstep_(superstep), task_(task) {}
  TaskStream(const TaskStream&) = delete;
  TaskStream& operator=(const TaskStream&) = delete;

  void started();
  // With the task's writes: the messages in them that readers have not seen are sent whole.
  void finished();

  // A graph that is the task's node has a run of its own in the trace, within that of the node.
  void graph_started(const std::string& graph);
  void graph_ended(const std::string& graph, const State& values);

  void custom(json::value value);
  void model_started(const ModelCall& call, const ItemList& messages);
  void model_piece(const ModelCall& call, Message piece);
  void model_ended(const ModelCall& call, const Message& whole);
  void tool_started(const std::string& tool_call_id, const std::string& name, const json::value& arguments);
  void tool_wrote(const std::string& tool_call_id, const std::string& name, const json::value& data);
  void tool_ended(const std::string& tool_call_id, const std::string& name, const json::value& output);
  void tool_failed(const std::string& tool_call_id, const std::string& name, const std::string& error);

 private:
  using Metadata = std::shared_ptr<const json::object>;
  struct Call {
    Metadata message_metadata;  // null pointer: messages are not wanted
    Metadata trace_metadata;    // null pointer: traces are not wanted
    json::value input;          // of the trace
    bool streamed = false;
    std::string sent_id;         // of the piece that was sent last
    std::optional<Message> sum;  // of the pieces, for the trace
  };

  EventKinds wanted() const { return superstep_.kinds; }
  const PlannedNode& planned_node() const;
  const std::string& node() const;
  json::object base_metadata();
  const Metadata& trace_metadata();
  std::vector<std::string> node_tags() const;
  Call& call_of(const ModelCall& call);
  // Inside a graph whose events nobody asked for.
  bool is_hidden() const;
  void note_sent(const Message& message);
  void send_piece(Call& call, Message piece);
  void send(Message message, const Metadata& metadata, bool piece);
  void send_whole_messages();
  void trace(std::string event, std::string name, std::string run_id, std::vector<std::string> tags, Metadata metadata,
             json::object data);
  void tool_fact(std::string event, const std::string& tool_call_id, const std::string& name, json::object data);
  const std::string& tool_run_id(const std::string& tool_call_id);

  SuperstepScope& superstep_;
  Task& task_;
  Metadata trace_metadata_;
  std::string run_id_;                            // of the trace of this attempt
  json::value input_;                             // of the trace
  std::string graph_run_id_;                      // of the trace of a graph that is the node
  std::optional<json::value> graph_output_;       // of such a graph
  std::map<std::string, Call> calls_;             // by run id
  std::map<std::string, std::string> tool_runs_;  // tool call id -> run id of its trace
  // Tool call id, which a model may use twice -> what a traced call was given.
  std::multimap<std::string, json::value> tool_inputs_;
};

}  // namespace heddle::runtime
