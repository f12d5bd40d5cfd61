// Server-sent events, there and back: what a provider sends is read in the same way wherever it is cut, and what we
// write is one event, whatever stands in it.

#include <algorithm>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/sse.h"
#include "api/http/target.h"
#include "graphs/answer_reader.h"
#include "graphs/sse_reader.h"
#include "runtime/json.h"

namespace {

std::vector<std::string> read(std::string_view bytes, std::size_t step) {
  heddle::graphs::SseReader reader;
  std::vector<std::string> events;
  try {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
      for (std::string& event : reader.read(bytes.substr(0, step))) events.push_back(std::move(event));
    }
  } catch (const heddle::graphs::AnswerError&) {
    events.emplace_back("refused");
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> whole = read(bytes, size + 1);
  if (read(bytes, 1) != whole || read(bytes, 3) != whole) std::abort();

  // As the text of a message, which may be anything that is UTF-8.
  const std::string data_json = heddle::runtime::to_text(boost::json::value(heddle::api::as_utf8(std::string(bytes))));
  std::string frame;
  heddle::api::append_event(frame, "messages", data_json, "1");
  if (read(frame, frame.size()) != std::vector<std::string>{data_json}) std::abort();
  return 0;
}
