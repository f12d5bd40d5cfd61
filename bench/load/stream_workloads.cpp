// Runs that are watched.

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/load/frame_counter.h"
#include "bench/load/lanes.h"
#include "bench/load/load_loop.h"
#include "bench/load/workload.h"

namespace heddle::load {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kStreams = 16;
constexpr std::size_t kTokens = 2'000;           // of one answer; a long one of a model
constexpr std::chrono::seconds kIdleWindow{10};  // two heartbeats of each stream

// What came over a number of streams.
struct Watched {
  std::uint64_t events = 0;
  std::uint64_t comments = 0;
  std::uint64_t bytes = 0;
  std::uint64_t errors = 0;
  Clock::time_point first = Clock::time_point::max();  // event of any stream
  Clock::time_point last{};

  void take(FrameCounter& counter, std::string_view bytes_of_stream) {
    const std::uint64_t events_before = counter.events();
    const std::uint64_t comments_before = counter.comments();
    counter.take(bytes_of_stream);
    comments += counter.comments() - comments_before;
    bytes += bytes_of_stream.size();
    if (counter.events() == events_before) return;  // a heartbeat while nothing happens
    events += counter.events() - events_before;
    last = Clock::now();
    first = std::min(first, last);
  }

  // From the first event to the last; 0 without events.
  double seconds() const { return events == 0 ? 0 : std::chrono::duration<double>(last - first).count(); }
};

// Sends `request` again and again until `end`, and counts what comes.
asio::awaitable<void> stream_lane(Client& client, std::string request, Clock::time_point end, Watched& watched) {
  while (Clock::now() < end) {
    FrameCounter counter;
    ResponseReader::Sink sink = [&](std::string_view bytes) { watched.take(counter, bytes); };
    const Answer answer = co_await client.call(request, sink);
    if (answer.status >= 400) ++watched.errors;
  }
}

// One stream, until it ends.
asio::awaitable<void> watch(Client& client, std::string request, FrameCounter& counter, Watched& watched) {
  ResponseReader::Sink sink = [&](std::string_view bytes) { watched.take(counter, bytes); };
  const Answer answer = co_await client.call(request, sink);
  if (answer.status >= 400) ++watched.errors;
}

void measure_tokens(const Subject& subject, const std::string& name, const std::vector<std::string>& requests,
                    std::chrono::milliseconds duration, Measured& measured) {
  asio::io_context io(1);
  Lanes lanes(io);
  std::vector<std::unique_ptr<Client>> clients;
  Watched watched;
  const double before = subject.usage().processor_seconds;
  const Clock::time_point start = Clock::now();
  for (const std::string& request : requests) {
    clients.push_back(std::make_unique<Client>(io.get_executor(), subject.endpoint));
    lanes.start(stream_lane(*clients.back(), request, start + duration, watched));
  }
  lanes.run();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  measured.add(name + ".events_per_second", static_cast<double>(watched.events) / seconds, "1/s");
  measured.add(name + ".mb_per_second", static_cast<double>(watched.bytes) / 1e6 / seconds, "MB/s");
  if (subject.pid && watched.events > 0) {
    const double after = subject.usage().processor_seconds;
    measured.add(name + ".processor_us", 1e6 * (after - before) / static_cast<double>(watched.events), "us");
  }
  if (watched.errors > 0) measured.errors.push_back(name + ": " + std::to_string(watched.errors) + " streams refused");
}

// How many readers of one run got all of it. They were there when it began, so each must get what any of them got, and
// that is an event per token at least.
std::uint64_t count_complete(const std::vector<FrameCounter>& readers, std::uint64_t tokens, Measured& measured) {
  std::uint64_t wanted = tokens;
  for (const FrameCounter& reader : readers) wanted = std::max(wanted, reader.events());
  std::uint64_t complete = 0;
  std::uint64_t missing = 0;
  for (const FrameCounter& reader : readers) {
    if (reader.events() == wanted) ++complete;
    missing += wanted - reader.events();
  }
  if (missing > 0) {
    measured.errors.push_back("joined: " + std::to_string(readers.size() - complete) + " of " +
                              std::to_string(readers.size()) + " readers got less than the " + std::to_string(wanted) +
                              " events of the run, " + std::to_string(missing) + " events in all");
  }
  return complete;
}

std::string stream_path(const std::string& thread, const std::string& run) {
  return "/threads/" + thread + "/runs/" + run + "/stream";
}

}  // namespace

Measured token_streams(const Subject& subject, const Effort& effort) {
  Measured measured;
  const std::string body = chat_body(words(kTokens), "messages-tuple");
  std::vector<std::string> requests(kStreams, request_text(subject.endpoint, "POST", "/runs/stream", body));
  measure_tokens(subject, "tokens", requests, effort.duration, measured);
  for (std::string& request : requests) {
    const std::string thread = make_thread(subject.endpoint);
    request = request_text(subject.endpoint, "POST", "/threads/" + thread + "/runs/stream", body);
  }
  measure_tokens(subject, "tokens.durable", requests, effort.duration, measured);
  return measured;
}

