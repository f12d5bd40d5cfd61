#include "runtime/wiping_memory.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <strings.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>

namespace heddle::runtime {
namespace {

void* openssl_malloc(std::size_t bytes, const char*, int) {
  return wiping_malloc(bytes);
}

void* openssl_realloc(void* block, std::size_t bytes, const char*, int) {
  return wiping_realloc(block, bytes);
}

void openssl_free(void* block, const char*, int) {
  wiping_free(block);
}

}  // namespace

void* wiping_malloc(std::size_t bytes) {
  return std::malloc(bytes);
}

void* wiping_calloc(std::size_t count, std::size_t bytes) {
  return std::calloc(count, bytes);
}

void* wiping_realloc(void* block, std::size_t bytes) {
  if (block == nullptr) return std::malloc(bytes);
  if (bytes == 0) {
    wiping_free(block);
    return nullptr;
  }
  const std::size_t held = ::malloc_usable_size(block);
  if (bytes <= held && bytes >= held / 2) return block;
  void* const moved = std::malloc(bytes);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, block, std::min(held, bytes));
  wiping_free(block);
  return moved;
}

char* wiping_strdup(const char* text) {
  return ::strdup(text);
}

void wiping_free(void* block) {
  if (block == nullptr) return;
  // All of it: behind what was asked for there may be bytes of an owner before.
  ::explicit_bzero(block, ::malloc_usable_size(block));
  std::free(block);
}

void use_wiping_memory() {
  CRYPTO_malloc_fn current = nullptr;
  CRYPTO_get_mem_functions(&current, nullptr, nullptr);
  if (current == &openssl_malloc) return;
  if (CRYPTO_set_mem_functions(&openssl_malloc, &openssl_realloc, &openssl_free) == 1) return;
  throw std::logic_error(
      "OpenSSL was used before its memory could be overwritten when freed; call heddle first in main()");
}

}  // namespace heddle::runtime

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HEDDLE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define HEDDLE_SANITIZED 1
#endif
#endif

#ifndef HEDDLE_SANITIZED

namespace {

template <class Allocate>
void* allocated_or_null(Allocate allocate) {
  for (;;) {
    if (void* const block = allocate()) return block;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) return nullptr;
    handler();
  }
}

void* allocated_or_null(std::size_t bytes) {
  return allocated_or_null([bytes] { return std::malloc(std::max<std::size_t>(bytes, 1)); });
}

void* allocated_or_null(std::size_t bytes, std::align_val_t alignment) {
  const auto boundary = static_cast<std::size_t>(alignment);
  if (bytes > std::numeric_limits<std::size_t>::max() - boundary) return nullptr;
  const std::size_t rounded = (std::max<std::size_t>(bytes, 1) + boundary - 1) / boundary * boundary;
  return allocated_or_null([=] { return std::aligned_alloc(boundary, rounded); });
}

void* checked(void* block) {
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

// Bytes behind those that were asked for are of an owner before, who has overwritten them or had no secrets. To ask how
// many there are would cost as much as to free the block.
void wipe_and_free(void* block, std::size_t bytes) {
  if (block == nullptr) return;
  ::explicit_bzero(block, bytes);
  std::free(block);
}

}  // namespace

// Every form of them: another allocator that the program is linked with brings its own, which would not overwrite.

void* operator new(std::size_t bytes) {
  return checked(allocated_or_null(bytes));
}
void* operator new[](std::size_t bytes) {
  return checked(allocated_or_null(bytes));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return allocated_or_null(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return allocated_or_null(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return checked(allocated_or_null(bytes, alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return checked(allocated_or_null(bytes, alignment));
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocated_or_null(bytes, alignment);
}
void* operator new[](std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocated_or_null(bytes, alignment);
}

void operator delete(void* block) noexcept {
  heddle::runtime::wiping_free(block);
}
void operator delete[](void* block) noexcept {
  heddle::runtime::wiping_free(block);
}
void operator delete(void* block, std::size_t bytes) noexcept {
  wipe_and_free(block, bytes);
}
void operator delete[](void* block, std::size_t bytes) noexcept {
  wipe_and_free(block, bytes);
}
void operator delete(void* block, const std::nothrow_t&) noexcept {
  heddle::runtime::wiping_free(block);
}
void operator delete[](void* block, const std::nothrow_t&) noexcept {
  heddle::runtime::wiping_free(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
  heddle::runtime::wiping_free(block);
}
void operator delete[](void* block, std::align_val_t) noexcept {
  heddle::runtime::wiping_free(block);
}
void operator delete(void* block, std::size_t bytes, std::align_val_t) noexcept {
  wipe_and_free(block, bytes);
}
void operator delete[](void* block, std::size_t bytes, std::align_val_t) noexcept {
  wipe_and_free(block, bytes);
}
void operator delete(void* block, std::align_val_t, const std::nothrow_t&) noexcept {
  heddle::runtime::wiping_free(block);
}
void operator delete[](void* block, std::align_val_t, const std::nothrow_t&) noexcept {
  heddle::runtime::wiping_free(block);
}

#endif
