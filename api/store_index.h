#pragma once
// The index of the store, made from what is configured.

#include <map>
#include <memory>
#include <string>

#include "api/settings.h"
#include "runtime/store_index.h"

namespace heddle::api {

// Null pointer if none is configured. Throws std::runtime_error with one line that says what to set. A thread may be
// started, so signals are to be blocked before.
std::shared_ptr<const runtime::StoreIndex> make_store_index(const IndexSettings& settings,
                                                            const std::map<std::string, std::string>& environment);

// One line for the start: who is asked; no secret. Empty for a null pointer.
std::string index_notice(const runtime::StoreIndex* index);

}  // namespace heddle::api
