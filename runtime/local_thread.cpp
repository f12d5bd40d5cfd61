#include "runtime/local_thread.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;

// A default-constructed T stands for the result of a coroutine that threw.
template <class T>
T run_to_end(asio::io_context& io, asio::awaitable<T> work) {
  std::optional<T> result;
  std::exception_ptr thrown;
  auto ended = [&](std::exception_ptr error, T value) {
    thrown = error;
    if (!error) result.emplace(std::move(value));
  };
  asio::co_spawn(io, std::move(work), std::move(ended));
  io.restart();
  io.run();
  if (thrown) std::rethrow_exception(thrown);
  return std::move(result).value();
}

}  // namespace

RunOutcome LocalThread::run(const CompiledGraph& graph, RunInput input) {
  events_.clear();
  const RunServices services{&saver_, store, clock_, checkpoint_ids_,
                             [this](RunEvent event) { events_.push_back(std::move(event)); }};
  RunOptions options;
  options.input = std::move(input);
  options.config = std::make_shared<const RunConfig>(config);
  options.kinds = kinds;
  return run_to_end(io_, graph.run(std::move(options), services));
}

RunOutcome LocalThread::input(const CompiledGraph& graph, json::object input) {
  return run(graph, GraphInput{std::move(input)});
}

RunOutcome LocalThread::resume(const CompiledGraph& graph, json::value answer) {
  Command command;
  command.resume = std::move(answer);
  return run(graph, std::move(command));
}

RunOutcome LocalThread::go_on(const CompiledGraph& graph) {
  return run(graph, NoInput{});
}

StateSnapshot LocalThread::state(const CompiledGraph& graph) {
  return run_to_end(io_, get_state(graph, saver_, {}, Subgraphs::expanded));
}

}  // namespace heddle::runtime
