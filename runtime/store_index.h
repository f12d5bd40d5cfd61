#pragma once
// The index of the store's search by meaning: which texts of an item count, and their vectors (http-api.md 13.6).

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <memory>
#include <string>
#include <vector>

#include "runtime/embedder.h"
#include "runtime/store.h"
#include "runtime/store_path.h"
#include "storage/items.h"

namespace heddle::runtime {

// Immutable; any thread may call.
class StoreIndex {
 public:
  StoreIndex(std::shared_ptr<const Embedder> embedder, std::vector<StorePath> fields)
      : embedder_(std::move(embedder)), fields_(std::move(fields)) {}

  // None if nothing of it is to be indexed: by choice, or because there is no text that is not blank. Throws
  // EmbeddingError, also for more than 256 texts or one of more than 256 KiB.
  boost::asio::awaitable<storage::ItemVectors> vectors_of(boost::json::object value, IndexChoice choice) const;
  // Throws EmbeddingError. `text` is not blank.
  boost::asio::awaitable<std::vector<float>> vector_of(std::string text) const;

  const std::string& model() const { return embedder_->name(); }

 private:
  std::vector<std::string> texts_of(const boost::json::object& value, const IndexChoice& choice) const;

  std::shared_ptr<const Embedder> embedder_;
  std::vector<StorePath> fields_;
};

// Nothing that means something.
bool is_blank(std::string_view text);

}  // namespace heddle::runtime
