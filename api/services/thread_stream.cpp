#include "api/services/thread_stream.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "api/http/sse.h"
#include "api/runs/run_json.h"
#include "api/runs/run_queue.h"
#include "api/runs/run_status.h"
#include "api/runs/stream_reader.h"
#include "api/services/api_error.h"
#include "runtime/checkpoint_time.h"
#include "runtime/json.h"
#include "runtime/object_text.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

// The sequence of an id is so many per microsecond, of which the last two stand for what follows the events of a run.
// A run of 4 tokens a microsecond would need an hour to come so far.
constexpr std::uint64_t kSequences = 1'000'000'000;
constexpr std::uint64_t kRunDone = kSequences - 2;
constexpr std::uint64_t kState = kSequences - 1;

// A run is looked up with the one that was read before it, which may have more to read.
constexpr std::int64_t kRunsLookedUp = 2;

std::string id_text(storage::Timestamp begun, std::uint64_t number) {
  const std::int64_t micros = begun.time_since_epoch().count();
  const std::uint64_t sequence = static_cast<std::uint64_t>(micros % 1000) * kSequences + number;
  return std::to_string(micros / 1000) + "-" + std::to_string(sequence);
}

}  // namespace

std::optional<ThreadPlace> place_after(std::string_view event_id) {
  std::int64_t millis = 0;
  std::uint64_t sequence = 0;
  const char* const end = event_id.data() + event_id.size();
  const auto [dash, first_error] = std::from_chars(event_id.data(), end, millis);
  if (first_error != std::errc{} || dash == end || *dash != '-') return std::nullopt;
  const auto [rest, second_error] = std::from_chars(dash + 1, end, sequence);
  constexpr std::int64_t kMillisMax = std::int64_t{1} << 50;  // in the year 37,648
  if (second_error != std::errc{} || rest != end || millis < 0 || millis > kMillisMax) return std::nullopt;
  if (sequence >= 1000 * kSequences) return std::nullopt;
  const auto micros = static_cast<std::int64_t>(sequence / kSequences);
  const storage::Timestamp begun{std::chrono::microseconds{millis * 1000 + micros}};
  return ThreadPlace{begun, sequence % kSequences + 1};
}

ThreadStream::ThreadStream(ServiceParts parts, const StateService& states, storage::Owner owner, storage::ThreadId id,
                           ThreadStreamWish wish)
    : parts_(parts),
      states_(states),
      owner_(std::move(owner)),
      id_(id),
      wish_(std::move(wish)),
      watch_(parts.queue.thread_news(), id, parts.queue.executor()) {}

asio::awaitable<ThreadStream::Found> ThreadStream::look() const {
  auto read = [owner = owner_, id = id_, begun = place_.begun](const storage::Snapshot& snapshot) {
    Found found;
    found.thread = snapshot.threads().find(owner, id);
    if (found.thread) found.runs = snapshot.runs().started_since(owner, id, begun, kRunsLookedUp);
    return found;
  };
  Found found = co_await parts_.storage.read(std::move(read));
  const auto is_behind = [this](const storage::Run& run) {
    return *run.started_at == place_.begun && place_.next > kRunDone;
  };
  std::erase_if(found.runs, is_behind);
  co_return found;
}

asio::awaitable<void> ThreadStream::open() {
  const Found found = co_await look();
  if (!found.thread && !parts_.queue.find_temporary(owner_, id_)) {
    throw ApiError::not_found("Thread with ID " + id_.text() + " not found");
  }
  if (wish_.from) {
    place_ = *wish_.from;
    co_return;
  }
  if (found.thread) shown_state_ = found.thread->values_checkpoint;
  // The last change that the database knows, and not the present: a run that is being stored right now began before it,
  // and is not to be missed.
  place_ = {found.thread ? found.thread->updated_at : parts_.clock.now(), kState + 1};
  const std::shared_ptr<ActiveRun> working = parts_.queue.find_working(id_);
  if (working && working->record.started_at) place_ = {*working->record.started_at, working->stream->published()};
}

