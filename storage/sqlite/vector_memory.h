#pragma once
// Vectors that have been compared before, so that the next search need not read them again.
//
// A vector never changes under its id, and an id is never given again. So nothing here has to be told of writes: what
// has been erased is just never asked for again, whatever snapshot a reader looks at.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace heddle::storage::sqlite {

// The cosine of two vectors of length one that have as many numbers: the same on every machine with the same build.
float dot_product(std::span<const float> one, std::span<const float> other);

// Shared by all connections of one database; any thread may call. There is a mutex because they belong to different
// threads and the memory is too large for each to have its own; under it is arithmetic and copying.
class VectorMemory {
 public:
  // `bytes_max` of numbers; some 60 bytes of each vector come on top.
  explicit VectorMemory(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  VectorMemory(const VectorMemory&) = delete;
  VectorMemory& operator=(const VectorMemory&) = delete;

  // The dot products with `vector` of those that are kept, at the places of their ids; nothing at the others.
  std::vector<std::optional<float>> compare(const std::vector<std::int64_t>& ids, std::span<const float> vector);

  // Before a search keeps what it has to read: gives up all that is kept if there is no room for `wanted` vectors more
  // and less than half of it was of use to the search, which found `used` of its vectors here.
  void make_room(std::size_t wanted, std::size_t used, std::size_t dimensions);
  using Kept = std::pair<std::int64_t, std::vector<float>>;
  // Keeps what there is room for, if it is of the size of what is kept.
  void keep(const std::vector<Kept>& vectors);

  std::size_t bytes() const;

 private:
  void clear();
  std::size_t capacity() const;

  const std::size_t bytes_max_;
  mutable std::shared_mutex mutex_;               // searches compare at the same time
  std::size_t dimensions_ = 0;                    // of all that are kept
  std::vector<std::unique_ptr<float[]>> blocks_;  // of kBlock vectors each, one behind the other
  std::unordered_map<std::int64_t, std::uint32_t> places_;
};

}  // namespace heddle::storage::sqlite
