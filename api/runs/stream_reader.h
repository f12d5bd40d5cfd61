#pragma once
// One reader of a run's stream: live frames, and the stored log where they are no longer in memory.

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/http/message.h"
#include "api/runs/active_run.h"
#include "api/runs/run_stream.h"
#include "api/settings.h"
#include "graphs/registry.h"
#include "runtime/compiled_graph.h"
#include "storage/storage.h"

namespace heddle::api {

// What a client wants to read.
struct StreamWish {
  // Id of the first event wanted. One behind all that there are is unknown and brings everything (http-api.md 9.7).
  std::uint64_t first = 0;
  std::optional<StreamModes> modes;     // only these; none: all that the run produces
  std::vector<std::string> namespaces;  // only events of these, word for word; empty: all
  // For a stream that this one is a part of: how its ids are written there. Then no `end` event is sent.
  std::function<std::string(std::uint64_t id)> id_text;
};

// Where the reading comes from.
struct StreamSource {
  std::shared_ptr<const StreamShape> shape;
  std::shared_ptr<RunStream> live;                      // null when the run has ended and left memory
  std::shared_ptr<const runtime::CompiledGraph> graph;  // of the stored values; may be null
  bool is_stored = true;                                // whether there is a log to fall back on
};

// Of a run in flight, and of one that has ended and left memory.
StreamSource live_source(const ActiveRun& run, const graphs::Registry& graphs);
StreamSource stored_source(const storage::Run& record, const graphs::Registry& graphs, const ServerSettings& settings);

// Sends frames until the run has ended, with heartbeats in between. Belongs to the I/O thread; `storage` and `settings`
// outlive it. Cancellable.
boost::asio::awaitable<void> send_stream(StreamSource source, StreamWish wish, storage::Storage& storage,
                                         const ServerSettings& settings, BodyWriter& writer);

// `Last-Event-ID` to the id of the first event wanted (http-api.md 9.7).
std::uint64_t first_wanted(const Headers& headers);

}  // namespace heddle::api
