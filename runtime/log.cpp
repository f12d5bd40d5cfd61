#include "runtime/log.h"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "runtime/json.h"
#include "storage/timestamp.h"

namespace heddle::runtime {
namespace {

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

// A line that stderr does not take is lost: there is no other place to say so.
void write_to_stderr(std::string_view line) {
  while (::write(STDERR_FILENO, line.data(), line.size()) < 0 && errno == EINTR) {
  }
}

}  // namespace

Log::Log(const Clock& clock, LogLevel lowest) : Log(clock, lowest, write_to_stderr) {}

Log::Log(const Clock& clock, LogLevel lowest, Sink sink) : clock_(clock), lowest_(lowest), sink_(std::move(sink)) {}

void Log::write(LogLevel level, std::string_view message, const json::object& fields) {
  if (level < lowest_) return;
  std::string line = R"({"time":)";
  print_json_string(storage::to_rfc3339(clock_.now()), line);
  line += R"(,"level":)";
  print_json_string(name_of(level), line);
  line += R"(,"message":)";
  print_json_string(message, line);
  if (!fields.empty()) {
    line += R"(,"fields":)";
    print_json(fields, line);
  }
  line += "}\n";
  const std::lock_guard lock(one_line_at_a_time_);
  sink_(line);
}

}  // namespace heddle::runtime
