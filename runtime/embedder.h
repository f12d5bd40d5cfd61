#pragma once
// What turns texts into vectors whose directions tell how near their meanings are.

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace heddle::runtime {

// No vectors. The text says whose fault it is and what to do; it has no key and no part of the texts.
class EmbeddingError : public std::runtime_error {
 public:
  enum class Fault {
    texts,    // would fail again: too long, too many, or refused by the model
    service,  // the model cannot be asked now, or as it is set
  };
  EmbeddingError(Fault fault, const std::string& text) : std::runtime_error(text), fault_(fault) {}
  Fault fault() const { return fault_; }

 private:
  Fault fault_;
};

// Immutable; any thread may call, any number at a time.
class Embedder {
 public:
  virtual ~Embedder() = default;
  // One vector for each text, in order, each with dimensions() numbers. No text is empty. Throws EmbeddingError.
  virtual boost::asio::awaitable<std::vector<std::vector<float>>> embed(std::vector<std::string> texts) const = 0;
  virtual std::size_t dimensions() const = 0;
  // Vectors of two embedders can be compared if their names are equal.
  virtual const std::string& name() const = 0;
};

}  // namespace heddle::runtime
