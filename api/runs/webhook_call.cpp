#include "api/runs/webhook_call.h"

#include <boost/asio/this_coro.hpp>
#include <utility>

#include "api/runs/run_json.h"
#include "runtime/json.h"
#include "runtime/object_text.h"
#include "runtime/state_api.h"
#include "runtime/stored_saver.h"

namespace heddle::api {

namespace asio = boost::asio;
namespace json = boost::json;

std::string webhook_url(const json::object& kwargs) {
  const auto found = kwargs.find("webhook");
  return found != kwargs.end() && found->value().is_string() ? std::string(found->value().as_string()) : "";
}

storage::Webhook webhook_call(const storage::Run& ended, std::string url, const std::optional<std::string>& values) {
  storage::Webhook call;
  call.run_id = ended.run_id;
  call.thread_id = ended.thread_id;
  call.owner = ended.owner;
  call.ended_at = ended.updated_at;
  call.next_attempt = ended.updated_at;
  call.url = std::move(url);

  runtime::ObjectText object(call.body);
  for (const auto& member : run_json(ended)) object.json(member.key(), member.value());
  if (ended.started_at && ended.attempt > 0) {
    object.text("run_started_at", storage::to_rfc3339(*ended.started_at));
  } else {
    object.raw("run_started_at", "null");
  }
  object.text("run_ended_at", storage::to_rfc3339(ended.updated_at));
  if (values) object.raw("values", *values);
  if (ended.error_json) object.raw("error", *ended.error_json);
  object.end();
  return call;
}

std::string sent_body(const storage::Webhook& call, storage::Timestamp sent_at) {
  // The stored object is not empty, so the member goes in before its end.
  std::string body = call.body.substr(0, call.body.size() - 1);
  body += ",\"webhook_sent_at\":\"" + storage::to_rfc3339(sent_at) + "\"}";
  return body;
}

asio::awaitable<std::optional<std::string>> newest_values(storage::Storage& storage, storage::ThreadId thread_id,
                                                          std::shared_ptr<const runtime::CompiledGraph> graph) {
  if (!graph) co_return std::nullopt;
  auto read = [thread_id](const storage::Snapshot& snapshot) { return snapshot.checkpoints().newest(thread_id, ""); };
  const std::optional<storage::Checkpoint> head = co_await storage.read(std::move(read));
  if (!head) co_return std::nullopt;
  const auto executor = co_await asio::this_coro::executor;
  runtime::StoredSaver saver(storage, thread_id, executor, runtime::Unpacking::on_use);
  // By its id, because at the newest one without an id the writes of unfinished supersteps would be applied.
  runtime::CheckpointAddress address;
  address.id = head->checkpoint_id;
  const runtime::StateSnapshot snapshot =
      co_await runtime::get_state(*graph, saver, std::move(address), runtime::Subgraphs::as_pointer);
  std::string text;
  snapshot.values.print(text);
  co_return text;
}

}  // namespace heddle::api
