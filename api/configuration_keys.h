#pragma once
// The keys that langgraph.json may have, and what each of them is.
//
// A key is named by its path: `http.cors.allow_origins`.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/settings_table.h"

namespace heddle::api {

// One that would make the server less safe than its author thinks if it were passed over.
struct RefusedKey {
  std::string_view path;
  std::string_view reason;
};

// A value: all keys, whatever a file has of them.
class KnownKeys {
 public:
  KnownKeys();

  // Whether keys stand below it.
  bool is_object(const std::string& path) const { return objects_.contains(path); }
  // Null pointer if it is none.
  const Setting* setting(const std::string& path) const;
  // Known to the reference, and changes nothing here.
  static bool is_without_effect(std::string_view path);
  // Null pointer if it is not refused.
  static const RefusedKey* refused(std::string_view path);

  // For an unknown `key` below `prefix` (empty, or with a period at its end): the nearest one beside it, or the one of
  // the same name elsewhere, or all that are known there.
  std::string hint(const std::string& prefix, const std::string& key) const;

 private:
  void add(const std::string& path);
  void alias(const std::string& path, const std::string& other);
  std::vector<std::string> children(const std::string& prefix) const;

  std::set<std::string> paths_;
  std::set<std::string> objects_;
  std::map<std::string, const Setting*> settings_;
};

}  // namespace heddle::api
