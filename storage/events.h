#pragma once
// The log of what happened in a run, kept as segments of encoded facts (design: one ordered log).
// A segment is an opaque text; its encoding belongs to api/runs. Segments of a run are numbered
// by the sequence number of their first fact.

#include <cstdint>
#include <string>
#include <vector>

#include "storage/ids.h"

namespace heddle::storage {

struct EventSegment {
  std::int64_t first_fact = 0;  // counts from 0 within the run
  std::string facts;
};

class EventReads {
 public:
  virtual ~EventReads() = default;
  // Segments that hold facts from `first_fact` on, in order, at most `limit` of them.
  virtual std::vector<EventSegment> read(ThreadId thread_id, RunId run_id, std::int64_t first_fact,
                                         std::int64_t limit) const = 0;
};

class Events : public EventReads {
 public:
  virtual void append(ThreadId thread_id, RunId run_id, const EventSegment& segment) = 0;
};

}  // namespace heddle::storage
