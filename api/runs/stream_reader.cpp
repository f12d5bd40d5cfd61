#include "api/runs/stream_reader.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <string>
#include <utility>

#include "api/http/sse.h"
#include "api/runs/run_plan.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;

// Frames that are ready may share a write; more than this in one is of no use to the socket.
constexpr std::size_t kWriteBytes = 64 * 1024;

bool wants(const StreamWish& wish, const Frame& frame) {
  if (frame.id < wish.first) return false;
  if (!frame.mode) return true;
  if (wish.modes && !wish.modes->has(*frame.mode)) return false;
  return wish.namespaces.empty() || std::ranges::find(wish.namespaces, frame.checkpoint_ns) != wish.namespaces.end();
}

void append(const StreamWish& wish, const Frame& frame, std::string& out) {
  if (!wish.id_text) {
    out += frame.bytes;
    return;
  }
  // The id is the last line of the event, and `data` before it is one line.
  out.append(frame.bytes, 0, frame.bytes.rfind("\nid: ") + 1);
  out += "id: " + wish.id_text(frame.id) + "\n\n";
}

// Sends the stored frames below `end` that are wanted; gives the id after the last one that is stored.
asio::awaitable<std::uint64_t> send_stored(const StreamSource& source, const StreamWish& wish, std::uint64_t end,
                                           storage::Storage& storage, BodyWriter& writer) {
  const auto executor = co_await asio::this_coro::executor;
  RunLogReader log(executor, storage, source.shape->thread_id, source.shape->run_id, source.graph);
  FrameRenderer renderer(source.shape);
  std::vector<FramePointer> frames;
  std::string out;
  for (;;) {
    const std::vector<Fact> facts = co_await log.next();
    if (facts.empty()) break;
    frames.clear();
    for (const Fact& fact : facts) renderer.render(fact, frames);
    for (const FramePointer& frame : frames) {
      if (frame->id < end && wants(wish, *frame)) append(wish, *frame, out);
      if (out.size() < kWriteBytes) continue;
      co_await writer.write(out);
      out.clear();
    }
  }
  if (!out.empty()) co_await writer.write(out);
  co_return renderer.next_id();
}

}  // namespace

StreamSource live_source(const ActiveRun& run, const graphs::Registry& graphs) {
  const auto& shape = run.stream->shape();
  return {shape, run.stream, graphs.find(shape->graph_id), !run.temporary};
}

StreamSource stored_source(const storage::Run& record, const graphs::Registry& graphs, const ServerSettings& settings) {
  const RunDetails details = details_of(record);
  const std::string graph_id = graph_id_of(details);
  return {stream_shape(record, details, graph_id, settings), nullptr, graphs.find(graph_id), true};
}

std::uint64_t first_wanted(const Headers& headers) {
  const std::optional<std::string_view> last = headers.find("last-event-id");
  if (!last) return 0;
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(last->data(), last->data() + last->size(), id);
  // An id that is none of ours brings everything (http-api.md 9.7), and so do `-1` and `-`.
  if (error != std::errc{} || end != last->data() + last->size()) return 0;
  return id + 1;
}

asio::awaitable<void> send_stream(StreamSource source, StreamWish wish, storage::Storage& storage,
                                  const ServerSettings& settings, BodyWriter& writer) {
  constexpr std::uint64_t kAll = ~std::uint64_t{0};
  if (!source.live) {
    const std::uint64_t stored = co_await send_stored(source, wish, kAll, storage, writer);
    if (wish.first > stored) {
      wish.first = 0;
      co_await send_stored(source, wish, kAll, storage, writer);
    }
    if (settings.stream_end_event && !wish.id_text) {
      std::string end;
      append_event(end, "end", "null", "end");
      co_await writer.write(end);
    }
    co_return;
  }

  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  if (wish.first > source.live->published()) wish.first = 0;
  std::uint64_t wanted = wish.first;
  std::string out;
  for (;;) {
    const RunStream::Reading reading = source.live->read(wanted);
    if (const auto* frame = std::get_if<FramePointer>(&reading)) {
      if (wants(wish, **frame)) append(wish, **frame, out);
      wanted = (*frame)->id + 1;
      if (out.size() < kWriteBytes) continue;
    }
    if (!out.empty()) {
      co_await writer.write(out);
      out.clear();
      continue;
    }
    if (std::holds_alternative<RunStream::Ended>(reading)) break;
    if (const auto* dropped = std::get_if<RunStream::Dropped>(&reading)) {
      if (source.is_stored) {
        co_await source.live->log()->flush();
        wish.first = wanted;
        co_await send_stored(source, wish, dropped->oldest, storage, writer);
      } else {
        co_await writer.write(": events were dropped, this reader was too slow\n");
      }
      wanted = dropped->oldest;
      continue;
    }
    timer.expires_at(next_heartbeat(asio::steady_timer::clock_type::now(), settings.heartbeat));
    boost::system::error_code woken;
    {
      const RunStream::Waiter waiter(*source.live, timer);
      const auto result = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
      woken = std::get<0>(result);
    }
    if (!woken) co_await writer.write(kHeartbeat);
  }
  if (settings.stream_end_event && !wish.id_text) {
    std::string end;
    append_event(end, "end", "null", std::to_string(wanted));
    co_await writer.write(end);
  }
}

}  // namespace heddle::api
