#pragma once
// A storage that fails.

#include <exception>
#include <functional>
#include <utility>

#include "storage/storage.h"

namespace heddle::test {

// Hands everything to `inner`, which outlives it, but for one write that fails. One thread at a time hands in.
class FaultyStorage : public storage::Storage {
 public:
  // The `failing`th write fails, counted from 1; 0: none.
  explicit FaultyStorage(storage::Storage& inner, int failing = 0) : inner_(inner), failing_(failing) {}

  void submit(std::function<void(storage::Transaction&)> work, std::function<void(std::exception_ptr)> done) override {
    if (++writes_ == failing_) {
      work = [](storage::Transaction&) { throw storage::StorageError("the disk is full"); };
    }
    inner_.submit(std::move(work), std::move(done));
  }
  void submit_read(std::function<void(const storage::Snapshot&)> work,
                   std::function<void(std::exception_ptr)> done) override {
    inner_.submit_read(std::move(work), std::move(done));
  }

  int writes() const { return writes_; }
  bool struck() const { return failing_ > 0 && writes_ >= failing_; }

 private:
  storage::Storage& inner_;
  int failing_;
  int writes_ = 0;
};

}  // namespace heddle::test
