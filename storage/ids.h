#pragma once
// The ids of what is stored, as types that cannot be mixed up.
//
// All are UUIDs and kept as their 16 bytes. Which version of UUID an id is, and how a new one is
// made, is not storage's business: see runtime/uuid.h.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace heddle::storage {

// 16 bytes; compares bytewise, which for UUID versions 6 and 7 is the order of time.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  // Reads 8-4-4-4-12 hex digits in any case; nothing else is accepted.
  static std::optional<Uuid> parse(std::string_view text);

  // 36 characters, lower case.
  std::string text() const;

  auto operator<=>(const Uuid&) const = default;
};

// A UUID that belongs to one kind of record. A value: copied and compared freely.
template <class Tag>
struct Id {
  Uuid uuid;

  static std::optional<Id> parse(std::string_view text) {
    const std::optional<Uuid> parsed = Uuid::parse(text);
    if (!parsed) return std::nullopt;
    return Id{*parsed};
  }
  std::string text() const { return uuid.text(); }
  auto operator<=>(const Id&) const = default;
};

using ThreadId = Id<struct ThreadTag>;
using RunId = Id<struct RunTag>;
using AssistantId = Id<struct AssistantTag>;
using CronId = Id<struct CronTag>;
using CheckpointId = Id<struct CheckpointTag>;
using TaskId = Id<struct TaskTag>;

// Who a record belongs to. Empty text: nobody in particular (a server without authentication).
// Every query of a client's records names the owner it asks for.
struct Owner {
  std::string text;
  auto operator<=>(const Owner&) const = default;
};

}  // namespace heddle::storage

template <>
struct std::hash<heddle::storage::Uuid> {
  std::size_t operator()(const heddle::storage::Uuid& id) const noexcept;
};
template <class Tag>
struct std::hash<heddle::storage::Id<Tag>> {
  std::size_t operator()(const heddle::storage::Id<Tag>& id) const noexcept {
    return std::hash<heddle::storage::Uuid>{}(id.uuid);
  }
};
