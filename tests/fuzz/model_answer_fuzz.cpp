// The answers of providers: whatever their bytes are, they are pieces that make a message, or an AnswerError.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "graphs/anthropic_wire.h"
#include "graphs/openai_wire.h"
#include "runtime/json.h"
#include "runtime/message.h"

namespace {

using heddle::graphs::AnswerError;
using heddle::graphs::AnswerReader;
using heddle::runtime::Message;

void add(std::vector<Message> pieces, std::optional<Message>& sum) {
  for (Message& piece : pieces) {
    if (sum) {
      heddle::runtime::merge_chunk(*sum, piece);
    } else {
      sum = std::move(piece);
    }
  }
}

// `cut`: where the bytes are cut in two.
void read(AnswerReader& reader, std::string_view bytes, std::size_t cut) {
  std::optional<Message> sum;
  try {
    add(reader.read(bytes.substr(0, cut)), sum);
    add(reader.read(bytes.substr(cut)), sum);
  } catch (const AnswerError&) {
  }
  if (std::optional<Message> last = reader.finish()) add({std::move(*last)}, sum);
  if (!sum) return;
  const Message whole = heddle::runtime::finished_message(std::move(*sum));
  // The page takes nothing but a text (auth0-token-vault.md 4).
  if (!whole.at("content").is_string()) __builtin_trap();
}

void read_whole(AnswerReader& reader, std::string_view bytes) {
  try {
    reader.read_whole(heddle::runtime::parse_json(bytes));
  } catch (const AnswerError&) {
  } catch (const heddle::runtime::JsonError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = size == 0 ? 0 : data[0] % size;
  heddle::graphs::OpenAiAnswer openai;
  read(openai, bytes, cut);
  heddle::graphs::AnthropicAnswer anthropic;
  read(anthropic, bytes, cut);
  heddle::graphs::OpenAiAnswer openai_whole;
  read_whole(openai_whole, bytes);
  heddle::graphs::AnthropicAnswer anthropic_whole;
  read_whole(anthropic_whole, bytes);
  return 0;
}
