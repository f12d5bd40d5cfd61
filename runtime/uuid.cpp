#include "runtime/uuid.h"

#include <openssl/evp.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <ratio>
#include <span>
#include <stdexcept>
#include <system_error>

#include "runtime/checkpoint_time.h"

namespace heddle::runtime {
namespace {

using Ticks = std::chrono::duration<std::int64_t, std::ratio<1, 10'000'000>>;  // 100 ns
constexpr Ticks kUnixEpoch{0x01B21DD213814000};                                // 1970 in ticks since 1582-10-15
constexpr std::int64_t kTicksMask = (std::int64_t{1} << 60) - 1;

// Random bytes of the system, taken 256 at a time: a call of it costs more than all else of an id.
class RandomBytes {
 public:
  void fill(std::span<std::uint8_t> bytes) {
    if (bytes.size() > left_) refill();
    const auto from = bytes_.end() - static_cast<std::ptrdiff_t>(left_);
    std::copy_n(from, bytes.size(), bytes.begin());
    left_ -= bytes.size();
  }

 private:
  void refill() {
    if (::getentropy(bytes_.data(), bytes_.size()) != 0) {
      throw std::system_error(errno, std::generic_category(), "no random bytes from the system");
    }
    left_ = bytes_.size();
  }

  std::array<std::uint8_t, 256> bytes_{};
  std::size_t left_ = 0;
};

// Of at most 16 bytes.
void fill_random(std::span<std::uint8_t> bytes) {
  static thread_local RandomBytes random;
  random.fill(bytes);
}

// Found once, because looking it up costs more than hashing a name, and never freed: OpenSSL may be gone before.
const EVP_MD* sha1() {
  static const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  return found;
}

void set_version(storage::Uuid& id, unsigned version) {
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0F) | version << 4);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3F) | 0x80);
}

// The low `count` bytes of `number`, highest first.
void put(storage::Uuid& id, std::size_t at, std::size_t count, std::uint64_t number) {
  for (std::size_t i = 0; i < count; ++i) {
    id.bytes[at + i] = static_cast<std::uint8_t>(number >> (8 * (count - 1 - i)));
  }
}

// `wanted`, or the number after the last one given out if that is greater.
std::int64_t advance(std::atomic<std::int64_t>& last, std::int64_t wanted) {
  std::int64_t seen = last.load();
  std::int64_t next = 0;
  do {
    next = std::max(wanted, seen + 1);
  } while (!last.compare_exchange_weak(seen, next));
  return next;
}

}  // namespace

storage::Uuid uuid4() {
  storage::Uuid id;
  fill_random(id.bytes);
  set_version(id, 4);
  return id;
}

storage::Uuid uuid7(storage::Timestamp now) {
  // 48 bits of milliseconds and, as RFC 9562 allows, 12 bits of their fractions: as one number they
  // can be kept increasing.
  static std::atomic<std::int64_t> last{0};
  const std::int64_t microseconds = now.time_since_epoch().count();
  const std::int64_t wanted = (microseconds / 1000) << 12 | (microseconds % 1000 * 4096 / 1000);
  const auto time = static_cast<std::uint64_t>(advance(last, wanted));
  storage::Uuid id;
  fill_random(std::span(id.bytes).subspan(8));
  put(id, 0, 6, time >> 12);
  put(id, 6, 2, time & 0xFFF);
  set_version(id, 7);
  return id;
}

storage::Uuid uuid5(const storage::Uuid& name_space, std::string_view name) {
  std::string text(name_space.bytes.begin(), name_space.bytes.end());
  text += name;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (!sha1() || EVP_Digest(text.data(), text.size(), digest.data(), nullptr, sha1(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL has no SHA-1, which ids of tasks and assistants need");
  }
  storage::Uuid id;
  std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
  set_version(id, 5);
  return id;
}

std::int64_t ticks_of(const storage::Uuid& uuid6) {
  std::uint64_t high = 0;
  for (std::size_t i = 0; i < 6; ++i) high = high << 8 | uuid6.bytes[i];
  const std::uint64_t low = (uuid6.bytes[6] & 0x0Fu) << 8 | uuid6.bytes[7];
  return static_cast<std::int64_t>(high << 12 | low);
}

CheckpointIds::CheckpointIds(std::optional<storage::CheckpointId> newest) {
  if (newest) seed(*newest);
}

void CheckpointIds::seed(const storage::CheckpointId& known) {
  const std::int64_t ticks = ticks_of(known.uuid);
  std::int64_t seen = last_ticks_.load();
  while (seen < ticks && !last_ticks_.compare_exchange_weak(seen, ticks)) {
  }
}

storage::Timestamp time_of(const storage::CheckpointId& id) {
  const Ticks since_1970 = Ticks(ticks_of(id.uuid)) - kUnixEpoch;
  return storage::Timestamp{std::chrono::duration_cast<storage::Timestamp::duration>(since_1970)};
}

storage::CheckpointId CheckpointIds::next(storage::Timestamp now, std::int64_t step) {
  const Ticks since_1582 = Ticks(now.time_since_epoch()) + kUnixEpoch;
  const auto ticks = static_cast<std::uint64_t>(advance(last_ticks_, since_1582.count()) & kTicksMask);
  storage::Uuid id;
  put(id, 0, 6, ticks >> 12);
  put(id, 6, 2, ticks & 0xFFF);
  put(id, 8, 2, static_cast<std::uint64_t>(step) & 0x3FFF);
  fill_random(std::span(id.bytes).subspan(10));
  set_version(id, 6);
  return storage::CheckpointId{id};
}

std::string hash128(std::string_view text) {
  XXH128_canonical_t canonical{};
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(text.data(), text.size()));
  constexpr char kHexDigits[] = "0123456789abcdef";
  std::string out;
  for (const unsigned char byte : canonical.digest) {
    out.push_back(kHexDigits[byte >> 4]);
    out.push_back(kHexDigits[byte & 0xF]);
  }
  return out;
}

std::string interrupt_id(std::string_view namespace_text) {
  return hash128(namespace_text);
}

std::string question_id(const std::string& node_ns, std::size_t number) {
  return interrupt_id(number == 0 ? node_ns : node_ns + "|" + std::to_string(number));
}

storage::TaskId task_id(const storage::CheckpointId& checkpoint, std::string_view json_array_text) {
  return storage::TaskId{uuid5(checkpoint.uuid, json_array_text)};
}

}  // namespace heddle::runtime
