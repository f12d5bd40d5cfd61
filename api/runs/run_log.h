#pragma once
// The stored log of one run: facts go to the database in segments, in order.

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/runs/fact.h"
#include "api/runs/fact_codec.h"
#include "graphs/registry.h"
#include "runtime/checkpoint_saver.h"
#include "runtime/compiled_graph.h"
#include "storage/storage.h"

namespace heddle::api {

// How many frames may be sent ahead of what is stored (RunStream holds readers back there). After a crash an attempt
// numbers its frames from so far behind the last stored one, so that an id that a client saw is never given again.
// 4,096: a fast run is ahead by what it makes during one commit, which is less.
inline constexpr std::uint64_t kUnstoredFramesMax = 4096;

// Writes. Belongs to `executor`. While something is being committed, further facts gather for the next segment, so a
// fast run costs few commits and a slow one is stored at once. Of a run that was deleted nothing is stored any more,
// also not what was to be stored with its facts; that is no failure.
class RunLog : public std::enable_shared_from_this<RunLog> {
 public:
  using Work = std::function<void(storage::Transaction&)>;
  using Done = std::function<void(std::exception_ptr)>;

  RunLog(boost::asio::any_io_executor executor, storage::Storage& storage, storage::ThreadId thread_id,
         storage::RunId run_id, bool values_are_stored);

  // `facts` of the run are stored already. Called before anything is appended.
  void continue_after(std::int64_t facts);

  void append(const std::vector<Fact>& facts);
  // Leaves them for whatever is written next: for what nobody needs by itself.
  void append_later(const std::vector<Fact>& facts) { gather(facts); }
  // The same, and then `work`: both, with what has gathered, in one transaction, all or nothing. `done` as in
  // Storage::submit. Once something could not be stored, nothing later is.
  void append_with(const std::vector<Fact>& facts, Work work, Done done);
  // Hands in what has gathered, and returns `work` as one that goes behind all that was appended: handed to the same
  // storage at once, it is done if all of that could be stored, and throws StorageError otherwise. Spares whoever goes
  // on from the log to wait for it.
  Work behind(Work work);
  // Whether it is known that something could not be stored. flush() throws it.
  bool has_failed() const { return error_ != nullptr; }
  // Calls `stored` on the executor after each write, with the number of facts of the run that are durable. Null ends
  // it.
  void on_stored(std::function<void(std::int64_t facts)> stored) { stored_ = std::move(stored); }
  // Hands in what has gathered, and returns when everything appended so far is durable; throws what storing threw.
  boost::asio::awaitable<void> flush();

 private:
  void gather(const std::vector<Fact>& facts);
  // What has gathered goes out, unless something is on its way: then it goes behind that.
  void write_if_idle();
  void write_gathered(Work work, Done done);
  void written(std::int64_t facts, const std::exception_ptr& error);

  boost::asio::any_io_executor executor_;
  storage::Storage& storage_;
  storage::ThreadId thread_id_;
  storage::RunId run_id_;
  FactEncoder encoder_;
  std::int64_t next_fact_ = 0;
  std::vector<storage::EventSegment> gathered_;  // in order
  std::size_t writing_ = 0;                      // writes on their way
  std::exception_ptr error_;
  // Set on the writer's thread, so that works behind a failed one are not done.
  std::shared_ptr<std::atomic<bool>> failed_ = std::make_shared<std::atomic<bool>>(false);
  std::function<void(std::int64_t facts)> stored_;
  boost::asio::steady_timer written_;  // never expires; cancelled after each write
};

// Reads a stored log from its beginning, with the values that it points at.
class RunLogReader {
 public:
  // `graph` may be null when the graph is no longer served; then values that were not stored with the log are empty.
  // Belongs to `executor`.
  RunLogReader(boost::asio::any_io_executor executor, storage::Storage& storage, storage::ThreadId thread_id,
               storage::RunId run_id, std::shared_ptr<const runtime::CompiledGraph> graph);
  ~RunLogReader();

  // The next facts, so few that whoever reads slowly holds little; empty at the end of what is stored.
  boost::asio::awaitable<std::vector<Fact>> next();

 private:
  boost::asio::awaitable<void> read_segments();
  // A line of what was read; nothing at its end.
  std::optional<Fact> decode_next(std::size_t& bytes);

  storage::Storage& storage_;
  storage::ThreadId thread_id_;
  storage::RunId run_id_;
  std::shared_ptr<const runtime::CompiledGraph> graph_;
  std::unique_ptr<runtime::CheckpointSaver> saver_;
  FactDecoder decoder_;
  std::int64_t next_segment_ = 0;
  std::deque<storage::EventSegment> unread_;
  std::size_t decoded_ = 0;  // bytes of the first of them
};

}  // namespace heddle::api
