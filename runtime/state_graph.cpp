#include "runtime/state_graph.h"

#include <algorithm>

#include "runtime/error.h"
#include "runtime/graph_declaration.h"
#include "runtime/pregel/plan.h"
#include "runtime/reducers.h"

namespace heddle::runtime {
namespace {

[[noreturn]] void refuse(const std::string& text) {
  throw GraphDeclarationError(text);
}

void check_ends(std::string_view from, std::string_view to) {
  if (from == kEnd) refuse("END cannot be a start node");
  if (to == kStart) refuse("START cannot be an end node");
}

json::object object_schema(const std::vector<ChannelSpec>& channels, const std::vector<ChannelIndex>& keys) {
  json::object properties;
  for (const ChannelIndex key : keys) properties[channels[key].name] = channels[key].schema;
  return {{"type", "object"}, {"properties", std::move(properties)}};
}

// Turns a checked declaration into a plan, part by part.
class Planner {
 public:
  explicit Planner(CompiledGraph::Plan& plan) : plan_(plan) {}

  ChannelIndex add_channel(ChannelSpec spec) {
    const ChannelIndex index = plan_.channels.size();
    if (!plan_.channel_by_name.emplace(spec.name, index).second) {
      refuse("Channel \"" + spec.name + "\" already exists with a different type.");
    }
    plan_.channels.push_back(std::move(spec));
    return index;
  }

  NodeIndex add_node(PlannedNode node, std::optional<ChannelIndex> trigger) {
    const NodeIndex index = plan_.nodes.size();
    plan_.node_by_name.emplace(node.name, index);
    plan_.nodes.push_back(std::move(node));
    plan_.trigger_of.push_back(trigger);
    return index;
  }

  // `by`: who asks, for the error text.
  std::vector<ChannelIndex> keys(const std::optional<std::vector<std::string>>& names, const std::string& by) const {
    if (!names) return plan_.state_keys;
    std::vector<ChannelIndex> found;
    for (const std::string& name : *names) {
      const auto known = plan_.channel_by_name.find(name);
      const bool is_state_key = known != plan_.channel_by_name.end() && known->second < plan_.state_keys.size();
      if (!is_state_key) refuse(by + " names `" + name + "`, which is no state key");
      found.push_back(known->second);
    }
    return found;
  }

  PlannedNode& node(std::string_view name) { return plan_.nodes[plan_.node_by_name.at(std::string(name))]; }

  void add_edge(const DeclaredEdge& edge) {
    if (const auto* plain = std::get_if<PlainEdge>(&edge)) {
      if (plain->to != kEnd) node(plain->from).writers.emplace_back(EdgeWriter{trigger_of(plain->to)});
    } else if (const auto* waiting = std::get_if<WaitingEdge>(&edge)) {
      add_join(*waiting);
    } else {
      const auto& conditional = std::get<ConditionalEdge>(edge);
      node(conditional.from).writers.emplace_back(BranchWriter{conditional.path, conditional.targets});
    }
  }

 private:
  ChannelIndex trigger_of(const std::string& name) const {
    return plan_.trigger_of[plan_.node_by_name.at(name)].value();
  }

  void add_join(const WaitingEdge& edge) {
    if (edge.to == kEnd) return;
    ChannelSpec barrier;
    barrier.name = "join:";
    for (const std::string& from : edge.from) {
      if (!barrier.names.empty()) barrier.name += "+";
      barrier.name += from;
      barrier.names.insert(from);
    }
    barrier.name += ":" + edge.to;
    if (plan_.channel_by_name.contains(barrier.name)) return;  // the same edge once more
    PlannedNode& target = node(edge.to);
    barrier.kind = target.options.defer ? ChannelKind::barrier_after_finish : ChannelKind::barrier;
    const ChannelNames names = barrier.names;
    const ChannelIndex index = add_channel(std::move(barrier));
    target.triggers.push_back(index);
    for (const std::string& from : names) {
      node(from).writers.emplace_back(BarrierWriter{index, Value(json::value(from))});
    }
  }

