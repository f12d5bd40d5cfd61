#pragma once
// A JSON object written member by member into a text, so that shared values are printed and never copied.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "runtime/json.h"

namespace heddle::runtime {

//   std::string out;
//   ObjectText object(out);
//   object.text("id", id);
//   values.print(object.member("values"));
//   object.end();
class ObjectText {
 public:
  // `out` outlives this object.
  explicit ObjectText(std::string& out) : out_(out) { out_ += '{'; }
  ObjectText(const ObjectText&) = delete;
  ObjectText& operator=(const ObjectText&) = delete;

  // Writes the key; the caller appends exactly one JSON value to what it gets.
  std::string& member(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    print_json_string(key, out_);
    out_ += ':';
    return out_;
  }
  void text(std::string_view key, std::string_view value) { print_json_string(value, member(key)); }
  void json(std::string_view key, const boost::json::value& value) { print_json(value, member(key)); }
  // Without the copy that a value made of it is.
  void object(std::string_view key, const boost::json::object& members) { print_json(members, member(key)); }
  // `value` is JSON text.
  void raw(std::string_view key, std::string_view value) { member(key) += value; }
  void end() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace heddle::runtime
