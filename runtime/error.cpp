#include "runtime/error.h"

namespace heddle::runtime {

AggregateError::AggregateError(std::int64_t step, std::vector<std::exception_ptr> errors)
    : GraphError("AggregateError", "Multiple errors occurred during superstep " + std::to_string(step) +
                                       ". See the \"errors\" field of this exception for more details."),
      errors_(std::move(errors)) {}

std::string with_help(const std::string& text, std::string_view code) {
  return text + "\n\nTroubleshooting URL: https://docs.langchain.com/oss/javascript/langgraph/" + std::string(code) +
         "/\n";
}

ErrorInfo error_info(const std::exception& error) {
  const auto* named = dynamic_cast<const GraphError*>(&error);
  return {named ? named->name() : "Error", error.what()};
}

}  // namespace heddle::runtime