asio::awaitable<void> ThreadStream::send(BodyWriter& writer) {
  for (;;) {
    const bool is_last_look = parts_.queue.thread_news().closed();
    const Found found = co_await look();
    if (!found.thread) {
      // Of a run that is stored nowhere, or deleted.
      const std::shared_ptr<ActiveRun> run = parts_.queue.find_temporary(owner_, id_);
      if (!run || run->phase == ActiveRun::Phase::ended) co_return;
      if (run->record.started_at && wants_runs()) {
        co_await follow(run, run->record, writer);
        co_return;
      }
    }
    bool has_sent = co_await send_state(found, writer);
    if (!has_sent) has_sent = co_await send_next_run(found.runs, writer);
    if (has_sent) continue;
    if (is_last_look) co_return;
    const bool has_news = co_await watch_.wait(parts_.settings.heartbeat);
    if (!has_news) co_await writer.write(kHeartbeat);
  }
}

asio::awaitable<bool> ThreadStream::send_next_run(std::vector<storage::Run> runs, BodyWriter& writer) {
  if (runs.empty() || !wants_runs()) co_return false;
  storage::Run& next = runs.front();
  const std::shared_ptr<ActiveRun> active = parts_.queue.find(next.run_id);
  if (!active && !is_over(next.status)) {
    // Its end was stored after this record was read.
    auto read = [owner = owner_, id = next.run_id](const storage::Snapshot& snapshot) {
      return snapshot.runs().find(owner, id);
    };
    std::optional<storage::Run> now = co_await parts_.storage.read(std::move(read));
    if (now && !is_over(now->status)) co_return false;  // the server stops, and its next start goes on with it
    if (!now) {
      place_ = {*next.started_at, kRunDone + 1};  // it was rolled back
      co_return true;
    }
    next = std::move(*now);
  }
  co_await follow(active, next, writer);
  co_return true;
}

asio::awaitable<void> ThreadStream::follow(std::shared_ptr<ActiveRun> active, storage::Run record, BodyWriter& writer) {
  const storage::Timestamp begun = *record.started_at;
  StreamWish wish;
  wish.first = begun == place_.begun ? place_.next : 0;
  if (!wish_.events) wish.modes.emplace();  // only events that belong to no mode: of the start, and of a failure
  wish.id_text = [begun](std::uint64_t number) { return id_text(begun, number); };
  place_ = {begun, wish.first};
  StreamSource source =
      active ? live_source(*active, parts_.graphs) : stored_source(record, parts_.graphs, parts_.settings);
  co_await send_stream(std::move(source), std::move(wish), parts_.storage, parts_.settings, writer);

  const storage::RunStatus status = active ? active->record.status : record.status;
  if (!is_over(status)) {
    // Stopped where it is, to be taken up by the next start; the reader comes back for the rest.
    place_.next = kRunDone + 1;
    co_return;
  }
  place_.next = kRunDone;
  const json::object done{{"run_id", record.run_id.text()}, {"status", to_text(status)}};
  std::string data = runtime::to_text(done);
  std::string name = "run_done";
  co_await send_event(std::move(name), std::move(data), writer);
  place_.next = kRunDone + 1;
}

asio::awaitable<bool> ThreadStream::send_state(Found found, BodyWriter& writer) {
  if (!wish_.states || !found.thread || !found.thread->values_checkpoint) co_return false;
  const storage::CheckpointId state = *found.thread->values_checkpoint;
  if (state == shown_state_) co_return false;
  const storage::Timestamp made = runtime::time_of(state);
  // Runs that began before the state was made come first.
  if (wants_runs() && !found.runs.empty() && *found.runs.front().started_at < made) co_return false;
  const bool is_first_look = wish_.from && !shown_state_;
  const bool was_shown =
      is_first_look && (made < wish_.from->begun || (made == wish_.from->begun && wish_.from->next > kState));
  shown_state_ = state;
  if (was_shown) co_return false;

  // After a rollback the state is an older one, whose time has been passed.
  if (made > place_.begun) place_.begun = made;
  place_.next = kState;
  const std::optional<std::string> values = co_await states_.values_text(*found.thread);
  const json::object checkpoint{{"thread_id", id_.text()}, {"checkpoint_ns", ""}, {"checkpoint_id", state.text()}};
  std::string data;
  runtime::ObjectText object(data);
  object.raw("values", values.value_or("{}"));
  object.json("checkpoint", checkpoint);
  object.end();
  std::string name = "state_update";
  co_await send_event(std::move(name), std::move(data), writer);
  place_.next = kState + 1;
  co_return true;
}

// With the id of the place.
asio::awaitable<void> ThreadStream::send_event(std::string name, std::string data, BodyWriter& writer) const {
  std::string out;
  append_event(out, name, data, id_text(place_.begun, place_.next));
  co_await writer.write(out);
}

}  // namespace heddle::api
