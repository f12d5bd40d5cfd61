#pragma once
// One use of a prepared statement: bind its parameters, then step through its rows.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

#include "storage/error.h"
#include "storage/ids.h"
#include "storage/sqlite/statement.h"
#include "storage/sqlite/stored_names.h"
#include "storage/timestamp.h"

namespace heddle::storage::sqlite {

// At most one Query uses a statement at a time. Its end resets the statement and forgets what was
// bound, also when an exception ends it.
class Query {
 public:
  explicit Query(Statement& statement);
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Texts and ids are not copied: they must stay where they are until the Query ends. What is not bound is NULL.
  Query& bind(ParameterName name, const std::string& text);
  Query& bind(ParameterName name, std::string&& text) = delete;
  Query& bind(ParameterName name, const Owner& owner) { return bind(name, owner.text); }
  Query& bind(ParameterName name, Owner&& owner) = delete;
  Query& bind(ParameterName name, std::int64_t number);
  Query& bind(ParameterName name, const Uuid& id);
  Query& bind(ParameterName name, Uuid&& id) = delete;
  Query& bind(ParameterName name, Timestamp time) { return bind(name, time.time_since_epoch().count()); }
  Query& bind(ParameterName name, Timestamp::duration time) { return bind(name, std::int64_t{time.count()}); }
  Query& bind_blob(ParameterName name, const std::string& bytes);
  Query& bind_blob(ParameterName name, std::string&& bytes) = delete;

  template <class Tag>
  Query& bind(ParameterName name, const Id<Tag>& id) {
    return bind(name, id.uuid);
  }
  template <class Tag>
  Query& bind(ParameterName name, Id<Tag>&& id) = delete;
  template <class Enum>
    requires std::is_enum_v<Enum>
  Query& bind(ParameterName name, Enum value) {
    return bind_literal(name, StoredNames<Enum>::kNames[static_cast<std::size_t>(value)]);
  }
  template <class T>
  Query& bind(ParameterName name, const std::optional<T>& value) {
    if (value) bind(name, *value);
    return *this;
  }

  // Goes to the next row; false after the last one.
  bool next();

  // Runs a statement without rows; returns the number of rows it changed.
  int run();

  // Takes the columns of the row from the left.
  Query& operator>>(std::string& text);
  Query& operator>>(std::int64_t& number);
  Query& operator>>(bool& flag);
  Query& operator>>(Uuid& id);
  Query& operator>>(Timestamp& time);
  Query& operator>>(Timestamp::duration& time);
  Query& operator>>(Owner& owner) { return *this >> owner.text; }
  template <class Tag>
  Query& operator>>(Id<Tag>& id) {
    return *this >> id.uuid;
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  Query& operator>>(Enum& value) {
    std::string name;
    *this >> name;
    value = static_cast<Enum>(position_of(name, StoredNames<Enum>::kNames.data(), StoredNames<Enum>::kNames.size()));
    return *this;
  }
  template <class T>
  Query& operator>>(std::optional<T>& value) {
    value.reset();
    if (statement_.isColumnNull(column_)) {
      ++column_;
      return *this;
    }
    return *this >> value.emplace();
  }

 private:
  Query& bind_literal(ParameterName name, std::string_view text);
  static std::size_t position_of(std::string_view name, const std::string_view* names, std::size_t count);

  Statement& statement_;
  int column_ = 0;
};

// Statements whose text depends on what is asked for (an order, which condition). There are few
// such texts per table; each is prepared when it is first needed and kept.
class StatementCache {
 public:
  explicit StatementCache(const SQLite::Database& database) : database_(database) {}
  Statement& prepared(const std::string& sql);

 private:
  const SQLite::Database& database_;
  std::unordered_map<std::string, Statement> statements_;
};

}  // namespace heddle::storage::sqlite
