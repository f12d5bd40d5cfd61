#pragma once
// Writes of nodes that may be used again (runtime.md 8.4). In memory, of one graph.

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/checkpoint_saver.h"
#include "storage/timestamp.h"

namespace heddle::runtime {

// Any thread may call it: the runs of a graph are on several engine threads, and each asks before it starts a node, so
// that posting would cost every superstep a wait.
class NodeCache {
 public:
  // The oldest results give way to new ones. 1,024 entries: as many inputs as a busy node sees in some minutes; what
  // they hold is shared with the runs that made it.
  static constexpr std::size_t kEntriesMax = 1024;

  explicit NodeCache(std::size_t entries_max = kEntriesMax) : entries_max_(entries_max) {}

  // What names an entry: the node, and a hash of what tells its inputs apart.
  static std::string key_of(std::string_view node, std::string_view input);

  std::optional<std::vector<ChannelWrite>> find(const std::string& key, Timestamp now);
  // `ttl`: nothing for as long as there is room.
  void keep(std::string key, std::vector<ChannelWrite> writes, Timestamp now,
            std::optional<std::chrono::milliseconds> ttl);

 private:
  struct Entry {
    std::vector<ChannelWrite> writes;
    std::optional<Timestamp> ends;
  };
  using Entries = std::list<std::pair<std::string, Entry>>;  // the one used last in front

  void erase(const std::string& key);

  std::size_t entries_max_;
  std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string, Entries::iterator> by_key_;
};

}  // namespace heddle::runtime
