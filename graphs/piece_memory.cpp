#include "graphs/piece_memory.h"

#include <boost/json/storage_ptr.hpp>
#include <functional>

namespace heddle::graphs {
namespace {

boost::json::memory_resource& heap() {
  return *boost::json::storage_ptr();
}

}  // namespace

void* PieceMemory::do_allocate(std::size_t bytes, std::size_t alignment) {
  if (bytes <= kBytes && alignment <= kStep) {
    const std::size_t room = (bytes + kStep - 1) / kStep * kStep;
    // Past its end it stays there: what it counts is bounded by what is asked for.
    const std::size_t place = used_.fetch_add(room, std::memory_order_relaxed);
    if (place <= kBytes - room) return block_.data() + place;
  }
  return heap().allocate(bytes, alignment);
}

void PieceMemory::do_deallocate(void* place, std::size_t bytes, std::size_t alignment) {
  const std::less<const void*> is_before;
  if (!is_before(place, block_.data()) && is_before(place, block_.data() + kBytes)) return;
  heap().deallocate(place, bytes, alignment);
}

}  // namespace heddle::graphs
