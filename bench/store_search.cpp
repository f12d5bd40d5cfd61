// How long a search by meaning over many items takes: store_search_bench [ITEMS].
//
// For vectors of 384 and of 1536 numbers it fills a database in the temporary folder, and searches it with all vectors
// in memory, with none, and the first time.

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "storage/storage.h"
#include "tests/support/run.h"

namespace {

namespace storage = heddle::storage;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMemory = std::size_t{1} << 30;
constexpr int kSearches = 5;

// One database, gone with the object.
class Bench {
 public:
  explicit Bench(std::size_t dimensions)
      : dimensions_(dimensions), folder_(std::filesystem::temp_directory_path() / "heddle-store-search-bench") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~Bench() {
    storage_.reset();
    std::filesystem::remove_all(folder_);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  void open(std::size_t vector_bytes) {
    storage_.reset();
    storage::StorageOptions options;
    options.path = (folder_ / "bench.db").string();
    options.vector_bytes_in_memory = vector_bytes;
    storage_ = storage::open(options);
  }

  void fill(std::int64_t items) {
    constexpr std::int64_t at_once = 1'000;
    for (std::int64_t begin = 0; begin < items; begin += at_once) {
      auto put = [this, begin, end = std::min(begin + at_once, items)](storage::Transaction& transaction) {
        for (std::int64_t number = begin; number < end; ++number) {
          storage::Item item;
          item.owner.text = "ann";
          item.name_space = {"memories", std::to_string(number % 100)};
          item.key = std::to_string(number);
          item.value_json = R"({"text":"something that was said"})";
          const storage::ItemVectors vectors{"m", {random_vector()}};
          transaction.items().put(item);
          transaction.items().add_vectors(item, vectors);
        }
      };
      heddle::test::run(io_, storage_->commit(std::move(put)));
    }
  }

  // Milliseconds.
  double search() {
    storage::NearestQuery query;
    query.items.owner.text = "ann";
    query.model = "m";
    query.vector = random_vector();
    query.compared_max = 1'000'000;
    const Clock::time_point begin = Clock::now();
    auto find = [&query](const storage::Snapshot& snapshot) { return snapshot.items().nearest(query); };
    const auto found = heddle::test::run(io_, storage_->read(std::move(find)));
    const std::chrono::duration<double, std::milli> taken = Clock::now() - begin;
    if (!found || found->size() != 10) std::abort();
    return taken.count();
  }

  double best_search() {
    double best = search();
    for (int i = 1; i < kSearches; ++i) best = std::min(best, search());
    return best;
  }

 private:
  std::vector<float> random_vector() {
    std::normal_distribution<double> normal;
    std::vector<float> vector(dimensions_);
    double squares = 0;
    for (float& number : vector) {
      number = static_cast<float>(normal(random_));
      squares += static_cast<double>(number) * static_cast<double>(number);
    }
    const double length = std::sqrt(squares);
    for (float& number : vector) number = static_cast<float>(static_cast<double>(number) / length);
    return vector;
  }

  std::size_t dimensions_;
  std::filesystem::path folder_;
  std::minstd_rand random_{7};
  boost::asio::io_context io_;
  std::unique_ptr<storage::Storage> storage_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t items = argc > 1 ? std::atoll(argv[1]) : 100'000;
  for (const std::size_t dimensions : {std::size_t{384}, std::size_t{1'536}}) {
    Bench bench(dimensions);
    bench.open(kMemory);
    const Clock::time_point begin = Clock::now();
    bench.fill(items);
    const std::chrono::duration<double> filled = Clock::now() - begin;
    const double first = bench.search();
    const double in_memory = bench.best_search();
    bench.open(0);
    const double from_file = bench.best_search();
    std::printf("%lld vectors of %zu: put in %.1f s; search: first %.0f ms, in memory %.0f ms, from the file %.0f ms\n",
                static_cast<long long>(items), dimensions, filled.count(), first, in_memory, from_file);
  }
  return 0;
}
