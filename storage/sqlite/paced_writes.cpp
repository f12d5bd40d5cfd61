#include "storage/sqlite/paced_writes.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <new>
#include <stdexcept>

namespace heddle::storage::sqlite {
namespace {

constexpr const char* kName = "heddle-paced";
// 64: a tenth of a usual move. Each wait for the disk costs the move some time, so not fewer than commits need.
constexpr int kPagesAtOnce = 64;
// Of sqlite3_io_methods, as this file knows it: a newer SQLite must not look behind the copy.
constexpr int kMethodsVersion = 3;

sqlite3_vfs& unpaced() {
  static sqlite3_vfs* const found = sqlite3_vfs_find(nullptr);
  return *found;
}

// Stands behind what the file has by default.
struct Pace {
  sqlite3_io_methods methods;  // those by default, but for one
  const sqlite3_io_methods* unpaced;
  int pages;  // written since the last time
};

std::size_t place_of_pace() {
  constexpr std::size_t kStep = alignof(Pace);
  return (static_cast<std::size_t>(unpaced().szOsFile) + kStep - 1) / kStep * kStep;
}

void* pace_behind(sqlite3_file* file) {
  return reinterpret_cast<std::byte*>(file) + place_of_pace();
}

int write(sqlite3_file* file, const void* page, int bytes, sqlite3_int64 at) {
  Pace& pace = *std::launder(static_cast<Pace*>(pace_behind(file)));
  const int written = pace.unpaced->xWrite(file, page, bytes, at);
  if (written != SQLITE_OK || ++pace.pages < kPagesAtOnce) return written;
  pace.pages = 0;
  return pace.unpaced->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

int open(sqlite3_vfs* /*paced*/, const char* name, sqlite3_file* file, int flags, int* flags_used) {
  const int opened = unpaced().xOpen(&unpaced(), name, file, flags, flags_used);
  if (opened != SQLITE_OK || (flags & SQLITE_OPEN_MAIN_DB) == 0) return opened;
  Pace* const pace = new (pace_behind(file)) Pace{*file->pMethods, file->pMethods, 0};
  pace->methods.iVersion = std::min(pace->methods.iVersion, kMethodsVersion);
  pace->methods.xWrite = write;
  file->pMethods = &pace->methods;
  return opened;
}

sqlite3_vfs made() {
  sqlite3_vfs paced = unpaced();
  paced.zName = kName;
  paced.szOsFile = static_cast<int>(place_of_pace() + sizeof(Pace));
  paced.xOpen = open;
  paced.pNext = nullptr;
  return paced;
}

}  // namespace

const char* paced_writes() {
  static sqlite3_vfs paced = made();
  static const int registered = sqlite3_vfs_register(&paced, 0);
  if (registered != SQLITE_OK) throw std::runtime_error("SQLite does not take another way to open files");
  return kName;
}

}  // namespace heddle::storage::sqlite