Measured first_event(const Subject& subject, const Effort& effort) {
  constexpr int kRuns = 500;
  const std::string body = chat_body("one two", "messages-tuple");
  Measured measured;
  asio::io_context io(1);
  Client client(io.get_executor(), subject.endpoint);
  LoadResult stateless;
  LoadResult durable;
  auto measure = [&](const std::vector<std::string>& requests, LoadResult& result) -> asio::awaitable<void> {
    const Clock::time_point end = Clock::now() + effort.duration;
    for (std::size_t i = 0; i < requests.size() && Clock::now() < end; ++i) {
      const Clock::time_point begin = Clock::now();
      const Answer answer = co_await client.call(requests[i]);
      const bool is_warm_up = i <= requests.size() / 10;
      if (!is_warm_up || answer.status >= 400) result.note(answer, begin, answer.first_byte);
    }
  };
  const std::vector<std::string> requests(kRuns, request_text(subject.endpoint, "POST", "/runs/stream", body));
  std::vector<std::string> on_threads;
  for (int i = 0; i < kRuns; ++i) {
    const std::string path = "/threads/" + make_thread(subject.endpoint) + "/runs/stream";
    on_threads.push_back(request_text(subject.endpoint, "POST", path, body));
  }
  auto both = [&]() -> asio::awaitable<void> {
    co_await measure(requests, stateless);
    co_await measure(on_threads, durable);
  };
  Lanes lanes(io);
  lanes.start(both());
  lanes.run();
  measured.add_latency("first_event", stateless.latency);
  measured.add_latency("first_event.durable", durable.latency);
  stateless.tell_errors("first_event", measured);
  durable.tell_errors("first_event.durable", measured);
  return measured;
}

Measured joined_streams(const Subject& subject, const Effort& effort) {
  constexpr std::uint64_t kRunTokens = 1'000;
  Measured measured;
  const std::string thread = make_thread(subject.endpoint);
  // Late enough for all readers to be there when the run starts.
  std::string body = chat_body(words(kRunTokens), "messages-tuple");
  body.insert(body.size() - 1, R"(,"after_seconds":3,"stream_resumable":true)");
  const std::string run =
      text_member(call_once(subject.endpoint, "POST", "/threads/" + thread + "/runs", body).body, "run_id");
  asio::io_context io(1);
  Lanes lanes(io);
  std::vector<std::unique_ptr<Client>> clients;
  Watched watched;
  const std::string request =
      request_text(subject.endpoint, "GET", stream_path(thread, run) + "?stream_mode=messages-tuple", "");
  std::vector<FrameCounter> counters(effort.joined_streams);
  for (FrameCounter& counter : counters) {
    clients.push_back(std::make_unique<Client>(io.get_executor(), subject.endpoint));
    lanes.start(watch(*clients.back(), request, counter, watched));
  }
  const double before = subject.usage().processor_seconds;
  lanes.run();
  const std::uint64_t complete = count_complete(counters, kRunTokens, measured);
  measured.add("joined.readers", static_cast<double>(complete), "");
  measured.add("joined.deliveries", static_cast<double>(watched.events), "");
  if (watched.seconds() > 0) {
    measured.add("joined.deliveries_per_second", static_cast<double>(watched.events) / watched.seconds(), "1/s");
  }
  if (subject.pid && watched.events > 0) {
    const double after = subject.usage().processor_seconds;
    measured.add("joined.processor_us", 1e6 * (after - before) / static_cast<double>(watched.events), "us");
  }
  if (watched.errors > 0) measured.errors.push_back("joined: " + std::to_string(watched.errors) + " readers refused");
  return measured;
}

Measured idle_streams(const Subject& subject, const Effort& effort) {
  Measured measured;
  const std::string thread = make_thread(subject.endpoint);
  const std::string body = R"({"assistant_id":"delay","input":{"tag":"idle","ms":600000}})";
  const std::string run =
      text_member(call_once(subject.endpoint, "POST", "/threads/" + thread + "/runs", body).body, "run_id");
  const Usage empty = subject.usage();
  asio::io_context io(1);
  Lanes lanes(io);
  std::vector<std::unique_ptr<Client>> clients;
  Watched watched;
  const std::string request = request_text(subject.endpoint, "GET", stream_path(thread, run), "");
  std::vector<FrameCounter> counters(effort.idle_streams);
  for (std::size_t i = 0; i < counters.size(); ++i) {
    clients.push_back(std::make_unique<Client>(io.get_executor(), subject.endpoint, 1024));
    lanes.start(watch(*clients.back(), request, counters[i], watched));
    // A few at a time, so that the queue of the listening socket does not run over.
    if (i % 64 == 63) io.run_for(std::chrono::milliseconds(5));
  }
  io.run_for(kIdleWindow / 2);
  const Usage before = subject.usage();
  const std::uint64_t comments = watched.comments;
  const Clock::time_point start = Clock::now();
  io.run_for(kIdleWindow);
  const Usage after = subject.usage();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const auto open = static_cast<double>(lanes.running());
  measured.add("idle.open", open, "streams");
  measured.add("idle.heartbeats_per_second", static_cast<double>(watched.comments - comments) / seconds, "1/s");
  if (subject.pid && open > 0) {
    measured.add("idle.kb_each", (after.resident_mb - empty.resident_mb) * 1000 / open, "KB");
    measured.add("idle.core_percent", 100 * (after.processor_seconds - before.processor_seconds) / seconds, "%");
  }
  if (watched.errors > 0) measured.errors.push_back("idle: " + std::to_string(watched.errors) + " streams refused");
  call_once(subject.endpoint, "POST", "/threads/" + thread + "/runs/" + run + "/cancel?wait=0", "");
  lanes.run();
  return measured;
}

}  // namespace heddle::load
