#pragma once
// Conditions on stored JSON, as functions of SQL. The only place of storage that reads JSON.
//
//   json_contains(stored, filter)                            Containment of filter.h
//   overlay_contains(shared, own, source, step, filter)      the same for a checkpoint's metadata:
//                                                            shared, over it own, over it source and step
//   json_meets(stored, conditions)                           all ItemConditions, from conditions_text()
//
// They answer 1 or 0. What is stored but is no JSON, or nests deeper than 512, matches only `{}`;
// a filter of that kind is an error of the statement.

#include <SQLiteCpp/Database.h>

#include <string>
#include <vector>

#include "storage/items.h"

namespace heddle::storage::sqlite {

void register_json_functions(SQLite::Database& database);

// The conditions in the form that json_meets takes. Throws StorageError if an operand is no JSON.
std::string conditions_text(const std::vector<ItemCondition>& conditions);

}  // namespace heddle::storage::sqlite
