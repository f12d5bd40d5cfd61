#include "api/maintenance_commands.h"

#include <cstdio>
#include <ostream>
#include <stdexcept>

#include "storage/maintenance.h"

namespace heddle::api {
namespace {

const std::string& path_of(const ServerSettings& settings) {
  if (settings.storage.path == ":memory:") {
    throw std::runtime_error("the database is in memory; name a file with --db or in langgraph.json");
  }
  return settings.storage.path;
}

std::string in_bytes(double bytes) {
  const char* unit = "bytes";
  for (const char* const larger : {"KiB", "MiB", "GiB"}) {
    if (bytes < 1024) break;
    bytes /= 1024;
    unit = larger;
  }
  char text[32];
  const bool is_whole = unit == std::string("bytes");
  std::snprintf(text, sizeof(text), is_whole ? "%.0f %s" : "%.1f %s", bytes, unit);
  return text;
}

std::string in_bytes(std::uint64_t bytes) {
  return in_bytes(static_cast<double>(bytes));
}

std::string in_bytes(std::int64_t bytes) {
  return in_bytes(static_cast<double>(bytes));
}

void print_schema(const storage::Examination& found, std::ostream& out) {
  out << "schema: " << found.schema_version;
  if (found.schema_version < found.newest_schema_version) {
    out << "; this program makes it " << found.newest_schema_version << " at its next start, no more is looked at";
  } else if (found.schema_version > found.newest_schema_version) {
    out << "; this program knows " << found.newest_schema_version << " only, use the newer one";
  }
  out << "\n";
}

void print_contents(const storage::Examination& found, std::int64_t largest, std::ostream& out) {
  out << "threads: " << found.threads << "\n"
      << "runs: " << found.runs << ", of which " << found.pending << " wait and " << found.running << " run; "
      << found.sealed << " have sealed secrets\n"
      << "calls owed to webhooks: " << found.webhooks << "\n";
  for (const storage::TableSize& table : found.tables) {
    out << "table " << table.name << ": " << table.rows << " rows, " << in_bytes(table.bytes) << "\n";
  }
  if (largest > 0 && !found.largest.empty()) out << "largest threads:\n";
  for (const storage::ThreadSize& thread : found.largest) {
    out << "  " << thread.id.text() << " " << in_bytes(thread.bytes) << "\n";
  }
}

}  // namespace

int back_up_database(const ServerSettings& settings, const std::string& target, std::ostream& out) {
  const storage::Backup backup = storage::back_up(path_of(settings), target);
  out << "backup of " << settings.storage.path << " in " << target << ": " << in_bytes(backup.bytes) << ", "
      << backup.threads << " threads, schema " << backup.schema_version << ", integrity ok" << std::endl;
  return 0;
}

int examine_database(const ServerSettings& settings, std::int64_t largest, std::ostream& out) {
  const storage::Examination found = storage::examine(path_of(settings), largest);
  out << "database: " << settings.storage.path << ", " << in_bytes(found.file_bytes) << ", of which "
      << in_bytes(found.free_bytes) << " are free; write-ahead log " << in_bytes(found.log_bytes) << "\n";
  print_schema(found, out);
  const bool is_known = found.schema_version == found.newest_schema_version;
  if (found.damage.empty() && is_known) print_contents(found, largest, out);
  for (const std::string& line : found.damage) out << "damaged: " << line << "\n";
  for (const storage::Orphans& orphans : found.orphans) {
    out << "wrong: " << orphans.what << ": " << orphans.count << "\n";
  }
  if (!found.damage.empty()) {
    out << "the file is damaged; stop the server and restore a backup" << std::endl;
    return 1;
  }
  if (!found.orphans.empty()) {
    out << "the file is sound, and rows in it do not fit together; please report it" << std::endl;
    return 1;
  }
  if (found.schema_version > found.newest_schema_version) return 1;
  out << "nothing wrong was found" << std::endl;
  return 0;
}

}  // namespace heddle::api
