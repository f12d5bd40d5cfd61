#pragma once
// Time as a parameter, so that tests decide what time it is.

#include "storage/timestamp.h"

namespace heddle::runtime {

// May be asked from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual storage::Timestamp now() const = 0;
};

class SystemClock : public Clock {
 public:
  storage::Timestamp now() const override;
};

}  // namespace heddle::runtime
