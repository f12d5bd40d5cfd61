#pragma once
// Memory for one piece of an answer, of which there is one for each token.
//
// A piece has eight short names and a few short texts, each of which would be allocated on one thread and freed on
// another. Here they stand in one block with the count of who shares it.

#include <array>
#include <atomic>
#include <boost/json/memory_resource.hpp>
#include <cstddef>

namespace heddle::graphs {

// Used by boost::json::make_shared_resource(). A copy of JSON shares the memory of what it was copied from, and copies
// of a piece are used by several threads at a time, so any thread may call. What is given back inside the block is not
// given again; what does not fit into it comes from the heap, one by one, as for any other JSON.
class PieceMemory final : public boost::json::memory_resource {
 public:
  // With what stands beside it one block of 640 bytes, a size that mimalloc has.
  static constexpr std::size_t kBytes = 600;

 private:
  static constexpr std::size_t kStep = 8;  // the largest alignment that is served

  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* place, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const boost::json::memory_resource& other) const noexcept override { return this == &other; }

  std::atomic<std::size_t> used_{0};
  alignas(kStep) std::array<std::byte, kBytes> block_;
};

}  // namespace heddle::graphs
