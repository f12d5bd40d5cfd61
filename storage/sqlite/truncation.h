#pragma once
// Emptying whole tables.

#include <SQLiteCpp/Database.h>

#include "storage/storage.h"

namespace heddle::storage::sqlite {

// Inside the open transaction of `database`.
void truncate(const SQLite::Database& database, const Truncation& what);

}  // namespace heddle::storage::sqlite
