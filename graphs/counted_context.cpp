#include "graphs/counted_context.h"

#include <utility>

namespace heddle::graphs {

runtime::json::value CountedContext::interrupt(runtime::json::value question) {
  runtime::json::value answer = node_.interrupt(std::move(question));
  ++used_;
  return answer;
}

void CountedContext::pass_interrupts(std::int64_t count) {
  node_.pass_interrupts(count);
  used_ += count;
}

}  // namespace heddle::graphs
