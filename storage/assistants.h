#pragma once
// Assistants: a graph plus config, context and metadata, with versions (http-api.md 5).
// Fields named *_json hold JSON text that storage neither reads nor changes.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/filter.h"
#include "storage/ids.h"
#include "storage/timestamp.h"

namespace heddle::storage {

struct Assistant {
  AssistantId assistant_id;
  Owner owner;
  std::string graph_id;
  std::string name;
  std::optional<std::string> description;
  std::string config_json = "{}";
  std::string context_json = "{}";
  std::string metadata_json = "{}";
  std::int64_t version = 1;
  Timestamp created_at;
  Timestamp updated_at;
};

// Who wants to see assistants: their own, those of the system, and those of others whose metadata contain one of
// `shared`. An owner alone reads as one with whom nothing is shared.
struct AssistantReader {
  Owner owner;
  std::vector<Containment> shared = {};

  AssistantReader(Owner who, std::vector<Containment> what = {})  // NOLINT: implicit
      : owner(std::move(who)), shared(std::move(what)) {}
};

enum class AssistantSort { assistant_id, graph_id, name, created_at, updated_at };

struct AssistantQuery {
  AssistantReader reader{Owner{}};
  std::optional<std::string> graph_id;  // exact
  std::optional<std::string> name;      // substring, case-insensitive
  Containment metadata;
  AssistantSort sort_by = AssistantSort::created_at;
  SortOrder order = SortOrder::descending;
  Page page;
};

// Reads see one consistent snapshot. Records of the reader, records without an owner whose metadata has created_by
// "system", and what is shared with the reader are found; all others do not exist for the caller.
class AssistantReads {
 public:
  virtual ~AssistantReads() = default;
  virtual std::optional<Assistant> find(const AssistantReader& reader, AssistantId id) const = 0;
  virtual Found<Assistant> search(const AssistantQuery& query) const = 0;
  virtual std::int64_t count(const AssistantQuery& query) const = 0;
  // All versions, newest first, filtered by metadata containment and cut to the page.
  virtual std::vector<Assistant> versions(AssistantId id, const Containment& metadata, Page page) const = 0;
  virtual std::optional<Assistant> find_version(AssistantId id, std::int64_t version) const = 0;
};

class Assistants : public AssistantReads {
 public:
  // Stores a new assistant as its own version `version`; false if the id exists (whoever owns it).
  virtual bool insert(const Assistant& assistant) = 0;
  // Makes `next` the current version and keeps it; its number becomes the highest one plus one,
  // which is returned in the record.
  virtual Assistant add_version(Assistant next) = 0;
  // Makes an existing version the current one without making a new one.
  virtual Assistant make_current(AssistantId id, std::int64_t version, Timestamp now) = 0;
  // With its versions and its crons.
  virtual void erase(AssistantId id) = 0;
};

}  // namespace heddle::storage
