#include "api/routes/a2a_stream.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "api/routes/a2a_task.h"
#include "api/routes/json_rpc.h"
#include "api/runs/stream_reader.h"
#include "runtime/json.h"
#include "runtime/message.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

// Events of the run in, answers to the call out.
class TaskWriter : public BodyWriter {
 public:
  TaskWriter(BodyWriter& writer, const ActiveRun& run, json::value id)
      : writer_(writer), run_(run), id_(std::move(id)) {}

  // `bytes`: whole events and comments, as send_stream() writes them.
  asio::awaitable<void> write(std::string_view bytes) override {
    std::string out;
    for (std::string_view rest = bytes; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      read_line(rest.substr(0, end), out);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!out.empty()) co_await writer_.write(out);
  }

  asio::awaitable<void> tell_start() {
    const A2aOutcome outcome = a2a_outcome(run_.record.status, "{}");
    std::string out = answer(a2a_task(outcome, run_.record, 0));
    co_await writer_.write(out);
  }

  // Once the run has ended.
  asio::awaitable<void> tell_end() {
    const A2aOutcome outcome = a2a_outcome(run_.record.status, run_.result.text());
    std::string out;
    if (told_.empty() && outcome.values_json) {
      out += answer(artifact(run_.record.run_id.text(), a2a_parts(*outcome.values_json), true));
    }
    out += answer(json::object{{"kind", "status-update"},
                               {"taskId", run_.record.run_id.text()},
                               {"contextId", run_.record.thread_id.text()},
                               {"status", a2a_status(outcome, run_.record)},
                               {"final", true}});
    co_await writer_.write(out);
  }

 private:
  void read_line(std::string_view line, std::string& out) {
    if (line.starts_with(':')) {
      out.append(line).append("\n");
    } else if (line.starts_with("event: ")) {
      is_message_ = line == "event: messages";
    } else if (line.starts_with("data: ") && is_message_) {
      tell_message(runtime::parse_json(line.substr(6)), out);
    }
  }

  // [message or piece of one, metadata]
  void tell_message(const json::value& data, std::string& out) {
    const json::object& message = data.as_array().at(0).as_object();
    const std::string_view type = runtime::find_text(message, "type").value_or("");
    std::string text = runtime::message_text(message);
    if ((type != "ai" && type != "AIMessageChunk") || text.empty()) return;
    std::string message_id(runtime::find_text(message, "id").value_or(""));
    out += answer(artifact(std::move(message_id), {json::object{{"kind", "text"}, {"text", std::move(text)}}}, false));
  }

  json::object artifact(std::string artifact_id, json::array parts, bool is_last) {
    const bool is_new = told_.insert(artifact_id).second;
    json::object told{{"artifactId", artifact_id}, {"name", "Assistant Response"}, {"parts", std::move(parts)}};
    return {{"kind", "artifact-update"},
            {"taskId", run_.record.run_id.text()},
            {"contextId", run_.record.thread_id.text()},
            {"artifact", std::move(told)},
            {"append", !is_new},
            {"lastChunk", is_last}};
  }

  std::string answer(const json::object& result) const { return "data: " + rpc_result_text(id_, result) + "\n\n"; }

  BodyWriter& writer_;
  const ActiveRun& run_;
  json::value id_;
  bool is_message_ = false;
  std::set<std::string> told_;  // ids of artifacts of which something was sent
};

}  // namespace

BodyStream a2a_stream_body(Services& services, std::shared_ptr<ActiveRun> run, json::value id) {
  return [&services, run = std::move(run), id = std::move(id)](BodyWriter& writer) -> asio::awaitable<void> {
    TaskWriter task(writer, *run, id);
    co_await task.tell_start();
    StreamWish wish;
    wish.modes.emplace().add(StreamMode::messages_tuple);
    // Of this protocol's own stream it is only a part, so no event of its end is wanted.
    wish.id_text = [](std::uint64_t number) { return std::to_string(number); };
    StreamSource source = live_source(*run, services.parts.graphs);
    co_await send_stream(std::move(source), std::move(wish), services.parts.storage, services.parts.settings, task);
    co_await task.tell_end();
  };
}

}  // namespace heddle::api
