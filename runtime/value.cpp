#include "runtime/value.h"

#include <mutex>

#include "runtime/error.h"
#include "runtime/json.h"
#include "runtime/packed_text.h"
#include "runtime/spliced_text.h"
#include "storage/error.h"

namespace heddle::runtime {
namespace {

// Nodes ask for lists in what clients send, and a client may send anything.
void require_list(const Value& value) {
  if (value.is_list()) return;
  throw GraphError("TypeError", "A list was expected, and the state or the input of the node has none");
}

}  // namespace

// A list is held in one of two forms from the start, and the other is made at most once when
// somebody asks for it. A mutex-like once_flag instead of posting: any thread may read a state.
struct Value::Node {
  enum class Form {
    single,  // no array: stands here, in one allocation with the node
    array,
    items,
    indexed,      // an IndexedNode, with items
    packed,       // a PackedNode; its text is no list
    packed_list,  // a PackedNode
  };

  explicit Node(json::value value) : form(value.is_array() ? Form::array : Form::single) {
    if (form == Form::array) {
      whole = std::make_shared<const json::value>(std::move(value));
    } else {
      single = std::move(value);
    }
  }
  explicit Node(ItemList list, Form with_items = Form::items) : form(with_items), items(std::move(list)) {}
  explicit Node(Form packed) : form(packed) {}

  const Form form;
  json::value single;
  mutable std::once_flag other_form_made;
  mutable Item whole;  // apart, because items that point into it own it
  mutable ItemList items;
};

struct Value::IndexedNode : Node {
  IndexedNode(ItemList list, std::shared_ptr<ListIndex> of_list)
      : Node(std::move(list), Form::indexed), index(std::move(of_list)) {}

  const std::shared_ptr<ListIndex> index;
};

bool Value::holds_items() const {
  return node_->form == Node::Form::items || node_->form == Node::Form::indexed;
}

// Of a list the items stand in `items` and the whole in `whole` when somebody has asked for them.
struct Value::PackedNode : Node {
  PackedNode(Form packed, std::vector<std::shared_ptr<const PackedText>> texts, std::size_t items_of_all)
      : Node(packed), parts(std::move(texts)), count(items_of_all) {}

  const ItemList& opened() const {
    // Before call_once, because it may throw and what is thrown inside must not leave call_once.
    std::size_t found = 0;
    for (const std::shared_ptr<const PackedText>& part : parts) found += part->value().size();
    if (found != count) throw storage::StorageError("a stored list has lost items; the database is damaged");
    std::call_once(items_made, [this] {
      for (const std::shared_ptr<const PackedText>& part : parts) items.append(part->value().items());
    });
    return items;
  }

  void print(std::string& out) const {
    // A text that grows by doubling is copied, and overwritten where it was, as many bytes again as it has in the end.
    constexpr std::size_t kLarge = 65'536;
    constexpr std::size_t kForWhatFollows = 8'192;
    std::size_t bytes = 0;
    for (const std::shared_ptr<const PackedText>& part : parts) bytes += part->text().size();
    if (bytes >= kLarge) out.reserve(out.size() + bytes + kForWhatFollows);
    print_with(out, [&out](std::string_view text, const auto&) { out += text; });
  }

  void print(SplicedText& out) const {
    std::string& printed = out.printed();
    print_with(printed, [&](std::string_view text, const std::shared_ptr<const PackedText>& part) {
      if (text.size() < kSplicedBytesMin) {
        printed += text;
      } else {
        out.splice(text, part);
      }
    });
  }

  // `add` appends to the text whose own part is `out`; it gets what to append, and what it is of.
  template <class Add>
  void print_with(std::string& out, Add add) const {
    if (form == Form::packed) {
      add(parts.front()->text(), parts.front());
      return;
    }
    out += '[';
    bool first = true;
    for (const std::shared_ptr<const PackedText>& part : parts) {
      const std::string_view inner = part->text().substr(1, part->text().size() - 2);
      if (inner.empty()) continue;
      if (!first) out += ',';
      first = false;
      add(inner, part);
    }
    out += ']';
  }

