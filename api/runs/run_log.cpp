#include "api/runs/run_log.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "runtime/state_api.h"
#include "runtime/stored_saver.h"

namespace heddle::api {
namespace asio = boost::asio;

RunLog::RunLog(asio::any_io_executor executor, storage::Storage& storage, storage::ThreadId thread_id,
               storage::RunId run_id, bool values_are_stored)
    : executor_(executor),
      storage_(storage),
      thread_id_(thread_id),
      run_id_(run_id),
      encoder_(values_are_stored),
      written_(executor, asio::steady_timer::time_point::max()) {}

void RunLog::continue_after(std::int64_t facts) {
  next_fact_ = facts;
  gathered_first_ = facts;
}

void RunLog::append(const std::vector<Fact>& facts) {
  for (const Fact& fact : facts) encoder_.encode(fact, gathered_);
  next_fact_ += static_cast<std::int64_t>(facts.size());
  if (!writing_) write_gathered();
}

void RunLog::write_gathered() {
  if (gathered_.empty() || error_) return;
  writing_ = true;
  auto segment = std::make_shared<storage::EventSegment>();
  segment->first_fact = gathered_first_;
  segment->facts = std::move(gathered_);
  gathered_.clear();
  gathered_first_ = next_fact_;
  auto work = [segment, thread_id = thread_id_, run_id = run_id_](storage::Transaction& transaction) {
    transaction.events().append(thread_id, run_id, *segment);
  };
  auto done = [self = shared_from_this(), facts = next_fact_](std::exception_ptr error) {
    asio::post(self->executor_, [self, facts, error] {
      self->writing_ = false;
      if (error && !self->error_) self->error_ = error;
      if (!error && self->stored_) self->stored_(facts);
      self->write_gathered();
      self->written_.cancel();
    });
  };
  storage_.submit(std::move(work), std::move(done));
}

asio::awaitable<void> RunLog::flush() {
  while (writing_ || (!gathered_.empty() && !error_)) {
    co_await written_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (error_) std::rethrow_exception(error_);
}

RunLogReader::RunLogReader(asio::any_io_executor executor, storage::Storage& storage, storage::ThreadId thread_id,
                           storage::RunId run_id, std::shared_ptr<const runtime::CompiledGraph> graph)
    : storage_(storage),
      thread_id_(thread_id),
      run_id_(run_id),
      graph_(std::move(graph)),
      saver_(std::make_unique<runtime::StoredSaver>(storage, thread_id, std::move(executor))) {}

RunLogReader::~RunLogReader() = default;

asio::awaitable<std::vector<Fact>> RunLogReader::next() {
  auto read = [thread_id = thread_id_, run_id = run_id_, first = next_segment_](const storage::Snapshot& snapshot) {
    return snapshot.events().read(thread_id, run_id, first, 16);
  };
  const std::vector<storage::EventSegment> segments = co_await storage_.read(std::move(read));
  std::vector<Fact> facts;
  for (const storage::EventSegment& segment : segments) {
    if (segment.first_fact < next_segment_) continue;  // holds facts that were read already
    next_segment_ = segment.first_fact + 1;
    std::string_view rest = segment.facts;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      std::optional<Fact> fact = decoder_.decode(line);
      if (!fact) continue;
      if (decoder_.stored_values() && graph_) {
        runtime::CheckpointAddress address;
        address.checkpoint_ns = decoder_.stored_values()->checkpoint_ns;
        address.id = decoder_.stored_values()->id;
        runtime::StateSnapshot snapshot =
            co_await runtime::get_state(*graph_, *saver_, std::move(address), runtime::Subgraphs::as_pointer);
        auto& event = std::get<runtime::RunEvent>(fact->what);
        if (auto* values = std::get_if<runtime::ValuesFact>(&event)) values->values = std::move(snapshot.values);
        if (auto* made = std::get_if<runtime::CheckpointFact>(&event)) made->values = std::move(snapshot.values);
      }
      facts.push_back(std::move(*fact));
    }
  }
  co_return facts;
}

}  // namespace heddle::api
