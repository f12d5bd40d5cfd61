#include "api/runs/run_stream.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace heddle::api {
namespace {

// Facts share their values with the run, so their size is not known; a run without readers renders (and then
// drops) the oldest beyond this many.
constexpr std::size_t kUnrenderedMax = 4096;

bool asks(const Fact& fact) {
  const auto* event = std::get_if<runtime::RunEvent>(&fact.what);
  return event != nullptr && std::holds_alternative<runtime::InterruptFact>(*event);
}

}  // namespace

RunStream::RunStream(std::shared_ptr<const StreamShape> shape, std::size_t bytes_max, std::shared_ptr<RunLog> log)
    : shape_(shape), bytes_max_(bytes_max), log_(std::move(log)), renderer_(std::move(shape)) {
  if (log_) log_->on_stored([this](std::int64_t facts) { note_stored(facts); });
}

RunStream::~RunStream() {
  if (log_) log_->on_stored(nullptr);
}

void RunStream::publish(std::vector<Fact> facts) {
  if (log_) log_->append(facts);
  take(std::move(facts));
}

void RunStream::publish_stored_later(std::vector<Fact> facts) {
  if (log_) log_->append_later(facts);
  take(std::move(facts));
}

void RunStream::publish_with(std::vector<Fact> facts, RunLog::Work work, RunLog::Done done) {
  log_->append_with(facts, std::move(work), std::move(done));
  take(std::move(facts));
}

void RunStream::take(std::vector<Fact> facts) {
  has_asked_ = has_asked_ || std::ranges::any_of(facts, asks);
  if (unrendered() == 0) {
    facts_ = std::move(facts);
    next_fact_ = 0;
  } else {
    // Not each time, or a slow reader would make every fact move all that wait.
    if (next_fact_ > facts_.size() / 2) {
      // Not erase(), which assigns: JSON that has memory of its own is copied by that.
      const auto first = facts_.begin() + static_cast<std::ptrdiff_t>(std::exchange(next_fact_, 0));
      facts_ = std::vector<Fact>(std::make_move_iterator(first), std::make_move_iterator(facts_.end()));
    }
    std::ranges::move(facts, std::back_inserter(facts_));
  }
  while (unrendered() > kUnrenderedMax) render_until(renderer_.next_id());
  wake_readers();
}

void RunStream::continue_after(std::int64_t facts, std::uint64_t first_frame) {
  oldest_kept_ = first_frame;
  stored_end_ = first_frame;
  facts_stored_ = facts;
  facts_rendered_ = facts;
  if (log_) log_->continue_after(facts);
}

void RunStream::end() {
  ended_ = true;
  wake_readers();
}

void RunStream::note_stored(std::int64_t facts) {
  for (; facts_stored_ < facts; ++facts_stored_) {
    // One that nobody has wanted to see yet counts when it is rendered.
    if (unstored_ends_.empty()) continue;
    stored_end_ = unstored_ends_.front();
    unstored_ends_.pop_front();
  }
  wake_readers();
}

bool RunStream::is_too_far_ahead(std::uint64_t id) const {
  // A run that has ended is stored, or its log has failed: nobody is to wait for more.
  return log_ && !ended_ && id >= stored_end_ + kUnstoredFramesMax;
}

void RunStream::wake_readers() {
  waiting_.clear_and_dispose([](Waiter* waiter) { waiter->timer_.cancel(); });
}

RunStream::Waiter::Waiter(RunStream& stream, boost::asio::steady_timer& timer) : timer_(timer) {
  stream.waiting_.push_back(*this);
}

// Renders facts until there is a frame with an id of at least `wanted`, or none are left.
void RunStream::render_until(std::uint64_t wanted) {
  std::vector<FramePointer> made;
  while (unrendered() > 0 && renderer_.next_id() <= wanted) {
    made.clear();
    renderer_.render(facts_[next_fact_], made);
    facts_[next_fact_++] = Fact();
    if (log_ && facts_rendered_ >= facts_stored_) {
      unstored_ends_.push_back(renderer_.next_id());
    } else {
      stored_end_ = renderer_.next_id();
    }
    ++facts_rendered_;
    for (FramePointer& frame : made) {
      frame_bytes_ += frame->bytes.size();
      frames_.push_back(std::move(frame));
    }
    while (frame_bytes_ > bytes_max_ && frames_.size() > 1) {
      frame_bytes_ -= frames_.front()->bytes.size();
      oldest_kept_ = frames_.front()->id + 1;
      frames_.pop_front();
    }
  }
  if (unrendered() > 0) return;
  facts_ = std::vector<Fact>();  // `{}` would keep the memory
  next_fact_ = 0;
}

std::uint64_t RunStream::published() {
  while (unrendered() > 0) render_until(renderer_.next_id());
  return std::max(renderer_.next_id(), oldest_kept_);
}

const FramePointer* RunStream::find(std::uint64_t wanted) const {
  if (frames_.empty()) return nullptr;
  // Ids count on without a gap but where an attempt began, so a frame mostly stands where its id says.
  const std::uint64_t first = frames_.front()->id;
  const std::uint64_t place = wanted > first ? wanted - first : 0;
  if (place < frames_.size() && frames_[place]->id == wanted) return &frames_[place];
  const auto found = std::lower_bound(frames_.begin(), frames_.end(), wanted,
                                      [](const FramePointer& frame, std::uint64_t id) { return frame->id < id; });
  return found == frames_.end() ? nullptr : &*found;
}

RunStream::Reading RunStream::read(std::uint64_t wanted) {
  if (is_too_far_ahead(wanted)) return Waiting{};
  render_until(wanted);
  if (wanted < oldest_kept_) return Dropped{oldest_kept_};
  if (const FramePointer* found = find(wanted)) return *found;
  if (ended_) return Ended{};
  return Waiting{};
}

}  // namespace heddle::api
