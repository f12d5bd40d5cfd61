#pragma once
// The tables of a new file.

namespace heddle::storage::sqlite {

// SQL that makes them in an empty file. Older files come to the same by the steps of migrations.cpp, which a test
// compares: what changes here is a step there as well. Tables that are still as a step made them stand in both, and not
// in one place for both: then a change here would change a step that has been taken already, and nothing would tell.
//
// Taking all steps for a new file would cost some ten times as much, since SQLite reads the whole schema anew for each
// change of a table.
extern const char* const kSchema;

}  // namespace heddle::storage::sqlite
