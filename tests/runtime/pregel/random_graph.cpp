#include "tests/runtime/pregel/random_graph.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <utility>

#include "runtime/state_graph.h"
#include "runtime/uuid.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;

constexpr std::int64_t kRounds = 2;

struct NodePlan {
  std::string name;
  bool asks = false;
  int waits = -1;  // how often others get the thread; below 0: the body never waits
};

std::string printed(const State& state) {
  std::string text;
  state.print(text);
  return text;
}

void begin(World& world, const NodeContext& context) {
  if (world.recorded.contains(context.task_id())) world.twice.push_back(context.node() + " " + context.task_id());
}

// What is done once all waiting is over.
Update finish(World& world, const NodePlan& plan, NodeContext& context) {
  std::string answer = "answer";
  if (plan.asks && !world.calm) answer = context.interrupt(json::value("ask " + plan.name)).as_string().c_str();
  int& failures = world.failures[plan.name];
  if (!world.calm && failures > 0) {
    --failures;
    throw std::runtime_error(plan.name + " fails");
  }
  ++world.completed[context.task_id()];
  if (plan.waits < 0) world.instant.insert(context.task_id());
  const std::string seen = plan.name + ":" + hash128(printed(context.state())).substr(0, 8);
  return Update{{"log", {seen + ":" + answer}}, {"total", 1}, {"facts", {{plan.name, seen}}}};
}

class Maker {
 public:
  Maker(std::uint64_t seed, World& world) : random_(seed), world_(world) {}

  std::shared_ptr<const CompiledGraph> outer();

 private:
  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_); }
  bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }
  void add_node(StateGraph& graph, const std::string& name);
  void add_incoming(StateGraph& graph, const std::vector<std::string>& before, const std::string& name,
                    std::size_t kinds = 10);
  std::shared_ptr<const CompiledGraph> inner(const std::string& prefix);

  std::mt19937_64 random_;
  World& world_;
};

void Maker::add_node(StateGraph& graph, const std::string& name) {
  NodePlan plan{name, chance(20), chance(50) ? static_cast<int>(below(4)) : -1};
  if (chance(30)) world_.failures[name] = 1 + static_cast<int>(below(2));
  NodeOptions options;
  options.defer = chance(10);
  if (chance(20)) {
    options.retry = RetryPolicy{};
    options.retry->initial_interval = std::chrono::milliseconds{0};
    options.retry->jitter = false;
    options.retry->retry_on = [](const std::exception&) { return true; };
  }
  World& world = world_;
  if (plan.waits < 0) {
    auto body = [&world, plan](NodeContext& context) -> NodeResult {
      begin(world, context);
      return finish(world, plan, context);
    };
    graph.node(name, body, options);
    return;
  }
  auto body = [&world, plan](NodeContext& context) -> asio::awaitable<NodeResult> {
    begin(world, context);
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    for (int i = 0; i < plan.waits; ++i) co_await asio::post(executor, asio::use_awaitable);
    NodeResult result = finish(world, plan, context);
    co_return result;
  };
  graph.node(name, body, options);
}

// Edges to `name` of some kind from some of the nodes before it. `kinds`: 9 without Sends, which run several tasks of a
// node at the same time.
void Maker::add_incoming(StateGraph& graph, const std::vector<std::string>& before, const std::string& name,
                         std::size_t kinds) {
  std::vector<std::string> sources = before;
  std::shuffle(sources.begin(), sources.end(), random_);
  sources.resize(std::min<std::size_t>(1 + below(3), sources.size()));
  const std::size_t kind = below(kinds);
  if (kind < 4) {
    for (const std::string& source : sources) graph.edge(source, name);
  } else if (kind < 7) {
    graph.edge(std::move(sources), name);
  } else if (kind < 9) {
    const std::size_t salt = below(3);
    auto path = [name, salt](const State& state, const RunConfig&) -> Routes {
      if ((static_cast<std::size_t>(state.integer("total")) + salt) % 3 == 0) return std::string(kEnd);
      return name;
    };
    graph.conditional(sources.front(), path, std::vector<std::string>{name, std::string(kEnd)});
  } else {
    auto path = [name](const State& state, const RunConfig&) -> Routes {
      std::vector<Goto> sends;
      for (std::int64_t i = 0; i <= state.integer("total") % 3; ++i) {
        sends.emplace_back(Send{name, json::value(json::object{{"item", i}})});
      }
      return sends;
    };
    graph.conditional(sources.front(), path, std::vector<std::string>{name});
  }
}

// Shares `facts` with the graph around it, and has a log of its own.
std::shared_ptr<const CompiledGraph> Maker::inner(const std::string& prefix) {
  CompileOptions options;
  if (chance(40)) {
    options.persistence = Persistence::per_thread;
    world_.remembers = true;
  }
  StateGraph graph(prefix);
  graph.append("log").sum("total").merge("facts").output_keys({"facts"});
  graph.input_keys({"facts"});
  std::vector<std::string> names;
  const std::size_t count = 1 + below(3);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = prefix + "_" + std::to_string(i);
    add_node(graph, name);
    if (names.empty()) {
      graph.edge(kStart, name);
    } else {
      add_incoming(graph, names, name);
    }
    names.push_back(name);
  }
  return graph.compile(std::move(options));
}

std::shared_ptr<const CompiledGraph> Maker::outer() {
  StateGraph graph("random");
  graph.append("log").sum("total").sum("rounds").merge("facts").last("x");
  std::vector<std::string> names;
  const std::size_t count = 2 + below(6);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = "n" + std::to_string(i);
    const bool is_graph = i > 0 && chance(20);
    if (is_graph) {
      graph.node(name, inner("g" + std::to_string(i)));
    } else {
      add_node(graph, name);
    }
    if (i == 0 || chance(10)) graph.edge(kStart, name);
    if (i > 0) add_incoming(graph, names, name, is_graph ? 9 : 10);
    names.push_back(name);
  }
  if (chance(40)) {
    // Back to some node, for some rounds.
    auto turn = [](const State&) { return Update{{"rounds", 1}, {"log", {"turn"}}}; };
    graph.node("turn", turn).edge(names.back(), "turn");
    const std::string back = names[below(names.size())];
    auto path = [back](const State& state, const RunConfig&) -> Routes {
      if (state.integer("rounds") < kRounds) return back;
      return std::string(kEnd);
    };
    graph.conditional("turn", path, std::vector<std::string>{back, std::string(kEnd)});
  }
  return graph.compile();
}

}  // namespace

void World::lose_unrecorded() {
  for (const auto& [task, count] : completed) {
    if (!recorded.contains(task)) lost[task] = count;
  }
}

std::shared_ptr<const CompiledGraph> random_graph(std::uint64_t seed, World& world) {
  return Maker(seed, world).outer();
}

}  // namespace heddle::runtime
