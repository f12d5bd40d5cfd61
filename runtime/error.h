#pragma once
// Errors of graphs, with the class names that clients see (streaming.md 3.11).

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::runtime {

// How a failure is stored, streamed and shown: {"error": name, "message": message}.
struct ErrorInfo {
  std::string name;
  std::string message;
};

// A failure with a class name. Nodes and tools may throw it to be told by name; any other
// std::exception is told as `Error`.
class GraphError : public std::runtime_error {
 public:
  GraphError(std::string name, const std::string& message) : std::runtime_error(message), name_(std::move(name)) {}
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

// Several tasks of one superstep failed, none of them because another one had (runtime.md 8.1).
class AggregateError : public GraphError {
 public:
  AggregateError(std::int64_t step, std::vector<std::exception_ptr> errors);
  const std::vector<std::exception_ptr>& errors() const { return errors_; }  // in task order

 private:
  std::vector<std::exception_ptr> errors_;
};

// The declaration of a graph is wrong (runtime.md 4.4); thrown by StateGraph::compile and the like.
class GraphDeclarationError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// The text with the line that leads to the page about an error code: clients compare these texts.
std::string with_help(const std::string& text, std::string_view code);

// What an exception is told as.
ErrorInfo error_info(const std::exception& error);

}  // namespace heddle::runtime
