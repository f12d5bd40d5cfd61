#include "runtime/store_index.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>
#include <utility>

#include "runtime/json.h"

namespace heddle::runtime {

namespace asio = boost::asio;

namespace {

// Each text of an item is a vector to be compared with in every search.
constexpr std::size_t kTextsMax = 256;
// Models take some 8,000 tokens, which are at most 32 KiB of text; what is longer is a mistake.
constexpr std::size_t kTextBytesMax = std::size_t{256} << 10;

EmbeddingError bad_texts(const std::string& what) {
  return {EmbeddingError::Fault::texts, what + "; name other fields with `index`, or false to leave the item out"};
}

// To length one. Throws EmbeddingError for a vector without a direction.
void normalize(std::vector<float>& vector) {
  double squares = 0;
  for (const float number : vector) squares += static_cast<double>(number) * static_cast<double>(number);
  const double length = std::sqrt(squares);
  if (!(length > 0) || !std::isfinite(length)) {
    throw EmbeddingError(EmbeddingError::Fault::service, "the embedding model gave a vector without a direction");
  }
  for (float& number : vector) number = static_cast<float>(static_cast<double>(number) / length);
}

}  // namespace

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::vector<std::string> StoreIndex::texts_of(const boost::json::object& value, const IndexChoice& choice) const {
  if (std::holds_alternative<NotIndexed>(choice)) return {};
  const auto* chosen = std::get_if<std::vector<StorePath>>(&choice);
  const json::value whole(value);
  std::vector<std::string> texts;
  for (const StorePath& field : chosen != nullptr ? *chosen : fields_) {
    std::vector<std::string> found = field.texts_in(whole, kTextsMax + 1);
    std::erase_if(found, [](const std::string& text) { return is_blank(text); });
    std::ranges::move(found, std::back_inserter(texts));
    if (texts.size() > kTextsMax) throw bad_texts("more than " + std::to_string(kTextsMax) + " texts of the item");
  }
  const auto is_long = [](const std::string& text) { return text.size() > kTextBytesMax; };
  if (std::ranges::any_of(texts, is_long)) throw bad_texts("a text of the item has more than 256 KiB");
  return texts;
}

asio::awaitable<storage::ItemVectors> StoreIndex::vectors_of(boost::json::object value, IndexChoice choice) const {
  storage::ItemVectors vectors{embedder_->name(), {}};
  std::vector<std::string> texts = texts_of(value, choice);
  if (texts.empty()) co_return vectors;
  vectors.vectors = co_await embedder_->embed(std::move(texts));
  for (std::vector<float>& vector : vectors.vectors) normalize(vector);
  co_return vectors;
}

asio::awaitable<std::vector<float>> StoreIndex::vector_of(std::string text) const {
  if (text.size() > kTextBytesMax) {
    throw EmbeddingError(EmbeddingError::Fault::texts, "the query has more than 256 KiB");
  }
  std::vector<std::string> texts;
  texts.push_back(std::move(text));
  std::vector<std::vector<float>> vectors = co_await embedder_->embed(std::move(texts));
  normalize(vectors.front());
  co_return std::move(vectors.front());
}

}  // namespace heddle::runtime
