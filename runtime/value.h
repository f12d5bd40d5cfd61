#pragma once
// An immutable JSON value that is shared instead of copied: what channels hold and states show.
//
// A list that grows by appending (messages first of all) is held as a list of shared items (item_list.h), so that
// a new version of it shares all items with the old one. Copies are cheap and may be used from
// several threads at a time.

#include <boost/json/value.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/item_list.h"

namespace heddle::runtime {

namespace json = boost::json;

class PackedText;
class SplicedText;

// Something that whoever makes lists knows about one, and hands on from list to list.
class ListIndex {
 public:
  virtual ~ListIndex() = default;
};

class Value {
 public:
  using Item = ItemList::Item;

  Value();                   // null
  Value(json::value value);  // NOLINT: implicit, so that JSON can be given wherever a value is wanted
  // `index` goes with the list; null pointer: none.
  static Value list(ItemList items, std::shared_ptr<ListIndex> index = nullptr);
  // A value that is kept as its stored text: printing copies the text, and whatever looks inside takes it apart once,
  // which may throw storage::StorageError (packed_text.h).
  static Value packed(std::shared_ptr<const PackedText> text);
  // A list of `size` items whose parts are texts of lists.
  static Value packed_list(std::vector<std::shared_ptr<const PackedText>> parts, std::size_t size);

  // Whether this is a JSON array, however it is held.
  bool is_list() const;
  bool is_null() const;
  // Of a list. Of anything else, null included, they throw GraphError TypeError: nodes ask this of what clients send.
  std::size_t size() const;
  const json::value& item(std::size_t index) const;
  // The shared items of a list; converts a plain array once. Throws as above.
  const ItemList& items() const;

  // What was given with the list. Null pointer: nothing.
  std::shared_ptr<ListIndex> index() const;

  // The value as one JSON value. For a list of shared items the array is made on first use and kept,
  // which costs a deep copy: prefer item() and print().
  const json::value& json() const;

  // Appends compact JSON, without making an array first.
  void print(std::string& out) const;
  // The same. What is large and kept as its text is spliced in, not copied.
  void print(SplicedText& out) const;
  std::string text() const;

  // Same storage: cheap test whether nothing changed.
  bool same_as(const Value& other) const { return node_ == other.node_; }

 private:
  struct Node;
  struct IndexedNode;
  struct PackedNode;
  bool holds_items() const;
  const PackedNode* packed_node() const;
  explicit Value(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  std::shared_ptr<const Node> node_;  // never null pointer but for JSON null
};

// A list with `added` behind the items of `list`, sharing them. `index` as in Value::list().
Value append_items(const Value& list, const ItemList& added, std::shared_ptr<ListIndex> index = nullptr);

}  // namespace heddle::runtime
