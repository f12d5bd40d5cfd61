#pragma once
// Facts as text, for the stored log of a run: one JSON list per line.
//
// A state that is what a checkpoint holds is written as the id of that checkpoint, and the metadata of a model
// call once, so that a log costs what happened and not what the state is.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/runs/fact.h"

namespace heddle::api {

// Encodes the facts of one run in order.
class FactEncoder {
 public:
  // `values_are_stored`: checkpoints of this run are kept, so facts may point at them.
  explicit FactEncoder(bool values_are_stored) : values_are_stored_(values_are_stored) {}
  // Appends one line.
  void encode(const Fact& fact, std::string& out);

 private:
  std::int64_t metadata_number(const std::shared_ptr<const boost::json::object>& metadata, std::string& out);

  bool values_are_stored_;
  // The last few metadata objects that were written, by their number; held, so that an address is not used again.
  std::vector<std::pair<std::shared_ptr<const boost::json::object>, std::int64_t>> written_;
  std::int64_t next_metadata_ = 0;
};

// Decodes the lines of one run in order. Throws runtime::JsonError or std::runtime_error for a line that it did not
// write.
class FactDecoder {
 public:
  // The fact of one line; nothing for a line that only prepares others. A ValuesFact or CheckpointFact whose
  // values are in a checkpoint comes with empty values; `stored_values` tells where they are.
  std::optional<Fact> decode(std::string_view line);
  struct StoredValues {
    std::string checkpoint_ns;
    storage::CheckpointId id;
  };
  // Of the fact that was decoded last.
  const std::optional<StoredValues>& stored_values() const { return stored_values_; }

 private:
  std::map<std::int64_t, std::shared_ptr<const boost::json::object>> metadata_;
  std::optional<StoredValues> stored_values_;
};

}  // namespace heddle::api
