// Threads that grow.

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/load_loop.h"
#include "bench/load/workload.h"

namespace heddle::load {
namespace {

constexpr std::size_t kTextBytes = 200;  // of a turn, about that of a chat
constexpr int kRepeats = 15;

double median_ms(std::vector<std::chrono::nanoseconds> times) {
  std::ranges::sort(times);
  return static_cast<double>(times[times.size() / 2].count()) / 1e6;
}

// One conversation, turn after turn on one connection.
class Conversation {
 public:
  explicit Conversation(const Endpoint& endpoint) : connection_(endpoint), thread_(make_thread(endpoint)) {
    const std::string body = chat_body(std::string(kTextBytes, 'x'), "updates");
    turn_ = request_text(endpoint, "POST", path("/runs/stream"), body);
  }

  std::string path(const std::string& rest) const { return "/threads/" + thread_ + rest; }

  // Runs until there are `turns` of them, or `patience` is over; the median of the last ones in milliseconds, 0 without
  // any.
  double go_to(std::size_t turns, Clock::time_point patience) {
    for (; turns_ < turns && Clock::now() < patience; ++turns_) {
      recent_.push_back(once(turn_).first);
      if (recent_.size() > kRecent) recent_.pop_front();
    }
    return recent_.empty() ? 0 : median_ms({recent_.begin(), recent_.end()});
  }

  // The time of one request, and the bytes of its answer.
  std::pair<std::chrono::nanoseconds, std::size_t> once(const std::string& request) {
    const Clock::time_point begin = Clock::now();
    const std::size_t bytes = connection_.count(request);
    return {Clock::now() - begin, bytes};
  }

  std::size_t turns() const { return turns_; }

 private:
  static constexpr std::size_t kRecent = 50;

  Connection connection_;
  std::string thread_;
  std::string turn_;
  std::size_t turns_ = 0;
  std::deque<std::chrono::nanoseconds> recent_;  // times of the last turns
};

struct Repeated {
  double first_ms = 0;
  double median_ms = 0;
  double megabytes = 0;  // of an answer
};
Repeated repeat(Conversation& conversation, const std::string& request) {
  std::vector<std::chrono::nanoseconds> times;
  std::size_t bytes = 0;
  for (int i = 0; i < kRepeats; ++i) {
    const auto [time, size] = conversation.once(request);
    times.push_back(time);
    bytes = size;
  }
  const double first_ms = median_ms({times.front()});
  return {first_ms, median_ms(std::move(times)), static_cast<double>(bytes) / 1e6};
}

}  // namespace

Measured long_thread(const Subject& subject, const Effort& effort) {
  // A server that becomes slow with the length of a thread is not waited for longer.
  const Clock::time_point patience = Clock::now() + std::chrono::minutes(3);
  Measured measured;
  Conversation conversation(subject.endpoint);
  const double early = conversation.go_to(100, patience);
  measured.add("long_thread.turn_100_ms", early, "ms");
  const double late = conversation.go_to(effort.turns, patience);
  measured.add("long_thread.turns", static_cast<double>(conversation.turns()), "turns");
  measured.add("long_thread.last_turn_ms", late, "ms");
  if (early > 0) measured.add("long_thread.last_turn_ratio", late / early, "");
  const std::string state = request_text(subject.endpoint, "GET", conversation.path("/state"), "");
  const Repeated read = repeat(conversation, state);
  measured.add("long_thread.state_mb", read.megabytes, "MB");
  measured.add("long_thread.state_first_ms", read.first_ms, "ms");
  measured.add("long_thread.state_ms", read.median_ms, "ms");
  measured.add("long_thread.state_fixed_ms", read.median_ms - 0.5 * read.megabytes, "ms");
  return measured;
}

Measured history(const Subject& subject, const Effort&) {
  constexpr std::size_t kTurns = 100;
  Measured measured;
  Conversation conversation(subject.endpoint);
  conversation.go_to(kTurns, Clock::now() + std::chrono::minutes(1));
  const Usage before = subject.usage();
  const std::string request =
      request_text(subject.endpoint, "POST", conversation.path("/history"), R"({"limit":1000})");
  const Repeated read = repeat(conversation, request);
  const Usage after = subject.usage();
  measured.add("history.turns", static_cast<double>(conversation.turns()), "turns");
  measured.add("history.mb", read.megabytes, "MB");
  measured.add("history.ms", read.median_ms, "ms");
  measured.add("history.mb_per_second", 1e3 * read.megabytes / read.median_ms, "MB/s");
  if (subject.pid) measured.add("history.growth_mb", after.resident_mb - before.resident_mb, "MB");
  return measured;
}

}  // namespace heddle::load
