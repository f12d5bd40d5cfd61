#pragma once
// What interrupted threads wait for outside: answers that are asked for again and again (http-api.md knows none of it).
// Fields named *_json hold JSON text that storage neither reads nor changes; when to ask is reckoned above storage.
//
// Rows are written in the transaction that makes the run that asked final, and taken by the one that makes the run that
// goes on, so a crash neither loses nor doubles one.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/ids.h"
#include "storage/timestamp.h"

namespace heddle::storage {

struct Awaited {
  ThreadId thread_id;
  std::string interrupt_id;  // of the question; one row for each of a thread
  Owner owner;
  RunId run_id;  // that has asked
  std::string probe;
  std::string subject_json = "null";  // no secret
  std::chrono::milliseconds interval{};
  Timestamp due;    // when to ask next
  Timestamp until;  // then it is over
};

class AwaitedReads {
 public:
  virtual ~AwaitedReads() = default;
  // Those of a thread, by the ids of their interrupts.
  virtual std::vector<Awaited> of_thread(ThreadId id) const = 0;
  // Of all owners: those whose time has come at `now`, longest due first, at most `limit`.
  virtual std::vector<Awaited> due(Timestamp now, std::int64_t limit) const = 0;
  // Of all owners: when the next one is due. None if nothing is awaited.
  virtual std::optional<Timestamp> earliest() const = 0;
};

class AwaitedAnswers : public AwaitedReads {
 public:
  // Replaces all of the thread.
  virtual void replace(ThreadId id, const std::vector<Awaited>& awaited) = 0;
  // Nothing happens if the row is not there any more.
  virtual void postpone(ThreadId id, const std::string& interrupt_id, std::chrono::milliseconds interval,
                        Timestamp due) = 0;
  // Takes all of the thread. False, and nothing is changed, if that of this interrupt and run is not there any more:
  // the thread has gone on.
  virtual bool claim(ThreadId id, const std::string& interrupt_id, RunId run_id) = 0;
};

}  // namespace heddle::storage
