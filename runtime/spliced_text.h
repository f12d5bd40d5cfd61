#pragma once
// A text that is printed, with texts of others spliced in where they are large: those are shared, and copied by nobody
// until they are sent.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::runtime {

// Bytes from which on a text is worth a piece of its own. A piece costs a packet or two, copying so much within the
// processor's caches little: with 16 KiB a history of many middling states was a sixth slower than without splices.
inline constexpr std::size_t kSplicedBytesMin = std::size_t{256} << 10;

class SplicedText {
 public:
  // What is printed. Appending to it goes on behind the last splice; nothing else may be done to it.
  std::string& printed() { return printed_; }

  // Appends `text`, which `owner` keeps in its place.
  void splice(std::string_view text, std::shared_ptr<const void> owner) {
    splices_.push_back({printed_.size(), text, std::move(owner)});
    spliced_bytes_ += text.size();
  }

  std::size_t size() const { return printed_.size() + spliced_bytes_; }
  // The whole text is what was printed.
  bool is_plain() const { return splices_.empty(); }

  // All of it, in order; none is empty. Valid while this object is, and nothing is appended.
  std::vector<std::string_view> pieces() const;

 private:
  struct Splice {
    std::size_t at;  // so many bytes were printed before it
    std::string_view text;
    std::shared_ptr<const void> owner;
  };

  std::string printed_;
  std::vector<Splice> splices_;
  std::size_t spliced_bytes_ = 0;
};

}  // namespace heddle::runtime
