#pragma once
// The SQL behind storage/assistants.h.

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include "storage/assistants.h"
#include "storage/sqlite/query.h"

namespace heddle::storage::sqlite {

// Belongs to one connection and its thread.
class AssistantTable final : public Assistants {
 public:
  explicit AssistantTable(const SQLite::Database& database);

  std::optional<Assistant> find(const AssistantReader& reader, AssistantId id) const override;
  Found<Assistant> search(const AssistantQuery& query) const override;
  std::int64_t count(const AssistantQuery& query) const override;
  std::vector<Assistant> versions(AssistantId id, const Containment& metadata, Page page) const override;
  std::optional<Assistant> find_version(AssistantId id, std::int64_t version) const override;

  bool insert(const Assistant& assistant) override;
  Assistant add_version(Assistant next) override;
  Assistant make_current(AssistantId id, std::int64_t version, Timestamp now) override;
  void erase(AssistantId id) override;

 private:
  void insert_version(const Assistant& assistant, Timestamp created_at);

  mutable SQLite::Statement find_;
  mutable SQLite::Statement versions_;
  mutable SQLite::Statement find_version_;
  mutable SQLite::Statement highest_version_;
  mutable StatementCache searches_;
  SQLite::Statement insert_;
  SQLite::Statement insert_version_;
  SQLite::Statement make_current_;
  SQLite::Statement erase_;
};

}  // namespace heddle::storage::sqlite
