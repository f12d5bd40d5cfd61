#pragma once
// The events of one run in flight (or just ended), for those who watch it.
//
// The worker publishes facts; any number of readers follow, each at its own pace. Frames are rendered once, when
// the first reader wants them. Reading live and reading again after a reconnect are one operation, so
// where the two meet an event can be neither lost nor sent twice. A run never waits for a reader: the oldest frames
// leave memory, and a reader that wants one of them is sent to the stored log.

#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <variant>
#include <vector>

#include "api/runs/fact.h"
#include "api/runs/frame_renderer.h"
#include "api/runs/run_log.h"

namespace heddle::api {

// Belongs to the I/O thread. Shared by the worker and the readers.
class RunStream {
 public:
  // `bytes_max`: of rendered frames to keep; the newest stays whatever its size. `log`: where facts are
  // stored; null for a run that is stored nowhere.
  RunStream(std::shared_ptr<const StreamShape> shape, std::size_t bytes_max, std::shared_ptr<RunLog> log);
  ~RunStream();
  RunStream(const RunStream&) = delete;
  RunStream& operator=(const RunStream&) = delete;

  void publish(std::vector<Fact> facts);
  // The same, but stored only with what is published next, or when the log is flushed.
  void publish_stored_later(std::vector<Fact> facts);
  // The same, and `work` is done in the transaction that stores these facts and those before them. `done` as in
  // Storage::submit. Only for a run with a log.
  void publish_with(std::vector<Fact> facts, RunLog::Work work, RunLog::Done done);
  // For a run that is taken up after a restart: `facts` of it are stored already, frames below `first_frame` are
  // found there. Called before anything is published.
  void continue_after(std::int64_t facts, std::uint64_t first_frame);
  // No more facts come.
  void end();
  bool ended() const { return ended_; }
  // Whether an interrupt was published since this process took the run up. Its end is near, unless other tasks of the
  // same step go on.
  bool has_asked() const { return has_asked_; }

  struct Waiting {};  // nothing yet
  struct Dropped {
    std::uint64_t oldest = 0;
  };  // no longer in memory; `oldest` is the first that is
  struct Ended {};  // the run is over and has no such event
  using Reading = std::variant<FramePointer, Waiting, Dropped, Ended>;

  // The first frame with an id of at least `wanted`. A frame too far ahead of the stored log (kUnstoredFramesMax) is
  // still to be waited for.
  Reading read(std::uint64_t wanted);

  // The id behind the last event so far. Renders what is not rendered yet.
  std::uint64_t published();

  // Cancels `timer` when there is more to read, once, for as long as it lives. Neither stream nor timer may go before
  // it.
  class Waiter : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   public:
    Waiter(RunStream& stream, boost::asio::steady_timer& timer);
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

   private:
    friend class RunStream;
    boost::asio::steady_timer& timer_;
  };

  const std::shared_ptr<const StreamShape>& shape() const { return shape_; }
  const std::shared_ptr<RunLog>& log() const { return log_; }

 private:
  void take(std::vector<Fact> facts);
  std::size_t unrendered() const { return facts_.size() - next_fact_; }
  void render_until(std::uint64_t wanted);
  void note_stored(std::int64_t facts);
  // The first frame in memory with an id of at least `wanted`; null pointer: there is none yet.
  const FramePointer* find(std::uint64_t wanted) const;
  bool is_too_far_ahead(std::uint64_t id) const;
  void wake_readers();

  std::shared_ptr<const StreamShape> shape_;
  std::size_t bytes_max_;
  std::shared_ptr<RunLog> log_;
  std::vector<Fact> facts_;
  std::size_t next_fact_ = 0;  // those before it are rendered, and nothing is left of them
  FrameRenderer renderer_;
  std::deque<FramePointer> frames_;  // by id, oldest first
  std::size_t frame_bytes_ = 0;
  std::uint64_t oldest_kept_ = 0;  // ids below it are no longer in memory
  std::int64_t facts_stored_ = 0;
  std::int64_t facts_rendered_ = 0;
  std::deque<std::uint64_t> unstored_ends_;  // per fact rendered but not stored: the id behind its frames
  std::uint64_t stored_end_ = 0;             // the id behind the last frame that is stored
  bool ended_ = false;
  bool has_asked_ = false;
  // Linked through themselves: thousands may read one run, and each leaves and comes back for every heartbeat.
  boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> waiting_;
};

}  // namespace heddle::api