  CompiledGraph::Plan& plan_;
};

ChannelSpec start_channel() {
  ChannelSpec spec;
  spec.name = kStart;
  spec.kind = ChannelKind::ephemeral;
  return spec;
}

ChannelSpec sends_channel() {
  ChannelSpec spec;
  spec.name = "__pregel_tasks";
  spec.kind = ChannelKind::topic;
  return spec;
}

ChannelSpec trigger_channel(const DeclaredNode& node) {
  ChannelSpec spec;
  spec.name = "branch:to:" + node.name;
  spec.kind = node.options.defer ? ChannelKind::last_value_after_finish : ChannelKind::ephemeral;
  spec.guard = false;
  return spec;
}

PlannedNode start_node(ChannelIndex start) {
  PlannedNode node;
  node.name = kStart;
  node.body = PlainNodeFunction([](NodeContext&) { return NodeResult(); });
  node.triggers = {start};
  node.reads = {start};
  node.is_start = true;
  node.hidden = true;
  return node;
}

using Names = std::optional<std::vector<std::string>>;

// Those of the keys that a node reads which are channels; the rest are managed.
Names channel_keys(const GraphDeclaration& declaration, Names reads) {
  if (reads) std::erase_if(*reads, [&](const std::string& key) { return declaration.has_managed(key); });
  return reads;
}

std::vector<ManagedKey> managed_keys(const GraphDeclaration& declaration, const Names& reads) {
  std::vector<ManagedKey> read = declaration.managed;
  if (reads) {
    std::erase_if(read, [&](const ManagedKey& key) { return std::ranges::find(*reads, key.name) == reads->end(); });
  }
  return read;
}

void fill_triggered_by(CompiledGraph::Plan& plan) {
  plan.triggered_by.resize(plan.channels.size());
  for (NodeIndex index = 0; index < plan.nodes.size(); ++index) {
    for (const ChannelIndex trigger : plan.nodes[index].triggers) plan.triggered_by[trigger].push_back(index);
  }
}

}  // namespace

struct StateGraph::Declaration : GraphDeclaration {};

StateGraph::StateGraph(std::string name) : declaration_(std::make_shared<Declaration>()) {
  declaration_->name = std::move(name);
}

StateGraph::Declaration& StateGraph::change() {
  if (declaration_.use_count() > 1) declaration_ = std::make_shared<Declaration>(*declaration_);
  return *declaration_;
}

StateGraph& StateGraph::last(std::string key, json::object schema) {
  ChannelSpec spec;
  spec.name = std::move(key);
  spec.schema = std::move(schema);
  return channel(std::move(spec));
}

StateGraph& StateGraph::append(std::string key, json::object item_schema) {
  ChannelSpec spec;
  spec.name = std::move(key);
  spec.kind = ChannelKind::aggregate;
  spec.reducer = reducers::append();
  spec.initial = json::array();
  spec.schema = schema::list(std::move(item_schema));
  return channel(std::move(spec));
}

StateGraph& StateGraph::sum(std::string key) {
  ChannelSpec spec;
  spec.name = std::move(key);
  spec.kind = ChannelKind::aggregate;
  spec.reducer = reducers::sum();
  spec.initial = 0;
  spec.schema = schema::number();
  return channel(std::move(spec));
}

StateGraph& StateGraph::merge(std::string key) {
  ChannelSpec spec;
  spec.name = std::move(key);
  spec.kind = ChannelKind::aggregate;
  spec.reducer = reducers::merge();
  spec.initial = json::object();
  spec.schema = schema::object();
  return channel(std::move(spec));
}

StateGraph& StateGraph::messages(std::string key) {
  ChannelSpec spec;
  spec.name = std::move(key);
  spec.kind = ChannelKind::aggregate;
  spec.reducer = reducers::messages();
  spec.initial = json::array();
  spec.schema = schema::messages();
  spec.is_messages = true;
  return channel(std::move(spec));
}

StateGraph& StateGraph::channel(ChannelSpec spec) {
  change().add_key(std::move(spec));
  return *this;
}

StateGraph& StateGraph::remaining_steps(std::string key) {
  change().add_managed({std::move(key), ManagedKey::Kind::remaining_steps});
  return *this;
}

StateGraph& StateGraph::is_last_step(std::string key) {
  change().add_managed({std::move(key), ManagedKey::Kind::is_last_step});
  return *this;
}

StateGraph& StateGraph::input_keys(std::vector<std::string> keys) {
  change().input_keys = std::move(keys);
  return *this;
}

StateGraph& StateGraph::output_keys(std::vector<std::string> keys) {
  change().output_keys = std::move(keys);
  return *this;
}

const std::vector<ChannelSpec>& StateGraph::state_keys() const {
  return declaration_->keys;
}

StateGraph& StateGraph::context_schema(json::object schema) {
  change().context_schema = std::move(schema);
  return *this;
}

StateGraph& StateGraph::config_schema(json::object schema) {
  change().config_schema = std::move(schema);
  return *this;
}

StateGraph& StateGraph::description(std::string text) {
  change().description = std::move(text);
  return *this;
}

StateGraph& StateGraph::probe(std::string name, Probe probe) {
  change().probes.insert_or_assign(std::move(name), std::move(probe));
  return *this;
}

StateGraph& StateGraph::node(std::string name, std::shared_ptr<const CompiledGraph> subgraph, NodeOptions options) {
  if (!subgraph) refuse("Node `" + name + "` was given no graph");
  change().add_node(std::move(name), std::move(subgraph), std::move(options));
  return *this;
}

StateGraph& StateGraph::add_plain(std::string name, PlainNodeFunction body, NodeOptions options) {
  change().add_node(std::move(name), std::move(body), std::move(options));
  return *this;
}

StateGraph& StateGraph::add_waiting(std::string name, NodeFunction body, NodeOptions options) {
  change().add_node(std::move(name), std::move(body), std::move(options));
  return *this;
}

StateGraph& StateGraph::edge(std::string_view from, std::string_view to) {
  check_ends(from, to);
  change().edges.emplace_back(PlainEdge{std::string(from), std::string(to)});
  return *this;
}

StateGraph& StateGraph::edge(std::vector<std::string> from, std::string_view to) {
  if (from.empty()) refuse("An edge to `" + std::string(to) + "` waits for no node");
  for (const std::string& source : from) check_ends(source, to);
  change().edges.emplace_back(WaitingEdge{std::move(from), std::string(to)});
  return *this;
}

StateGraph& StateGraph::edge(std::initializer_list<NodeName> from, std::string_view to) {
  std::vector<std::string> names;
  for (const NodeName& name : from) names.push_back(name.text);
  return edge(std::move(names), to);
}

StateGraph& StateGraph::conditional(std::string_view from, PathFunction path,
                                    std::map<std::string, std::string> targets) {
  change().edges.emplace_back(ConditionalEdge{std::string(from), std::move(path), std::move(targets)});
  return *this;
}

StateGraph& StateGraph::conditional(std::string_view from, PathFunction path, std::vector<std::string> targets) {
  std::map<std::string, std::string> identity;
  for (const std::string& target : targets) identity.emplace(target, target);
  return conditional(from, std::move(path), std::move(identity));
}

StateGraph& StateGraph::conditional(std::string_view from, PathFunction path, std::initializer_list<NodeName> targets) {
  std::map<std::string, std::string> identity;
  for (const NodeName& target : targets) identity.emplace(target.text, target.text);
  return conditional(from, std::move(path), std::move(identity));
}

StateGraph& StateGraph::conditional(std::string_view from, PathFunction path,
                                    std::initializer_list<std::pair<NodeName, NodeName>> targets) {
  std::map<std::string, std::string> by_label;
  for (const auto& [label, target] : targets) by_label.emplace(label.text, target.text);
  return conditional(from, std::move(path), std::move(by_label));
}

std::shared_ptr<const CompiledGraph> StateGraph::compile(CompileOptions options) const {
  const Declaration& declaration = *declaration_;
  declaration.check(options);

  auto plan = std::make_unique<CompiledGraph::Plan>();
  plan->name = declaration.name;
  plan->description = declaration.description;
  plan->probes = declaration.probes;
  Planner planner(*plan);
  for (const ChannelSpec& key : declaration.keys) plan->state_keys.push_back(planner.add_channel(key));
  plan->input_keys = planner.keys(declaration.input_keys, "input_keys");
  plan->output_keys = planner.keys(declaration.output_keys, "output_keys");
  plan->managed = declaration.managed;
  plan->context_schema = declaration.context_schema;
  plan->start = planner.add_channel(start_channel());
  plan->sends = planner.add_channel(sends_channel());

  planner.add_node(start_node(plan->start), std::nullopt);
  for (const DeclaredNode& declared : declaration.nodes) {
    PlannedNode node;
    node.name = declared.name;
    node.body = declared.body;
    node.options = declared.options;
    node.hidden = std::ranges::find(node.options.tags, kHiddenTag) != node.options.tags.end();
    node.reads = planner.keys(channel_keys(declaration, declared.options.reads), "Node `" + declared.name + "`");
    node.managed = managed_keys(declaration, declared.options.reads);
    const ChannelIndex trigger = planner.add_channel(trigger_channel(declared));
    node.triggers = {trigger};
    planner.add_node(std::move(node), trigger);
  }
  for (const DeclaredEdge& edge : declaration.edges) planner.add_edge(edge);
  fill_triggered_by(*plan);
  fill_derived(*plan);

  plan->interrupt_before = std::make_shared<const Breakpoints>(std::move(options.interrupt_before));
  plan->interrupt_after = std::make_shared<const Breakpoints>(std::move(options.interrupt_after));

  plan->persistence = options.persistence;
  plan->step_timeout = options.step_timeout;
  const auto has_cache = [](const DeclaredNode& node) { return node.options.cache.has_value(); };
  if (std::ranges::any_of(declaration.nodes, has_cache)) plan->cache = std::make_shared<NodeCache>();

  plan->edges = declaration.drawn_edges();
  plan->schemas.input = object_schema(plan->channels, plan->input_keys);
  plan->schemas.output = object_schema(plan->channels, plan->output_keys);
  plan->schemas.state = object_schema(plan->channels, plan->state_keys);
  // The reference gives one schema under both names; a graph that declares both keeps them apart.
  plan->schemas.context = declaration.context_schema ? declaration.context_schema : declaration.config_schema;
  plan->schemas.config = declaration.config_schema ? declaration.config_schema : declaration.context_schema;
  return std::make_shared<const CompiledGraph>(std::move(plan));
}

}  // namespace heddle::runtime
