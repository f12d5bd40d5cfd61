#pragma once
// Services on a database in memory, with two graphs and a clock that stands.

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/runs/run_queue.h"
#include "api/services/api_error.h"
#include "api/services/services.h"
#include "graphs/registry.h"
#include "runtime/json.h"
#include "runtime/state_graph.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run.h"

namespace heddle::test {

// `echo` keeps what is put into it; `nested` has a subgraph `middle` with a subgraph `inner`.
inline graphs::Registry service_graphs() {
  using runtime::State, runtime::StateGraph, runtime::Update;
  const auto nothing = [](const State&) { return Update{}; };
  const auto flat = [&nothing](std::string name, std::string node) {
    StateGraph graph(std::move(name));
    graph.last("text", runtime::schema::text()).append("log", runtime::schema::text());
    graph.node(node, nothing).edge(runtime::kStart, node).edge(node, runtime::kEnd);
    return graph;
  };
  const auto around = [&nothing](std::string name, std::string node, auto inside) {
    StateGraph graph(std::move(name));
    graph.last("text", runtime::schema::text());
    graph.node(node, inside).node("last", nothing);
    graph.edge(runtime::kStart, node).edge(node, "last").edge("last", runtime::kEnd);
    return graph;
  };
  const auto middle = around("middle", "inner", flat("inner", "think").compile()).compile();
  graphs::Registry registry;
  registry.add("echo", flat("echo", "keep").description("says it again").compile());
  registry.add("nested", around("nested", "middle", middle).compile());
  return registry;
}

class ServiceFixture {
 public:
  ServiceFixture() { settings.storage.path = ":memory:"; }
  ~ServiceFixture() { test::run(io, queue.drain(std::chrono::milliseconds{0})); }
  ServiceFixture(const ServiceFixture&) = delete;
  ServiceFixture& operator=(const ServiceFixture&) = delete;

  template <class T>
  T get(boost::asio::awaitable<T> work) {
    return test::run(io, std::move(work));
  }

  // Runs work that is refused and returns the refusal.
  template <class T>
  api::ApiError refusal(boost::asio::awaitable<T> work) {
    try {
      test::run(io, std::move(work));
    } catch (const api::ApiError& error) {
      return error;
    }
    FAIL("it was not refused");
    return {0, ""};
  }

  static boost::json::object object(std::string_view text) { return runtime::parse_json(text).as_object(); }

  boost::asio::io_context io;
  ManualClock clock;
  runtime::Log log{clock, runtime::LogLevel::error};
  api::ServerSettings settings;
  graphs::Registry graphs = service_graphs();
  runtime::PartCache shown{std::size_t{1} << 20};
  std::unique_ptr<storage::Storage> storage = storage::open(storage::StorageOptions{});
  runtime::CheckpointIds checkpoint_ids;
  api::EngineThreads engines{1};
  api::Webhooks webhooks{io.get_executor(), *storage, clock, log, settings.webhooks};
  api::RunQueue queue{io.get_executor(), engines, *storage, clock, checkpoint_ids, log, settings, webhooks};
  api::Services services{api::ServiceParts{settings, *storage, clock, graphs, checkpoint_ids, log, queue, shown}};
  const storage::Owner nobody;
  const storage::Owner ann{"ann"};
  const storage::Owner ben{"ben"};
};

}  // namespace heddle::test
