#pragma once
// Items of the store: JSON values under a namespace and a key (http-api.md 13).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/filter.h"
#include "storage/ids.h"
#include "storage/timestamp.h"

namespace heddle::storage {

// A list of labels. Stored as its labels joined by U+001F with one at the end, so that a prefix of
// labels is a prefix of the text.
using ItemNamespace = std::vector<std::string>;

struct Item {
  Owner owner;
  ItemNamespace name_space;
  std::string key;
  std::string value_json = "{}";
  Timestamp created_at;
  Timestamp updated_at;
  std::optional<Timestamp> expires_at;
  std::optional<Timestamp::duration> time_to_live = std::nullopt;  // what refresh() counts anew
};

enum class FilterOperator { eq, ne, gt, gte, lt, lte };

// One condition on a top-level key of the value. `operand_json` is a JSON scalar as text.
struct ItemCondition {
  std::string key;
  FilterOperator op = FilterOperator::eq;
  std::string operand_json;
};

struct ItemQuery {
  Owner owner;
  ItemNamespace prefix;
  std::vector<ItemCondition> conditions;  // all must hold
  Page page;
  Timestamp now;  // expired items are invisible
};

struct NamespaceQuery {
  Owner owner;
  ItemNamespace prefix;  // a label "*" stands for any one label
  ItemNamespace suffix;
  std::optional<std::int64_t> max_depth;
  Page page{100, 0};
  Timestamp now;
};

// What an item means, as vectors of length one: several if several of its texts count, the nearest one decides.
struct ItemVectors {
  std::string model;  // only vectors of one model can be compared
  std::vector<std::vector<float>> vectors;
};

struct NearestQuery {
  ItemQuery items;
  std::string model;
  std::vector<float> vector;      // of length one
  std::int64_t compared_max = 0;  // vectors
};

struct ScoredItem {
  Item item;
  double score = 0;  // cosine of the angle, -1 to 1
};

class ItemReads {
 public:
  virtual ~ItemReads() = default;
  virtual std::optional<Item> find(const Owner& owner, const ItemNamespace& name_space, const std::string& key,
                                   Timestamp now) const = 0;
  virtual std::vector<Item> search(const ItemQuery& query) const = 0;  // last updated first
  // Best score first, then by namespace and key; items without vectors of the model are not found. Every vector below
  // the prefix is compared: nothing if that would be more than `compared_max`.
  virtual std::optional<std::vector<ScoredItem>> nearest(const NearestQuery& query) const = 0;
  virtual std::vector<ItemNamespace> namespaces(const NamespaceQuery& query) const = 0;  // by name
};

class Items : public ItemReads {
 public:
  virtual void put(const Item& item) = 0;  // created_at of an existing item stays, its vectors go
  virtual void add_vectors(const Item& item, const ItemVectors& vectors) = 0;  // the item is there
  virtual void erase(const Owner& owner, const ItemNamespace& name_space, const std::string& key) = 0;
  // Lets the time to live begin again at `now`, if the item has one and has not expired.
  virtual void refresh(const Owner& owner, const ItemNamespace& name_space, const std::string& key, Timestamp now) = 0;
  // Of all owners, longest expired first, at most `limit`. Returns how many.
  virtual std::int64_t erase_expired(Timestamp now, std::int64_t limit) = 0;
};

}  // namespace heddle::storage
