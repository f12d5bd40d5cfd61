#include "graphs/offline_embedder.h"

#include <cstdint>
#include <string_view>

namespace heddle::graphs {

namespace asio = boost::asio;

namespace {

// A part of a word tells less than the word.
constexpr float kPartWeight = 0.3F;
constexpr std::size_t kPart = 3;

// FNV-1a, and a last mixing, because its low bits alone are poor: the same on every machine.
std::uint64_t hash_of(std::string_view feature) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : feature) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  hash ^= hash >> 32U;
  hash *= 0xd6e8feb86659fd93U;
  return hash ^ (hash >> 32U);
}

void add(std::string_view feature, float weight, std::vector<float>& vector) {
  const std::uint64_t hash = hash_of(feature);
  const bool is_negative = (hash >> 63U) != 0;
  vector[hash % vector.size()] += is_negative ? -weight : weight;
}

bool is_part_of_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80U;
}

void add_word(const std::string& word, std::vector<float>& vector) {
  if (word.empty()) return;
  add(word, 1, vector);
  for (std::size_t at = 0; at + kPart <= word.size(); ++at) add("~" + word.substr(at, kPart), kPartWeight, vector);
}

std::vector<float> vector_of(std::string_view text, std::size_t dimensions) {
  std::vector<float> vector(dimensions);
  std::string word;
  for (const char c : text) {
    const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (is_part_of_word(small)) {
      word.push_back(small);
      continue;
    }
    add_word(word, vector);
    word.clear();
  }
  add_word(word, vector);
  // Signs alone have no word, and what was added may have cancelled out; a vector has to have a direction.
  bool is_nothing = true;
  for (const float number : vector) is_nothing = is_nothing && number == 0;
  if (is_nothing) vector.front() = 1;
  return vector;
}

}  // namespace

OfflineEmbedder::OfflineEmbedder(std::size_t dimensions)
    : dimensions_(dimensions), name_("offline/" + std::to_string(dimensions)) {}

asio::awaitable<std::vector<std::vector<float>>> OfflineEmbedder::embed(std::vector<std::string> texts) const {
  std::vector<std::vector<float>> vectors;
  vectors.reserve(texts.size());
  for (const std::string& text : texts) vectors.push_back(vector_of(text, dimensions_));
  co_return vectors;
}

}  // namespace heddle::graphs
