#include "api/runs/run_log.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "runtime/state_api.h"
#include "runtime/stored_saver.h"
#include "storage/error.h"

namespace heddle::api {
namespace asio = boost::asio;
namespace {

// A reader holds what it has read while its client takes nothing, so neither what is stored together nor what is
// decoded together is large: decoded facts take several times their bytes. One large fact is read in one piece.
constexpr std::size_t kSegmentBytes = std::size_t{64} << 10;
constexpr std::size_t kPortionBytes = std::size_t{64} << 10;
constexpr std::int64_t kSegmentsRead = 8;

[[noreturn]] void refuse_after_failure() {
  throw storage::StorageError("an earlier part of the run's log could not be stored");
}

}  // namespace

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
}

void RunLog::append(const std::vector<Fact>& facts) {
  gather(facts);
  write_if_idle();
}

void RunLog::append_with(const std::vector<Fact>& facts, Work work, Done done) {
  gather(facts);
  if (error_) {
    done(error_);
    return;
  }
  write_gathered(std::move(work), std::move(done));
}

RunLog::Work RunLog::behind(Work work) {
  if (!error_ && !gathered_.empty()) write_gathered(nullptr, nullptr);
  return [failed = failed_, work = std::move(work)](storage::Transaction& transaction) {
    if (*failed) refuse_after_failure();
    work(transaction);
  };
}

void RunLog::gather(const std::vector<Fact>& facts) {
  for (const Fact& fact : facts) {
    if (gathered_.empty() || gathered_.back().facts.size() >= kSegmentBytes) {
      gathered_.emplace_back().first_fact = next_fact_;
    }
    encoder_.encode(fact, gathered_.back().facts);
    ++next_fact_;
  }
}

void RunLog::write_if_idle() {
  if (writing_ == 0 && !error_ && !gathered_.empty()) write_gathered(nullptr, nullptr);
}

void RunLog::write_gathered(Work work, Done done) {
  auto segments = std::make_shared<std::vector<storage::EventSegment>>(std::exchange(gathered_, {}));
  ++writing_;
  // One on its way can fail after this one was handed in.
  auto all = [segments, failed = failed_, thread_id = thread_id_, run_id = run_id_,
              work = std::move(work)](storage::Transaction& transaction) {
    if (*failed) refuse_after_failure();
    // It was created while its thread or assistant was being deleted, and is about to be stopped.
    if (!transaction.runs().exists(run_id)) return;
    for (const storage::EventSegment& segment : *segments) transaction.events().append(thread_id, run_id, segment);
    if (work) work(transaction);
  };
  auto answer = [self = shared_from_this(), failed = failed_, facts = next_fact_,
                 done = std::move(done)](std::exception_ptr error) {
    if (error) *failed = true;
    if (done) done(error);
    asio::post(self->executor_, [self, facts, error] { self->written(facts, error); });
  };
  storage_.submit(std::move(all), std::move(answer));
}

void RunLog::written(std::int64_t facts, const std::exception_ptr& error) {
  --writing_;
  if (error && !error_) error_ = error;
  if (!error && stored_) stored_(facts);
  write_if_idle();
  written_.cancel();
}

asio::awaitable<void> RunLog::flush() {
  write_if_idle();
  while (writing_ > 0 || (!gathered_.empty() && !error_)) {
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
      saver_(std::make_unique<runtime::StoredSaver>(storage, thread_id, std::move(executor),
                                                    runtime::Unpacking::on_use)) {}

RunLogReader::~RunLogReader() = default;

asio::awaitable<void> RunLogReader::read_segments() {
  auto read = [thread_id = thread_id_, run_id = run_id_, first = next_segment_](const storage::Snapshot& snapshot) {
    return snapshot.events().read(thread_id, run_id, first, kSegmentsRead);
  };
  std::vector<storage::EventSegment> segments = co_await storage_.read(std::move(read));
  for (storage::EventSegment& segment : segments) {
    if (segment.first_fact < next_segment_) continue;  // holds facts that were read already
    next_segment_ = segment.first_fact + 1;
    if (!segment.facts.empty()) unread_.push_back(std::move(segment));
  }
}

// `bytes` grows by those of the line.
std::optional<Fact> RunLogReader::decode_next(std::size_t& bytes) {
  const std::string_view rest = std::string_view(unread_.front().facts).substr(decoded_);
  const std::string_view line = rest.substr(0, rest.find('\n'));
  std::optional<Fact> fact = decoder_.decode(line);
  const std::size_t taken = std::min(line.size() + 1, rest.size());
  bytes += taken;
  decoded_ += taken;
  if (decoded_ == unread_.front().facts.size()) {
    unread_.pop_front();
    decoded_ = 0;
  }
  return fact;
}

asio::awaitable<std::vector<Fact>> RunLogReader::next() {
  std::vector<Fact> facts;
  std::size_t bytes = 0;
  if (unread_.empty()) co_await read_segments();
  while (!unread_.empty() && bytes < kPortionBytes) {
    std::optional<Fact> fact = decode_next(bytes);
    if (fact && decoder_.stored_values() && graph_) {
      runtime::CheckpointAddress address;
      address.checkpoint_ns = decoder_.stored_values()->checkpoint_ns;
      address.id = decoder_.stored_values()->id;
      runtime::StateSnapshot snapshot =
          co_await runtime::get_state(*graph_, *saver_, std::move(address), runtime::Subgraphs::as_pointer);
      auto& event = std::get<runtime::RunEvent>(fact->what);
      if (auto* values = std::get_if<runtime::ValuesFact>(&event)) values->values = std::move(snapshot.values);
      if (auto* made = std::get_if<runtime::CheckpointFact>(&event)) made->values = std::move(snapshot.values);
    }
    if (fact) facts.push_back(*std::move(fact));
    const bool is_at_end = unread_.empty() || bytes >= kPortionBytes;
    if (!is_at_end || !facts.empty()) continue;
    // Nothing but lines that are no facts: an empty answer would be the end.
    bytes = 0;
    if (unread_.empty()) co_await read_segments();
  }
  co_return facts;
}

}  // namespace heddle::api
