#pragma once
// Assistants that runs have asked for: the one record that every run reads before anything else.

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "storage/assistants.h"

namespace heddle::api {

// Belongs to the I/O thread. While an assistant is being changed nothing is kept and nothing is told, so that nobody
// gets an older record than the database would have given. One process writes to the database; with several this goes.
class AssistantCache {
 public:
  // Assistants are some hundred bytes, and few are used at a time.
  static constexpr std::size_t kKeptMax = 256;

  // Held from before a change is handed to the database until its commit is known.
  class Change {
   public:
    explicit Change(AssistantCache& cache) : cache_(cache) {
      ++cache_.changing_;
      cache_.forget();
    }
    ~Change() {
      --cache_.changing_;
      cache_.forget();
    }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

   private:
    AssistantCache& cache_;
  };

  // As `owner` sees it; nothing if it is not kept.
  std::optional<storage::Assistant> find(const storage::Owner& owner, storage::AssistantId id) const;

  // To be taken before the database is asked, and given back with what it answered.
  std::uint64_t moment() const { return moment_; }
  void keep(const storage::Owner& owner, const storage::Assistant& assistant, std::uint64_t asked_at);

 private:
  void forget();

  std::map<std::pair<storage::Owner, storage::AssistantId>, storage::Assistant> kept_;  // by who asks
  std::uint64_t moment_ = 0;                                                            // counts changes
  int changing_ = 0;                                                                    // changes under way
};

}  // namespace heddle::api
