#pragma once
// What holds for every item of a server's store (http-api.md 13.6).

#include <memory>
#include <optional>

namespace heddle::runtime {

class StoreIndex;

struct StoreRules {
  std::optional<double> default_minutes_to_live;  // of items that are put without one; none: for ever
  bool refreshes_on_read = true;
  std::shared_ptr<const StoreIndex> index;  // null: there is no search by meaning
};

}  // namespace heddle::runtime
