#include "storage/sqlite/item_vector_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "storage/sqlite/query.h"

namespace heddle::storage::sqlite {
namespace {

// Vectors are stored as they are in memory.
static_assert(std::endian::native == std::endian::little && sizeof(float) == 4);

// Vectors of a search that memory has no room for are read and compared in portions, so that few of them are held.
constexpr std::size_t kKeptAtOnce = 1'024;

struct Rows {
  std::vector<std::int64_t> ids;
  std::vector<bool> begins_item;
};

std::vector<Candidate> best_of_each(const Rows& rows, const std::vector<std::optional<float>>& products) {
  std::vector<Candidate> candidates;
  bool has_one = false;  // of the item of this row
  for (std::size_t i = 0; i < rows.ids.size(); ++i) {
    if (rows.begins_item[i]) has_one = false;
    if (!products[i]) continue;
    if (!has_one) {
      candidates.push_back({*products[i], static_cast<std::uint32_t>(candidates.size()), rows.ids[i]});
    } else {
      candidates.back().score = std::max(candidates.back().score, *products[i]);
    }
    has_one = true;
  }
  return candidates;
}

}  // namespace

ItemVectorTable::ItemVectorTable(const SQLite::Database& database, VectorMemory& memory)
    : memory_(memory),
      in_range_(database, R"sql(
        SELECT vector_id, place FROM item_vectors INDEXED BY item_vectors_of_item
        WHERE owner = :owner AND name_space >= :begin AND (:end IS NULL OR name_space < :end) AND model = :model
        ORDER BY owner, name_space, key, place LIMIT :limit
      )sql"),
      read_(database, "SELECT vector FROM item_vectors WHERE vector_id = :vector_id"),
      add_(database, R"sql(
        INSERT INTO item_vectors (owner, name_space, key, place, model, vector)
        VALUES (:owner, :name_space, :key, :place, :model, :vector)
      )sql"),
      erase_(database, "DELETE FROM item_vectors WHERE owner = :owner AND name_space = :name_space AND key = :key") {}

std::optional<std::vector<Candidate>> ItemVectorTable::compare(const VectorRange& range,
                                                               const std::vector<float>& vector,
                                                               std::int64_t most) const {
  Rows rows;
  {
    Query sql(in_range_);
    sql.bind(":owner", range.owner).bind(":begin", range.begin).bind(":end", range.end);
    sql.bind(":model", range.model).bind(":limit", most + 1);
    while (sql.next()) {
      std::int64_t place = 0;
      sql >> rows.ids.emplace_back() >> place;
      rows.begins_item.push_back(place == 0);
    }
  }
  if (std::ssize(rows.ids) > most) return std::nullopt;
  std::vector<std::optional<float>> products = memory_.compare(rows.ids, vector);
  const auto used = static_cast<std::size_t>(
      std::ranges::count_if(products, [](const std::optional<float>& product) { return product.has_value(); }));
  memory_.make_room(rows.ids.size() - used, used, vector.size());
  std::vector<VectorMemory::Kept> read_now;
  for (std::size_t i = 0; i < rows.ids.size(); ++i) {
    if (products[i]) continue;
    std::optional<std::vector<float>> numbers = read(rows.ids[i]);
    if (!numbers || numbers->size() != vector.size()) continue;
    products[i] = dot_product(vector, *numbers);
    read_now.emplace_back(rows.ids[i], std::move(*numbers));
    if (read_now.size() < kKeptAtOnce) continue;
    memory_.keep(read_now);
    read_now.clear();
  }
  memory_.keep(read_now);
  return best_of_each(rows, products);
}

void ItemVectorTable::add(const Owner& owner, const std::string& name_space, const std::string& key,
                          const ItemVectors& vectors) {
  std::int64_t place = 0;
  for (const std::vector<float>& numbers : vectors.vectors) {
    const std::string bytes(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
    Query sql(add_);
    sql.bind(":owner", owner).bind(":name_space", name_space).bind(":key", key).bind(":place", place++);
    sql.bind(":model", vectors.model).bind_blob(":vector", bytes);
    sql.run();
  }
}

void ItemVectorTable::erase(const Owner& owner, const std::string& name_space, const std::string& key) {
  Query sql(erase_);
  sql.bind(":owner", owner).bind(":name_space", name_space).bind(":key", key).run();
}

std::optional<std::vector<float>> ItemVectorTable::read(std::int64_t vector_id) const {
  Query sql(read_);
  sql.bind(":vector_id", vector_id);
  if (!sql.next()) return std::nullopt;
  std::string bytes;
  sql >> bytes;
  std::vector<float> numbers(bytes.size() / sizeof(float));
  std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(float));
  return numbers;
}

}  // namespace heddle::storage::sqlite
