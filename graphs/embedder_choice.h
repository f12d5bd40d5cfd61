#pragma once
// Which embedder the store's index asks, by what is configured and the variables of the environment.
//
// `openai:MODEL` is OpenAI, or with OPENAI_BASE_URL every server that speaks its embeddings API, with the key of
// OPENAI_API_KEY. `offline` needs nothing and understands nothing (offline_embedder.h).

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/embedder.h"

namespace heddle::graphs {

// Whether `embed` is of one of the forms above.
bool is_known_embedder(std::string_view embed);

// `dims`: as configured, 0 if it is not. Throws std::runtime_error with one line that says what to set: the dimensions
// of a well-known model are others, a model that is not known needs them, there is no key.
std::shared_ptr<const runtime::Embedder> choose_embedder(const std::string& embed, std::int64_t dims,
                                                         const std::map<std::string, std::string>& environment);

}  // namespace heddle::graphs
