#pragma once
// Facts to frames: what the clients of one run's stream get to read (streaming.md 2 and 3).

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/runs/fact.h"
#include "api/runs/stream_modes.h"
#include "api/settings.h"
#include "runtime/message.h"
#include "runtime/run_config.h"
#include "storage/ids.h"

namespace heddle::api {

// One event of a stream, ready to be sent: `bytes` is the whole event (http-api.md 10.1).
struct Frame {
  std::uint64_t id = 0;
  std::optional<StreamMode> mode;  // none: sent whatever modes are asked for (metadata, error)
  std::string checkpoint_ns;       // of the graph that it is about; empty for the root
  std::string bytes;
};
using FramePointer = std::shared_ptr<const Frame>;

// What of a run its frames depend on. Immutable; the same for the live stream and for every replay, so that
// a replayed frame has the same id and bytes.
struct StreamShape {
  storage::RunId run_id;
  storage::ThreadId thread_id;
  StreamModes modes;
  bool subgraphs = false;
  std::string graph_id;
  std::string assistant_id;
  boost::json::object metadata;  // of the run, without its ids
  std::vector<std::string> tags;
  std::int64_t recursion_limit = 25;
  Compat compat = Compat::js;
};

// Renders the facts of one run in order; keeps what the old `messages` mode has sent so far.
class FrameRenderer {
 public:
  explicit FrameRenderer(std::shared_ptr<const StreamShape> shape);

  // Appends the frames of the next fact.
  void render(const Fact& fact, std::vector<FramePointer>& frames);
  std::uint64_t next_id() const { return next_id_; }

 private:
  // A frame whose data, about `data_bytes` of JSON, is still to be printed.
  std::shared_ptr<Frame> begin(std::optional<StreamMode> mode, std::string_view event, const std::string& checkpoint_ns,
                               std::size_t data_bytes);
  void add(std::optional<StreamMode> mode, std::string_view event, const std::string& checkpoint_ns,
           const std::string& data, std::vector<FramePointer>& frames);
  void render_event(const runtime::RunEvent& event, std::vector<FramePointer>& frames);
  void values(const runtime::ValuesFact& fact, std::vector<FramePointer>& frames);
  void completed_messages(const runtime::State& values, std::vector<FramePointer>& frames);
  void message(const runtime::MessageFact& fact, std::vector<FramePointer>& frames);
  void checkpoint(const runtime::CheckpointFact& fact, std::vector<FramePointer>& frames);
  void task_start(const runtime::TaskStartFact& fact, std::vector<FramePointer>& frames);
  void task_end(const runtime::TaskEndFact& fact, std::vector<FramePointer>& frames);
  const std::string& metadata_text(const std::shared_ptr<const boost::json::object>& metadata);
  boost::json::object task_metadata() const;
  std::string config_of(const std::string& checkpoint_ns, const storage::CheckpointId& id,
                        const boost::json::value& enclosing) const;
  std::string debug(std::int64_t step, std::string_view type, storage::Timestamp time,
                    const std::string& payload) const;

  std::shared_ptr<const StreamShape> shape_;
  std::uint64_t next_id_ = 0;
  std::int64_t attempt_ = 1;
  storage::Timestamp time_;  // of the fact that is being rendered
  // The metadata that all pieces of a call share, printed once.
  std::shared_ptr<const boost::json::object> printed_metadata_;
  std::string printed_metadata_text_;
  // Of the old `messages` mode:
  std::unordered_map<std::string, runtime::Message> partial_;
  std::set<std::string> completed_;
};

}  // namespace heddle::api
