#include "storage/sqlite/query.h"

#include <SQLiteCpp/Column.h>

#include <algorithm>
#include <chrono>
#include <cstring>

namespace heddle::storage::sqlite {

Query::Query(Statement& statement) : statement_(statement) {}

Query::~Query() {
  // The result repeats the error of the last step, which has been thrown already.
  statement_.tryReset();
  statement_.clearBindings();
}

Query& Query::bind(ParameterName name, const std::string& text) {
  statement_.bindNoCopy(statement_.place_of(name), text);
  return *this;
}

Query& Query::bind(ParameterName name, std::int64_t number) {
  statement_.bind(statement_.place_of(name), number);
  return *this;
}

Query& Query::bind(ParameterName name, const Uuid& id) {
  statement_.bindNoCopy(statement_.place_of(name), id.bytes.data(), static_cast<int>(id.bytes.size()));
  return *this;
}

Query& Query::bind_blob(ParameterName name, const std::string& bytes) {
  statement_.bindNoCopy(statement_.place_of(name), static_cast<const void*>(bytes.data()),
                        static_cast<int>(bytes.size()));
  return *this;
}

// The text ends with a zero, and stays.
Query& Query::bind_literal(ParameterName name, std::string_view text) {
  statement_.bindNoCopy(statement_.place_of(name), text.data());
  return *this;
}

bool Query::next() {
  column_ = 0;
  return statement_.executeStep();
}

int Query::run() {
  return statement_.exec();
}

Query& Query::operator>>(std::string& text) {
  text = statement_.getColumn(column_++).getString();
  return *this;
}

Query& Query::operator>>(std::int64_t& number) {
  number = statement_.getColumn(column_++).getInt64();
  return *this;
}

Query& Query::operator>>(bool& flag) {
  flag = statement_.getColumn(column_++).getInt64() != 0;
  return *this;
}

Query& Query::operator>>(Uuid& id) {
  const SQLite::Column column = statement_.getColumn(column_++);
  const void* bytes = column.getBlob();
  if (bytes == nullptr || column.getBytes() != static_cast<int>(id.bytes.size())) {
    throw StorageError("the database holds an id that has not 16 bytes; it is damaged, restore a backup");
  }
  std::memcpy(id.bytes.data(), bytes, id.bytes.size());
  return *this;
}

Query& Query::operator>>(Timestamp& time) {
  Timestamp::duration since_1970{};
  *this >> since_1970;
  time = Timestamp{since_1970};
  return *this;
}

Query& Query::operator>>(Timestamp::duration& time) {
  std::int64_t count = 0;
  *this >> count;
  time = Timestamp::duration{count};
  return *this;
}

std::size_t Query::position_of(std::string_view name, const std::string_view* names, std::size_t count) {
  const std::string_view* found = std::find(names, names + count, name);
  if (found == names + count) {
    throw StorageError("the database holds a status that this heddle does not know; it is damaged, restore a backup");
  }
  return static_cast<std::size_t>(found - names);
}

Statement& StatementCache::prepared(const std::string& sql) {
  return statements_.try_emplace(sql, database_, sql).first->second;
}

}  // namespace heddle::storage::sqlite
