#pragma once
// What operators read: one line of JSON per entry, with `time`, `level`, `message` and, if there are
// any, `fields`. No credential, prompt or message body goes into an entry; a Secret cannot.

#include <boost/json/object.hpp>
#include <functional>
#include <mutex>
#include <string_view>

#include "runtime/clock.h"

namespace heddle::runtime {

namespace json = boost::json;

enum class LogLevel { debug, info, warning, error };

// May be called from any thread. Passed by reference; must outlive whoever has it.
class Log {
 public:
  // Gets one line with its line break. Called by one thread at a time; must not log.
  using Sink = std::function<void(std::string_view line)>;

  // To stderr, each line in one write. Entries below `lowest` are dropped.
  Log(const Clock& clock, LogLevel lowest);
  Log(const Clock& clock, LogLevel lowest, Sink sink);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Whether an entry of this level is written: for entries whose fields cost something.
  bool writes(LogLevel level) const { return level >= lowest_; }

  void debug(std::string_view message, const json::object& fields = {}) { write(LogLevel::debug, message, fields); }
  void info(std::string_view message, const json::object& fields = {}) { write(LogLevel::info, message, fields); }
  void warning(std::string_view message, const json::object& fields = {}) { write(LogLevel::warning, message, fields); }
  void error(std::string_view message, const json::object& fields = {}) { write(LogLevel::error, message, fields); }

 private:
  void write(LogLevel level, std::string_view message, const json::object& fields);

  const Clock& clock_;
  const LogLevel lowest_;
  const Sink sink_;
  // Not a thread with a queue, because the entries before a crash are the ones that are wanted.
  std::mutex one_line_at_a_time_;
};

}  // namespace heddle::runtime
