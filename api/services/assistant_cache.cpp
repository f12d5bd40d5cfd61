#include "api/services/assistant_cache.h"

namespace heddle::api {

std::optional<storage::Assistant> AssistantCache::find(const storage::Owner& owner, storage::AssistantId id) const {
  const auto found = kept_.find({owner, id});
  if (found == kept_.end()) return std::nullopt;
  return found->second;
}

void AssistantCache::keep(const storage::Owner& owner, const storage::Assistant& assistant, std::uint64_t asked_at) {
  if (changing_ > 0 || asked_at != moment_) return;
  if (kept_.size() >= kKeptMax) kept_.clear();
  kept_.insert_or_assign({owner, assistant.assistant_id}, assistant);
}

void AssistantCache::forget() {
  ++moment_;
  kept_.clear();
}

}  // namespace heddle::api
