#include "runtime/packed_text.h"

#include <exception>
#include <utility>

#include "runtime/stored_json.h"
#include "storage/error.h"

namespace heddle::runtime {

PackedText::PackedText(std::shared_ptr<const std::string> text, std::shared_ptr<const std::string> origin)
    : text_(std::move(text)), origin_(std::move(origin)) {}

const Value& PackedText::value() const {
  // Nothing is thrown inside, because not every implementation of call_once can go on after that.
  std::call_once(opened_, [this] {
    try {
      value_ = Value(parse_stored(*text_));
    } catch (const std::exception& error) {
      damage_ = error.what();
    }
  });
  if (!damage_.empty()) {
    throw storage::StorageError(*origin_ + " holds a value that cannot be read: " + damage_ +
                                std::string(kStoredDamage));
  }
  return value_;
}

}  // namespace heddle::runtime
