#include "runtime/secret.h"

#include <strings.h>

#include <utility>

#include "runtime/json.h"

namespace heddle::runtime {

Secret::Secret(std::string&& text) : bytes_(text.begin(), text.end()) {
  runtime::wipe(text);
}

Secret::Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  bytes_ = std::exchange(other.bytes_, {});
  return *this;
}

Secret::~Secret() {
  wipe();
}

Secret Secret::clone() const {
  Secret copy;
  copy.bytes_ = bytes_;
  return copy;
}

void Secret::wipe() noexcept {
  if (!bytes_.empty()) ::explicit_bzero(bytes_.data(), bytes_.size());
}

SecretJson SecretJson::take(boost::json::value&& value) {
  SecretJson secret;
  if (json::object* const members = value.if_object()) {
    secret.kind_ = Kind::object;
    for (json::key_value_pair& member : *members) {
      secret.members_.emplace(member.key(), take(std::move(member.value())));
    }
  } else if (json::array* const list = value.if_array()) {
    secret.kind_ = Kind::list;
    secret.list_.reserve(list->size());
    for (json::value& item : *list) secret.list_.push_back(take(std::move(item)));
  } else if (const json::string* const text = value.if_string()) {
    secret.kind_ = Kind::text;
    secret.text_ = Secret(std::string(*text));
  } else {
    secret.text_ = Secret(to_text(value));
  }
  runtime::wipe(value);
  value = nullptr;
  return secret;
}

std::vector<std::string> SecretJson::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, member] : members_) keys.push_back(key);
  return keys;
}

const SecretJson* SecretJson::find(std::string_view key) const {
  const auto found = members_.find(key);
  return found == members_.end() ? nullptr : &found->second;
}

boost::json::value SecretJson::reveal() const {
  switch (kind_) {
    case Kind::scalar:
      return text_.empty() ? json::value() : parse_json(text_.reveal());
    case Kind::text:
      return json::value(text_.reveal());
    case Kind::list: {
      json::array list;
      list.reserve(list_.size());
      for (const SecretJson& item : list_) list.push_back(item.reveal());
      return list;
    }
    case Kind::object: {
      json::object members;
      for (const auto& [key, member] : members_) members.emplace(key, member.reveal());
      return members;
    }
  }
  return nullptr;
}

void wipe(std::string& text) noexcept {
  text.resize(text.capacity());  // the bytes behind the end may be older ones; never allocates
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

void wipe(boost::json::value& value) noexcept {
  switch (value.kind()) {
    case json::kind::string: {
      json::string& text = value.get_string();
      text.resize(text.capacity());
      ::explicit_bzero(text.data(), text.size());
      text.clear();
      return;
    }
    case json::kind::array:
      for (json::value& item : value.get_array()) wipe(item);
      return;
    case json::kind::object:
      for (json::key_value_pair& member : value.get_object()) wipe(member.value());
      return;
    case json::kind::int64:
      ::explicit_bzero(&value.get_int64(), sizeof(std::int64_t));
      return;
    case json::kind::uint64:
      ::explicit_bzero(&value.get_uint64(), sizeof(std::uint64_t));
      return;
    case json::kind::double_:
      ::explicit_bzero(&value.get_double(), sizeof(double));
      return;
    default:
      return;
  }
}

}  // namespace heddle::runtime
