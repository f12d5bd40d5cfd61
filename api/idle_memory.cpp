#include "api/idle_memory.h"

#include <malloc.h>

#include <chrono>
#include <mutex>
#include <utility>

// Of mimalloc, where the program is linked with it.
extern "C" void mi_collect(bool force) __attribute__((weak));
extern "C" long mi_option_get(int option) __attribute__((weak));
extern "C" void mi_option_set(int option, long value) __attribute__((weak));

namespace heddle::api {
namespace {

// A page or a poll comes every few seconds; a burst has no gaps of this length.
constexpr std::chrono::seconds kPause{2};

// Pages that become free are given back these milliseconds later, by the next thread that frees something near them: in
// a lull, by nobody. The number is that of `mi_option_decommit_delay` in mimalloc 2.0 and of `mi_option_purge_delay` in
// later ones.
constexpr int kDelayOption = 15;

// What the collection frees goes back at once. What was freed before it waits for its time and a neighbour, as ever
// (docs/performance.md, memory after load).
void collect_without_delay() {
  // One thread at a time, so that none restores the delay while another one collects. Others may read it meanwhile: it
  // is one word, and either value does.
  static std::mutex collecting;
  const std::lock_guard lock(collecting);
  const long delay = mi_option_get(kDelayOption);
  mi_option_set(kDelayOption, 0);
  mi_collect(true);
  mi_option_set(kDelayOption, delay);
}

}  // namespace

bool Lull::has_come(std::uint64_t activity) {
  const bool is_quiet = seen_ == activity;
  seen_ = activity;
  if (!is_quiet || used_ == activity) return false;
  used_ = activity;
  return true;
}

void return_memory() {
  if (mi_collect) {
    collect_without_delay();
  } else {
    malloc_trim(0);
  }
}

IdleMemory::IdleMemory(boost::asio::any_io_executor executor, const runtime::Clock& clock, runtime::Log& log,
                       Activity activity, GiveBack give_back)
    : clock_(clock),
      activity_(std::move(activity)),
      give_back_(std::move(give_back)),
      work_(std::move(executor), clock, log, {"memory could not be given back", kPause, kPause}) {}

void IdleMemory::start() {
  work_.start([this] { return turn(); });
}

boost::asio::awaitable<void> IdleMemory::stop() {
  return work_.stop();
}

boost::asio::awaitable<std::optional<storage::Timestamp>> IdleMemory::turn() {
  if (lull_.has_come(activity_())) give_back_();
  co_return clock_.now() + kPause;
}

}  // namespace heddle::api
