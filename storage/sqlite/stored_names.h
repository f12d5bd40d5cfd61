#pragma once
// The texts under which enumerators are stored. They are the words of the API, so that sorting by a
// column sorts by the word and a dump of the file can be read.

#include <array>
#include <cstddef>
#include <string_view>

#include "storage/runs.h"
#include "storage/threads.h"

namespace heddle::storage::sqlite {

// In the order of the enumerators.
template <class Enum>
struct StoredNames;

template <>
struct StoredNames<ThreadStatus> {
  static constexpr std::array<std::string_view, 4> kNames = {"idle", "busy", "interrupted", "error"};
};

template <>
struct StoredNames<RunStatus> {
  static constexpr std::array<std::string_view, 6> kNames = {"pending", "running",     "success",
                                                             "error",   "interrupted", "timeout"};
};

template <>
struct StoredNames<MultitaskStrategy> {
  static constexpr std::array<std::string_view, 4> kNames = {"reject", "rollback", "interrupt", "enqueue"};
};

template <>
struct StoredNames<OnCompletion> {
  static constexpr std::array<std::string_view, 2> kNames = {"keep", "delete"};
};

}  // namespace heddle::storage::sqlite
