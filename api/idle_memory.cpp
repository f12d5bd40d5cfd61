#include "api/idle_memory.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <mutex>
#include <utility>
#include <vector>

// Of mimalloc, where the program is linked with it.
extern "C" void* mi_malloc(std::size_t bytes) __attribute__((weak));
extern "C" void mi_free(void* block) __attribute__((weak));
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

// Of the whole process; 0 where the system does not tell.
std::size_t anonymous_bytes() {
  std::ifstream pages("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  std::size_t of_files = 0;
  if (!(pages >> all >> resident >> of_files)) return 0;
  return (resident - std::min(resident, of_files)) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// Takes what this thread has free, which lies in gaps of any length between what is in use, and frees it again. To free
// a block joins it with its gap, and without a delay all of the gap goes back. Nothing is written into the blocks but
// what the allocator notes at their beginning.
void give_back_gaps() {
  // The smallest size that mimalloc gives whole pages of their own is above 128 KiB; smaller gaps stay.
  constexpr std::array<std::size_t, 2> kSizes{std::size_t{1} << 20, std::size_t{192} << 10};
  // A server that holds more has more to do than to look for gaps; this bounds the time that it takes.
  constexpr std::size_t kMost = std::size_t{256} << 20;
  const std::size_t held = std::min(anonymous_bytes(), kMost);
  for (const std::size_t size : kSizes) {
    std::vector<void*> blocks(held / size + 1);
    for (void*& block : blocks) block = mi_malloc(size);
    for (void* const block : blocks) mi_free(block);
  }
}

// What the collection frees goes back at once, and what was freed before it, too.
void collect_without_delay() {
  // One thread at a time, so that none restores the delay while another one collects. Others may read it meanwhile: it
  // is one word, and either value does.
  static std::mutex collecting;
  const std::lock_guard lock(collecting);
  const long delay = mi_option_get(kDelayOption);
  mi_option_set(kDelayOption, 0);
  mi_collect(true);
  give_back_gaps();
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
