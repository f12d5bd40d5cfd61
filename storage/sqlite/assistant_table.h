#pragma once
// The SQL behind storage/assistants.h.

#include <SQLiteCpp/Database.h>

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

  mutable Statement find_;
  mutable Statement versions_;
  mutable Statement find_version_;
  mutable Statement highest_version_;
  mutable StatementCache searches_;
  Statement insert_;
  Statement insert_version_;
  Statement make_current_;
  Statement erase_;
};

}  // namespace heddle::storage::sqlite
