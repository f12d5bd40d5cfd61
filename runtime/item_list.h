#pragma once
// A list of shared JSON values that grows by appending, as conversations do.
//
// It stands in blocks of kBlock items, and a copy shares the blocks: copying, letting go and comparing cost one look
// per block instead of one per item, and a list with one item more copies its last block alone. Items in a block are
// never replaced; where a list changes before its end, the block in question is made anew.
//
// Copies may be used from several threads at a time, as those of a shared pointer; one object may not while it changes.

#include <boost/json/value.hpp>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace heddle::runtime {

class ItemList {
 public:
  using Item = std::shared_ptr<const boost::json::value>;
  using value_type = Item;
  class Iterator;
  using iterator = Iterator;
  using const_iterator = Iterator;
  using reverse_iterator = std::reverse_iterator<Iterator>;
  using const_reverse_iterator = reverse_iterator;

  // 128: a list of N items copies at most so many pointers to append one, and N / 128 to be copied.
  static constexpr std::size_t kBlock = 128;

  ItemList() = default;
  ItemList(const std::vector<Item>& items) : ItemList(items.begin(), items.end()) {}  // NOLINT: implicit, it is a list
  ItemList(std::initializer_list<Item> items) : ItemList(items.begin(), items.end()) {}
  template <std::forward_iterator From>
  ItemList(From first, From last) {
    reserve(static_cast<std::size_t>(std::distance(first, last)));
    for (; first != last; ++first) push_back(*first);
  }
  ItemList(const ItemList& other) : first_(other.first_), size_(other.size_) {
    if (other.others_) others_ = std::make_unique<Blocks>(*other.others_);
  }
  ItemList(ItemList&& other) noexcept;
  ItemList& operator=(const ItemList& other);
  ItemList& operator=(ItemList&& other) noexcept;
  ~ItemList() = default;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // `place` < size(), as in a vector.
  const Item& operator[](std::size_t place) const { return block(place / kBlock)[place % kBlock]; }
  // Throws std::out_of_range.
  const Item& at(std::size_t place) const;
  const Item& front() const { return (*this)[0]; }
  const Item& back() const { return (*this)[size_ - 1]; }

  Iterator begin() const;
  Iterator end() const;
  reverse_iterator rbegin() const;
  reverse_iterator rend() const;

  // So many items are about to be appended; nothing else changes.
  void reserve(std::size_t more);
  void push_back(Item item);
  // Shares the blocks of `other` where they fit.
  void append(const ItemList& other);
  // Another item at a place that there is; copies its block.
  void set(std::size_t place, Item item);
  // Keeps the first `size` items, and nothing of those behind.
  void shorten(std::size_t size);

  // How many items from the first one on are the same in both, by pointer.
  std::size_t common_prefix(const ItemList& other) const;

 private:
  using Block = std::shared_ptr<Item[]>;
  using Blocks = std::vector<Block>;

  const Item* block(std::size_t number) const { return number == 0 ? first_.get() : (*others_)[number - 1].get(); }
  Block& shared_block(std::size_t number) { return number == 0 ? first_ : (*others_)[number - 1]; }
  std::size_t blocks() const { return (size_ + kBlock - 1) / kBlock; }
  void make_room(std::size_t room);

  // Most lists of a state have a few items, and every value has room for a list: the object is small, and the first
  // block stands apart.
  Block first_;
  std::unique_ptr<Blocks> others_;
  std::uint32_t size_ = 0;
  // How many items the last block has room for if this object made it. Others that share the block do not look behind
  // their own size, so this one may go on there. 0: another made it.
  std::uint32_t room_ = 0;
};

class ItemList::Iterator {
 public:
  using iterator_category = std::random_access_iterator_tag;
  using value_type = Item;
  using difference_type = std::ptrdiff_t;
  using pointer = const Item*;
  using reference = const Item&;

  Iterator() = default;
  Iterator(const ItemList& list, std::size_t place) : list_(&list), place_(place) {}

  reference operator*() const { return (*list_)[place_]; }
  pointer operator->() const { return &(*list_)[place_]; }
  reference operator[](difference_type by) const { return *(*this + by); }

  Iterator& operator++() { return *this += 1; }
  Iterator& operator--() { return *this -= 1; }
  Iterator operator++(int) { return std::exchange(*this, *this + 1); }
  Iterator operator--(int) { return std::exchange(*this, *this - 1); }
  Iterator& operator+=(difference_type by) {
    place_ += static_cast<std::size_t>(by);
    return *this;
  }
  Iterator& operator-=(difference_type by) { return *this += -by; }
  friend Iterator operator+(Iterator it, difference_type by) { return it += by; }
  friend Iterator operator+(difference_type by, Iterator it) { return it += by; }
  friend Iterator operator-(Iterator it, difference_type by) { return it -= by; }
  friend difference_type operator-(const Iterator& left, const Iterator& right) {
    return static_cast<difference_type>(left.place_) - static_cast<difference_type>(right.place_);
  }
  friend bool operator==(const Iterator& left, const Iterator& right) { return left.place_ == right.place_; }
  friend auto operator<=>(const Iterator& left, const Iterator& right) { return left.place_ <=> right.place_; }

 private:
  const ItemList* list_ = nullptr;
  std::size_t place_ = 0;
};

inline ItemList::Iterator ItemList::begin() const {
  return {*this, 0};
}

inline ItemList::Iterator ItemList::end() const {
  return {*this, size_};
}

inline ItemList::reverse_iterator ItemList::rbegin() const {
  return reverse_iterator(end());
}

inline ItemList::reverse_iterator ItemList::rend() const {
  return reverse_iterator(begin());
}

}  // namespace heddle::runtime