  const std::vector<std::shared_ptr<const PackedText>> parts;
  const std::size_t count;
  mutable std::once_flag items_made;
};

const Value::PackedNode* Value::packed_node() const {
  const bool is_packed = node_ && (node_->form == Node::Form::packed || node_->form == Node::Form::packed_list);
  return is_packed ? static_cast<const PackedNode*>(node_.get()) : nullptr;
}

Value::Value() = default;

Value::Value(json::value value) {
  if (!value.is_null()) node_ = std::make_shared<const Node>(std::move(value));
}

Value Value::list(ItemList items, std::shared_ptr<ListIndex> index) {
  if (index) return Value(std::make_shared<const IndexedNode>(std::move(items), std::move(index)));
  return Value(std::make_shared<const Node>(std::move(items)));
}

std::shared_ptr<ListIndex> Value::index() const {
  const bool has_one = node_ && node_->form == Node::Form::indexed;
  return has_one ? static_cast<const IndexedNode*>(node_.get())->index : nullptr;
}

Value Value::packed(std::shared_ptr<const PackedText> text) {
  if (text->text() == "null") return {};
  if (text->is_list()) {
    const std::size_t size = text->value().size();
    return packed_list({std::move(text)}, size);
  }
  std::vector<std::shared_ptr<const PackedText>> one{std::move(text)};
  return Value(std::make_shared<const PackedNode>(Node::Form::packed, std::move(one), 0));
}

Value Value::packed_list(std::vector<std::shared_ptr<const PackedText>> parts, std::size_t size) {
  return Value(std::make_shared<const PackedNode>(Node::Form::packed_list, std::move(parts), size));
}

bool Value::is_null() const {
  return !node_;
}

bool Value::is_list() const {
  return node_ && node_->form != Node::Form::single && node_->form != Node::Form::packed;
}

std::size_t Value::size() const {
  require_list(*this);
  if (const PackedNode* packed = packed_node()) return packed->count;
  return holds_items() ? node_->items.size() : node_->whole->as_array().size();
}

const json::value& Value::item(std::size_t index) const {
  require_list(*this);
  if (const PackedNode* packed = packed_node()) return *packed->opened().at(index);
  return holds_items() ? *node_->items.at(index) : node_->whole->as_array().at(index);
}

const ItemList& Value::items() const {
  require_list(*this);
  if (const PackedNode* packed = packed_node()) return packed->opened();
  if (holds_items()) return node_->items;
  std::call_once(node_->other_form_made, [this] {
    const json::array& array = node_->whole->as_array();
    node_->items.reserve(array.size());
    // Each item owns the whole array and points into it: no copy.
    for (const json::value& item : array) node_->items.push_back(Item(node_->whole, &item));
  });
  return node_->items;
}

const json::value& Value::json() const {
  static const json::value null;
  if (!node_) return null;
  if (node_->form == Node::Form::single) return node_->single;
  if (node_->form == Node::Form::array) return *node_->whole;
  if (node_->form == Node::Form::packed) return packed_node()->parts.front()->value().json();
  const ItemList& list = items();
  std::call_once(node_->other_form_made, [this, &list] {
    json::array array;
    array.reserve(list.size());
    for (const Item& item : list) array.push_back(*item);
    node_->whole = std::make_shared<const json::value>(std::move(array));
  });
  return *node_->whole;
}

void Value::print(std::string& out) const {
  if (const PackedNode* packed = packed_node()) {
    packed->print(out);
    return;
  }
  if (!node_ || !holds_items()) {
    print_json(json(), out);
    return;
  }
  // Items lie wherever there was room when they came, and to wait for the memory of each was most of the time.
  constexpr std::size_t kAhead = 16;
  const ItemList& items = node_->items;
  out += '[';
  for (std::size_t place = 0; place < items.size(); ++place) {
    if (place + kAhead < items.size()) __builtin_prefetch(items[place + kAhead].get());
    if (place > 0) out += ',';
    print_json(*items[place], out);
  }
  out += ']';
}

void Value::print(SplicedText& out) const {
  if (const PackedNode* packed = packed_node()) {
    packed->print(out);
  } else {
    print(out.printed());
  }
}

std::string Value::text() const {
  std::string out;
  print(out);
  return out;
}

Value append_items(const Value& list, const ItemList& added, std::shared_ptr<ListIndex> index) {
  ItemList all = list.items();
  all.append(added);
  return Value::list(std::move(all), std::move(index));
}

}  // namespace heddle::runtime
