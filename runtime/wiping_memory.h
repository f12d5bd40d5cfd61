#pragma once
// Memory that is overwritten when it is given back, so that what a client sent in confidence does not stay behind.
//
// A secret passes through more hands than ours: the buffer of its connection, the text of its body, the JSON of it, the
// header lines of curl, the records of TLS. A program that links this file has `new` and `delete` that overwrite, and
// so have libcurl and OpenSSL once they were told to; then no copy outlives its owner, whoever made it. It costs about
// 10 ns for each block that is freed and 25 ns for each KiB of it. Left out where a sanitizer keeps the memory.

#include <cstddef>

namespace heddle::runtime {

// Lets OpenSSL use the functions below. First of all in main(): throws std::logic_error if OpenSSL has allocated
// already, for then it keeps its own. A second call does nothing.
void use_wiping_memory();

// As malloc() and its kin. Blocks may be exchanged with those only in one direction: what these made, these free.
// wiping_realloc() to no bytes frees and gives null.
void* wiping_malloc(std::size_t bytes);
void* wiping_calloc(std::size_t count, std::size_t bytes);
void* wiping_realloc(void* block, std::size_t bytes);
char* wiping_strdup(const char* text);
void wiping_free(void* block);

}  // namespace heddle::runtime
