#pragma once
// A value that cannot be printed, stored or copied by accident, and that wipes its bytes.
//
// Request parsing moves hidden keys (http-api.md 18) into Secrets before anything else looks at the
// body. There is no stream operator, no conversion to JSON and no comparison with text; reading
// takes the named call reveal(), which is what a review greps for. storage/ cannot name this type.

#include <boost/json/value.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::runtime {

// A text. Moved freely; a copy takes clone().
class Secret {
 public:
  Secret() = default;
  // Takes the bytes over and wipes `text`.
  explicit Secret(std::string&& text);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  Secret clone() const;
  std::string_view reveal() const { return {bytes_.data(), bytes_.size()}; }
  bool empty() const { return bytes_.empty(); }

 private:
  void wipe() noexcept;
  std::vector<char> bytes_;
};

// A JSON value whose texts and numbers are secret and whose shape (object or not, which keys) is not.
class SecretJson {
 public:
  // Takes the value over; every text in `value` is wiped.
  static SecretJson take(boost::json::value&& value);

  bool is_object() const { return kind_ == Kind::object; }
  // Sorted; empty unless an object. Keys are no secret.
  std::vector<std::string> keys() const;
  const SecretJson* find(std::string_view key) const;
  // The text, if it is one.
  const Secret* text() const { return kind_ == Kind::text ? &text_ : nullptr; }
  // The whole value in clear.
  boost::json::value reveal() const;

 private:
  enum class Kind { scalar, text, list, object };
  Kind kind_ = Kind::scalar;
  Secret text_;  // of a text; of a scalar its JSON
  std::vector<SecretJson> list_;
  std::map<std::string, SecretJson, std::less<>> members_;
};

// The hidden keys of a run's `configurable` (and of its `context`), in memory for that run only.
// Immutable once made, so it may be shared between the run's tasks.
using Secrets = std::map<std::string, SecretJson, std::less<>>;

// Overwrites the bytes of `text` in a way the compiler keeps, and empties it.
void wipe(std::string& text) noexcept;
// The same for every text inside a value.
void wipe(boost::json::value& value) noexcept;

}  // namespace heddle::runtime
