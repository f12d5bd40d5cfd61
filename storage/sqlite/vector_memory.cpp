#include "storage/sqlite/vector_memory.h"

#include <algorithm>
#include <array>
#include <mutex>

namespace heddle::storage::sqlite {
namespace {

// Vectors that are allocated at a time: 384 KiB with 384 numbers each, 1.5 MiB with 1536.
constexpr std::size_t kBlock = 256;

}  // namespace

float dot_product(std::span<const float> one, std::span<const float> other) {
  // As many sums as fit the registers of every processor, because one sum would have to be added in order.
  constexpr std::size_t kLanes = 16;
  std::array<float, kLanes> sums{};
  const std::size_t count = std::min(one.size(), other.size());
  const float* a = one.data();
  const float* b = other.data();
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  float rest = 0;
  for (; i < count; ++i) rest += a[i] * b[i];
  for (std::size_t width = kLanes / 2; width > 0; width /= 2) {
    for (std::size_t lane = 0; lane < width; ++lane) sums[lane] += sums[lane + width];
  }
  return sums[0] + rest;
}

std::vector<std::optional<float>> VectorMemory::compare(const std::vector<std::int64_t>& ids,
                                                        std::span<const float> vector) {
  std::vector<std::optional<float>> products(ids.size());
  const std::shared_lock lock(mutex_);
  if (dimensions_ != vector.size()) return products;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto found = places_.find(ids[i]);
    if (found == places_.end()) continue;
    const float* begin = blocks_[found->second / kBlock].get() + (found->second % kBlock) * dimensions_;
    products[i] = dot_product(vector, {begin, dimensions_});
  }
  return products;
}

void VectorMemory::make_room(std::size_t wanted, std::size_t used, std::size_t dimensions) {
  const std::lock_guard lock(mutex_);
  if (dimensions_ != dimensions) {
    clear();
    dimensions_ = dimensions;
  }
  const bool has_room = places_.size() + wanted <= capacity();
  if (!has_room && used * 2 < places_.size()) clear();
}

void VectorMemory::keep(const std::vector<Kept>& vectors) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, numbers] : vectors) {
    const std::size_t place = places_.size();
    if (place >= capacity()) return;
    if (numbers.size() != dimensions_ || places_.contains(id)) continue;
    if (place / kBlock >= blocks_.size()) blocks_.push_back(std::make_unique<float[]>(kBlock * dimensions_));
    std::ranges::copy(numbers, blocks_[place / kBlock].get() + (place % kBlock) * dimensions_);
    places_.emplace(id, static_cast<std::uint32_t>(place));
  }
}

std::size_t VectorMemory::bytes() const {
  const std::shared_lock lock(mutex_);
  return blocks_.size() * kBlock * dimensions_ * sizeof(float);
}

void VectorMemory::clear() {
  blocks_.clear();
  places_.clear();
}

// In vectors: whole blocks.
std::size_t VectorMemory::capacity() const {
  if (dimensions_ == 0) return 0;
  return bytes_max_ / (kBlock * dimensions_ * sizeof(float)) * kBlock;
}

}  // namespace heddle::storage::sqlite
