#pragma once
// What storage throws when it cannot do what was asked and no caller can help.

#include <stdexcept>
#include <string>

namespace heddle::storage {

// The file cannot be opened, written or read. The text says which file, what happened and what
// to do, and never holds a stored value.
class StorageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// More work is handed in than the database gets done. Nothing of the refused work was done; the
// same call can succeed in a moment.
class StorageBusy : public StorageError {
 public:
  using StorageError::StorageError;
};

// The file cannot be written: a full disk, a limit, an error of the disk. Nothing was done; the same call can succeed
// when the cause is gone.
class StorageUnwritable : public StorageError {
 public:
  using StorageError::StorageError;
};

// The disk did not make durable what was committed. Whether it is kept the next start tells; until then every call
// fails.
class StorageUncertain : public StorageUnwritable {
 public:
  using StorageUnwritable::StorageUnwritable;
};

}  // namespace heddle::storage
