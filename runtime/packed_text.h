#pragma once
// JSON text of the storage that is taken apart when somebody looks into it, and not at all if it is only shown.

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "runtime/value.h"

namespace heddle::runtime {

// Immutable for whoever uses it; may be used from several threads at a time.
class PackedText {
 public:
  // `text`: as print_json() writes it, without blanks around it; shared, because it may be kept for the next reading.
  // `origin`: what an error says of where the text is from, like "checkpoint C of thread T"; shared by all texts of one
  // reading.
  PackedText(std::shared_ptr<const std::string> text, std::shared_ptr<const std::string> origin);

  std::string_view text() const { return *text_; }
  bool is_list() const { return text_->starts_with('['); }

  // The value of the text. Parsed at the first call. Throws storage::StorageError with the origin for what is no JSON,
  // at every call.
  const Value& value() const;

 private:
  std::shared_ptr<const std::string> text_;
  std::shared_ptr<const std::string> origin_;
  mutable std::once_flag opened_;
  mutable Value value_;
  mutable std::string damage_;
};

}  // namespace heddle::runtime
