#pragma once
// Seals what a stored run has beyond its record, so that a restart finds it again and nobody else does
// (http-api.md 18.4).
//
// AES-256-GCM under a key that is not in the database, with a random nonce of 96 bits. The ids of run and thread are
// authenticated with it, so a blob that was moved to another run does not open. A key may seal 2^32 runs before its
// nonces are too likely to repeat.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/runs/run_plan.h"
#include "runtime/secret.h"
#include "storage/ids.h"
#include "storage/sealed.h"

namespace heddle::api {

// Why something sealed does not open, for an operator to act on. Holds nothing of key or content.
struct CannotOpen {
  std::string why;
};

// Immutable; any thread may call.
class RunSealer {
 public:
  // 32 bytes each. The first one seals, all of them open, so that keys can be changed: new in front, old behind until
  // the runs that they sealed have ended. Throws std::invalid_argument without keys or for one of another length.
  explicit RunSealer(std::vector<runtime::Secret> keys);

  storage::Sealed seal(storage::RunId run, storage::ThreadId thread, const RunSecrets& secrets) const;
  std::variant<RunSecrets, CannotOpen> open(const storage::Sealed& sealed) const;

  // Of the key that seals, in hex: 8 bytes of its SHA-256.
  std::string key_id() const;

 private:
  struct Key {
    runtime::Secret bytes;
    std::string id;
  };
  std::vector<Key> keys_;
};

// Keys as they are written: 64 digits in hex or 44 letters in base64 (43 without the `=`, base64url too), separated by
// blanks, line breaks or commas; what follows a `#` in a line is a comment. Throws std::invalid_argument with a text
// that says which one is wrong, not what it is.
std::vector<runtime::Secret> sealing_keys_from(std::string_view text);

}  // namespace heddle::api
