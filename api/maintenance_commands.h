#pragma once
// `heddle backup` and `heddle doctor`: what an operator does with the database, beside a server or without one.

#include <cstdint>
#include <iosfwd>
#include <string>

#include "api/settings.h"

namespace heddle::api {

// Copies the database that is configured into the new file `target`. Returns the exit status. Throws
// storage::StorageError, and std::runtime_error for a database in memory.
int back_up_database(const ServerSettings& settings, const std::string& target, std::ostream& out);

// Tells what the database holds and what is wrong with it, and names its `largest` threads. Returns the exit status: 1
// if something is wrong. Throws as back_up_database().
int examine_database(const ServerSettings& settings, std::int64_t largest, std::ostream& out);

}  // namespace heddle::api
