#include "runtime/item_list.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>
#include <stdexcept>

namespace heddle::runtime {

ItemList::ItemList(ItemList&& other) noexcept
    : first_(std::move(other.first_)),
      others_(std::move(other.others_)),
      size_(std::exchange(other.size_, 0)),
      room_(std::exchange(other.room_, 0)) {}

ItemList& ItemList::operator=(const ItemList& other) {
  if (this != &other) *this = ItemList(other);
  return *this;
}

ItemList& ItemList::operator=(ItemList&& other) noexcept {
  first_ = std::move(other.first_);
  others_ = std::move(other.others_);
  size_ = std::exchange(other.size_, 0);
  room_ = std::exchange(other.room_, 0);
  return *this;
}

const ItemList::Item& ItemList::at(std::size_t place) const {
  if (place >= size_) throw std::out_of_range("a list has no item at the place that was asked for");
  return (*this)[place];
}

void ItemList::reserve(std::size_t more) {
  const std::size_t used = size_ % kBlock;
  if (used == 0 && size_ > 0) return;  // the next block has room for as many as a block takes
  const std::size_t room = std::min(used + more, kBlock);
  if (room > room_) make_room(room);
}

// Gives the last block, which may be the first one of an empty list, room for so many items.
void ItemList::make_room(std::size_t room) {
  Block larger = std::make_shared<Item[]>(room);
  Block& last = shared_block(size_ / kBlock);
  std::copy_n(last.get(), size_ % kBlock, larger.get());
  last = std::move(larger);
  room_ = static_cast<std::uint32_t>(room);
}

void ItemList::push_back(Item item) {
  assert(size_ < std::numeric_limits<std::uint32_t>::max());
  const std::size_t used = size_ % kBlock;
  if (used == 0 && size_ > 0) {
    if (!others_) others_ = std::make_unique<Blocks>();
    others_->push_back(std::make_shared<Item[]>(kBlock));
    room_ = kBlock;
  } else if (used >= room_) {
    make_room(std::bit_ceil(used + 1));
  }
  shared_block(size_ / kBlock)[static_cast<std::ptrdiff_t>(used)] = std::move(item);
  ++size_;
}

void ItemList::append(const ItemList& other) {
  if (other.empty()) return;
  if (empty()) {
    *this = other;
    return;
  }
  if (this == &other) {
    append(ItemList(other));
    return;
  }
  if (size_ % kBlock == 0) {
    if (!others_) others_ = std::make_unique<Blocks>();
    others_->push_back(other.first_);
    if (other.others_) others_->insert(others_->end(), other.others_->begin(), other.others_->end());
    size_ += other.size_;
    room_ = 0;
    return;
  }
  reserve(other.size());
  for (std::size_t place = 0; place < other.size(); ++place) push_back(other[place]);
}

void ItemList::set(std::size_t place, Item item) {
  assert(place < size_);
  const std::size_t number = place / kBlock;
  const bool is_last = number + 1 == blocks();
  const std::size_t used = is_last ? size_ - number * kBlock : kBlock;
  Block fresh = std::make_shared<Item[]>(used);
  std::copy_n(block(number), used, fresh.get());
  fresh[static_cast<std::ptrdiff_t>(place % kBlock)] = std::move(item);
  shared_block(number) = std::move(fresh);
  if (is_last) room_ = static_cast<std::uint32_t>(used);
}

void ItemList::shorten(std::size_t size) {
  if (size >= size_) return;
  const ItemList before = std::move(*this);
  const std::size_t whole = size / kBlock;
  if (whole > 0) {
    first_ = before.first_;
    if (whole > 1) {
      const Blocks& kept = *before.others_;
      others_ = std::make_unique<Blocks>(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(whole - 1));
    }
    size_ = static_cast<std::uint32_t>(whole * kBlock);
  }
  while (size_ < size) push_back(before[size_]);
}

std::size_t ItemList::common_prefix(const ItemList& other) const {
  const std::size_t both = std::min(size(), other.size());
  for (std::size_t begin = 0; begin < both; begin += kBlock) {
    const std::size_t number = begin / kBlock;
    const Item* const mine = block(number);
    const Item* const theirs = other.block(number);
    if (mine == theirs) continue;
    const std::size_t count = std::min(kBlock, both - begin);
    const auto differs = std::mismatch(mine, mine + count, theirs).first;
    if (differs != mine + count) return begin + static_cast<std::size_t>(differs - mine);
  }
  return both;
}

}  // namespace heddle::runtime
