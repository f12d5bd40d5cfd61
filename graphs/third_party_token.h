#pragma once
// A token that a third party (Google, ...) takes for a user, and how a tool says that it was not taken.

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/secret.h"

namespace heddle::graphs {

// Immutable once made, and shared by the calls that use it; wiped when the last one has let it go.
struct ThirdPartyToken {
  runtime::Secret access_token;
  std::vector<std::string> scopes;                 // that it stands for
  std::optional<std::chrono::seconds> expires_in;  // from when it was made; none: until the third party refuses it
};
using TokenPointer = std::shared_ptr<const ThirdPartyToken>;

enum class Refused {
  token,   // unknown or no longer valid (401): another one may be taken
  scopes,  // valid, and not enough (403): only the user can allow more
};

// Thrown by tools inside with_token_vault(), which knows what to do about it.
class ThirdPartyRefusal : public std::runtime_error {
 public:
  ThirdPartyRefusal(Refused what, const std::string& text) : std::runtime_error(text), what_(what) {}
  Refused refused() const { return what_; }

 private:
  Refused what_;
};

}  // namespace heddle::graphs
