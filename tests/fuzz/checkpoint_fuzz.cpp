// What stands in a damaged database: a checkpoint is read, or reported as damaged; nothing else, and soon.
//
// Input: lines of JSON. The first is the row {"channels", "seen", "metadata", "shared", "source", "writes"}, each a
// text or any JSON; each further one a part {"id", "base", "items", "data"}.

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/checkpoint_codec.h"
#include "runtime/json.h"
#include "storage/error.h"

namespace {

using namespace heddle;
namespace json = boost::json;

json::object object_in(std::string_view line) {
  try {
    json::value value = runtime::parse_json(line);
    if (value.is_object()) return std::move(value.get_object());
  } catch (const runtime::JsonError&) {
  }
  return {};
}

// A text stands for itself, so that what is no JSON can be there as well.
std::string text_in(const json::object& object, std::string_view key, std::string otherwise) {
  const json::value* found = object.if_contains(key);
  if (!found) return otherwise;
  return found->is_string() ? std::string(found->get_string()) : runtime::to_text(*found);
}

std::int64_t number_in(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return found && found->is_int64() ? found->get_int64() : 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view lines(reinterpret_cast<const char*>(data), size);
  const auto next_line = [&lines] {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    return line;
  };
  const json::object row_json = object_in(next_line());
  storage::Checkpoint row;
  row.source = text_in(row_json, "source", "loop");
  row.channels_json = text_in(row_json, "channels", R"({"versions":{},"inline":{},"values":{}})");
  row.seen_json = text_in(row_json, "seen", "{}");
  row.metadata_json = text_in(row_json, "metadata", "{}");
  row.shared_metadata_json = text_in(row_json, "shared", "");
  runtime::StoredParts parts;
  while (!lines.empty()) {
    const json::object part_json = object_in(next_line());
    storage::ChannelValue part;
    part.value_id = number_in(part_json, "id");
    if (part_json.contains("base")) part.base = number_in(part_json, "base");
    part.items = number_in(part_json, "items");
    part.data = text_in(part_json, "data", "[]");
    const storage::ValueId id = part.value_id;
    parts.emplace(id, runtime::StoredPart(std::move(part)));
  }
  runtime::CheckpointDecoder decoder(std::move(parts), {});
  for (int again = 0; again < 2; ++again) {
    try {
      const runtime::CheckpointDecoder::Decoded decoded = decoder.decode(row);
      // What was read can be used.
      for (const auto& [channel, value] : decoded.checkpoint.values) (void)value.text();
    } catch (const storage::StorageError&) {
    }
  }
  storage::PendingWrites pending;
  pending.writes = text_in(row_json, "writes", "[]");
  try {
    (void)runtime::decode_writes(pending);
  } catch (const storage::StorageError&) {
  }
  return 0;
}
