#include "bench/load/model_workload.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/load/frame_counter.h"
#include "bench/load/lanes.h"
#include "bench/load/load_loop.h"
#include "bench/load/server_process.h"
#include "bench/load/slow_model.h"
#include "bench/load/workload.h"

namespace heddle::load {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kStreams = 200;
constexpr std::chrono::seconds kBegin{3};   // until all of them stream
constexpr std::chrono::seconds kWindow{5};  // an answer takes ten seconds, see slow_model.h

asio::awaitable<void> watch(Client& client, std::string request, FrameCounter& counter, std::size_t& refused) {
  ResponseReader::Sink sink = [&](std::string_view bytes) { counter.take(bytes); };
  const Answer answer = co_await client.call(request, sink);
  if (answer.status >= 400) ++refused;
}

std::vector<std::uint64_t> events_of(const std::vector<FrameCounter>& counters) {
  std::vector<std::uint64_t> events;
  for (const FrameCounter& counter : counters) events.push_back(counter.events());
  return events;
}

}  // namespace

Measured measure_slow_models(const std::filesystem::path& server, const std::filesystem::path& folder) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  std::filesystem::create_directories(folder / "model");
  const ServerProcess model({self, "slow-model", "--port", "{port}"}, folder / "model", "/");
  const std::string settings = (folder / "langgraph.json").string();
  std::ofstream(settings) << R"({"graphs":{"agent":"builtin:agent"}})";
  const std::string address = "http://127.0.0.1:" + std::to_string(model.endpoint().port) + "/v1";
  const ServerProcess heddle(
      {"env", "OPENAI_BASE_URL=" + address, "OPENAI_API_KEY=none", server.string(), "serve", "--config", settings,
       "--host", "127.0.0.1", "--port", "{port}", "--db", "{folder}/heddle.db", "--log-level", "warning"},
      folder);
  const std::string body =
      R"({"assistant_id":"agent","stream_mode":"messages-tuple","input":{"messages":[{"type":"human","content":"x"}]}})";
  // Code that has run once stays, and so does a thread that somebody needed.
  call_once(heddle.endpoint(), "POST", "/runs/stream", body);

  const Usage idle = heddle.usage();
  asio::io_context io(1);
  Lanes lanes(io);
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<FrameCounter> counters(kStreams);
  std::size_t refused = 0;
  const std::string request = request_text(heddle.endpoint(), "POST", "/runs/stream", body);
  for (FrameCounter& counter : counters) {
    clients.push_back(std::make_unique<Client>(io.get_executor(), heddle.endpoint()));
    lanes.start(watch(*clients.back(), request, counter, refused));
  }
  io.run_for(kBegin);
  const Usage before = heddle.usage();
  const std::vector<std::uint64_t> events_before = events_of(counters);
  const Clock::time_point start = Clock::now();
  io.run_for(kWindow);
  const Usage after = heddle.usage();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const double processor = after.processor_seconds - before.processor_seconds;
  double streams = 0;  // a run that only waits for its turn is none
  double events = 0;
  for (std::size_t i = 0; i < kStreams; ++i) {
    const std::uint64_t came = counters[i].events() - events_before[i];
    if (came > 0) ++streams;
    events += static_cast<double>(came);
  }

  Measured measured;
  measured.add("models.streams", streams, "streams");
  measured.add("models.events_per_second", events / seconds, "1/s");
  measured.add("models.core_percent", 100 * processor / seconds, "%");
  measured.add("models.machine_percent", 100 * processor / seconds / std::thread::hardware_concurrency(), "%");
  measured.add("models.threads_added", static_cast<double>(after.threads) - static_cast<double>(idle.threads), "");
  measured.add("models.kb_each", (after.resident_mb - idle.resident_mb) * 1000 / kStreams, "KB");
  lanes.run();
  const auto is_short = [](const FrameCounter& counter) { return counter.events() < SlowModel{}.tokens; };
  const auto cut = std::ranges::count_if(counters, is_short);
  if (refused > 0) measured.errors.push_back("models: " + std::to_string(refused) + " streams refused");
  if (cut > 0) measured.errors.push_back("models: " + std::to_string(cut) + " streams with less than all tokens");
  return measured;
}

}  // namespace heddle::load
