#pragma once
// Messages and tasks of the A2A protocol 0.3 as values: a task is a run, its context is the run's thread
// (http-api.md 15).

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/ids.h"
#include "storage/runs.h"

namespace heddle::api {

inline constexpr int kA2aTaskNotFound = -32001;
inline constexpr int kA2aNotCancelable = -32002;
inline constexpr int kA2aUnsupported = -32004;
inline constexpr std::int64_t kA2aHistoryMax = 10;

// `params` of message/send and message/stream.
struct A2aMessage {
  std::optional<storage::ThreadId> context_id;
  std::optional<storage::RunId> task_id;  // the one whose question the message answers
  std::optional<std::string> text;        // of all text parts, line by line
  boost::json::object data;               // of all data parts, later ones over earlier ones
  boost::json::object metadata;           // of the call: that of the run
  bool waits = true;                      // whether the answer is wanted when the task has come to its end
  std::int64_t history = 0;               // messages wanted in the answer
};

// Throws RpcError (bad parameters) that says which member does not fit; files are refused.
A2aMessage a2a_message_from(const boost::json::object& params);

// `historyLength` of params or configuration. Throws RpcError (bad parameters).
std::int64_t a2a_history_length(const boost::json::object& holder);

// The input of a graph with this input schema. Throws RpcError for a text that the graph has no `messages` for.
boost::json::object a2a_input(const A2aMessage& message, const boost::json::object& input_schema);

// The answer to a question: `data.resume`, else the text, else the data.
boost::json::value a2a_resume(const A2aMessage& message);

// How far a run has come.
struct A2aOutcome {
  std::string state = "working";           // submitted, working, completed, failed, canceled, input-required
  std::optional<std::string> values_json;  // of the thread when the run ended
  boost::json::array interrupts;           // of input-required
  std::string error;                       // of failed
};

// Of a run that ended so, with the answer that `wait` would give.
A2aOutcome a2a_outcome(storage::RunStatus status, std::string_view result_json);

boost::json::object a2a_status(const A2aOutcome& outcome, const storage::Run& run);
// Parts of the artifact: the text of the last AI message, or the whole state as data if there is none.
boost::json::array a2a_parts(const std::string& values_json);
boost::json::object a2a_task(const A2aOutcome& outcome, const storage::Run& run, std::int64_t history);

// Who can be asked what, for other agents.
struct A2aCard {
  std::string assistant_id;
  std::string name;
  std::optional<std::string> description;
  std::string url;  // where to send messages
  bool takes_text = true;
  bool needs_token = false;
  std::string version;
};
boost::json::object a2a_card_json(const A2aCard& card);

}  // namespace heddle::api
