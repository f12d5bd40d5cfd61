#include "runtime/value.h"

#include <mutex>

#include "runtime/error.h"
#include "runtime/json.h"

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
  };

  explicit Node(json::value value) : form(value.is_array() ? Form::array : Form::single) {
    if (form == Form::array) {
      whole = std::make_shared<const json::value>(std::move(value));
    } else {
      single = std::move(value);
    }
  }
  explicit Node(std::vector<Item> list) : form(Form::items), items(std::move(list)) {}

  const Form form;
  json::value single;
  mutable std::once_flag other_form_made;
  mutable Item whole;  // apart, because items that point into it own it
  mutable std::vector<Item> items;
};

Value::Value() = default;

Value::Value(json::value value) {
  if (!value.is_null()) node_ = std::make_shared<const Node>(std::move(value));
}

Value Value::list(std::vector<Item> items) {
  return Value(std::make_shared<const Node>(std::move(items)));
}

bool Value::is_null() const {
  return !node_;
}

bool Value::is_list() const {
  return node_ && node_->form != Node::Form::single;
}

std::size_t Value::size() const {
  require_list(*this);
  return node_->form == Node::Form::items ? node_->items.size() : node_->whole->as_array().size();
}

const json::value& Value::item(std::size_t index) const {
  require_list(*this);
  return node_->form == Node::Form::items ? *node_->items.at(index) : node_->whole->as_array().at(index);
}

const std::vector<Value::Item>& Value::items() const {
  require_list(*this);
  if (node_->form == Node::Form::items) return node_->items;
  std::call_once(node_->other_form_made, [this] {
    const json::array& array = node_->whole->as_array();
    node_->items.reserve(array.size());
    // Each item owns the whole array and points into it: no copy.
    for (const json::value& item : array) node_->items.emplace_back(node_->whole, &item);
  });
  return node_->items;
}

const json::value& Value::json() const {
  static const json::value null;
  if (!node_) return null;
  if (node_->form == Node::Form::single) return node_->single;
  if (node_->form == Node::Form::array) return *node_->whole;
  std::call_once(node_->other_form_made, [this] {
    json::array array;
    array.reserve(node_->items.size());
    for (const Item& item : node_->items) array.push_back(*item);
    node_->whole = std::make_shared<const json::value>(std::move(array));
  });
  return *node_->whole;
}

void Value::print(std::string& out) const {
  if (!node_ || node_->form != Node::Form::items) {
    print_json(json(), out);
    return;
  }
  out += '[';
  bool first = true;
  for (const Item& item : node_->items) {
    if (!first) out += ',';
    first = false;
    print_json(*item, out);
  }
  out += ']';
}

std::string Value::text() const {
  std::string out;
  print(out);
  return out;
}

Value append_items(const Value& list, std::vector<Value::Item> added) {
  const std::vector<Value::Item>& kept = list.items();
  std::vector<Value::Item> all;
  all.reserve(kept.size() + added.size());
  all.insert(all.end(), kept.begin(), kept.end());
  for (Value::Item& item : added) all.push_back(std::move(item));
  return Value::list(std::move(all));
}

}  // namespace heddle::runtime
