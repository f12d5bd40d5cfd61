#pragma once
// Vectors without a model, for tests and demonstrations.
//
// Words, and the three letters that follow each other in them, are hashed to directions: texts that share words or
// parts of words are near each other. It knows no meaning: "car" and "automobile" have nothing in common for it.

#include <cstddef>
#include <string>

#include "runtime/embedder.h"

namespace heddle::graphs {

class OfflineEmbedder final : public runtime::Embedder {
 public:
  explicit OfflineEmbedder(std::size_t dimensions);

  boost::asio::awaitable<std::vector<std::vector<float>>> embed(std::vector<std::string> texts) const override;
  std::size_t dimensions() const override { return dimensions_; }
  const std::string& name() const override { return name_; }

 private:
  std::size_t dimensions_;
  std::string name_;
};

}  // namespace heddle::graphs
