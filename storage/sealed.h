#pragma once
// What a run needs again after a restart and nobody may read: sealed above storage, bytes without a meaning here.
//
// A row is written in the transaction that stores its run, and goes in the one in which the run ends or is erased.

#include <optional>
#include <string>

#include "storage/ids.h"

namespace heddle::storage {

struct Sealed {
  RunId run_id;  // one row per run
  ThreadId thread_id;
  std::string key_id;  // which key opens it; says nothing about the key
  std::string nonce;
  std::string ciphertext;  // with its tag
};

class SealedReads {
 public:
  virtual ~SealedReads() = default;
  virtual std::optional<Sealed> find(RunId id) const = 0;
};

class SealedSecrets : public SealedReads {
 public:
  // The run has none yet. Runs::update() with a status that is final, Runs::erase() and Threads::erase() erase it.
  virtual void insert(const Sealed& sealed) = 0;
};

}  // namespace heddle::storage
