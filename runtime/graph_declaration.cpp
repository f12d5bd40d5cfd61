#include "runtime/graph_declaration.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "runtime/error.h"

namespace heddle::runtime {
namespace {

[[noreturn]] void refuse(const std::string& text) {
  throw GraphDeclarationError(text);
}

[[noreturn]] void refuse_key_as_node(const std::string& name) {
  refuse(name + " is already being used as a state attribute (a.k.a. a channel), cannot also be used as a node name.");
}

// Reducers cannot be compared; what they start from and what else is said about the key can.
bool same_kind(const ChannelSpec& left, const ChannelSpec& right) {
  return left.kind == right.kind && left.guard == right.guard && left.accumulate == right.accumulate &&
         left.initial == right.initial && left.names == right.names && left.is_messages == right.is_messages;
}

std::vector<std::string> values_of(const std::map<std::string, std::string>& targets) {
  std::vector<std::string> values;
  for (const auto& [label, node] : targets) values.push_back(node);
  return values;
}

GraphEdgeDrawing drawn(std::string source, std::string target, const std::string& label, bool conditional) {
  GraphEdgeDrawing edge;
  if (label != target) edge.label = label;
  edge.source = std::move(source);
  edge.target = std::move(target);
  edge.conditional = conditional;
  return edge;
}

}  // namespace

std::vector<std::string> sources_of(const DeclaredEdge& edge) {
  if (const auto* plain = std::get_if<PlainEdge>(&edge)) return {plain->from};
  if (const auto* waiting = std::get_if<WaitingEdge>(&edge)) return waiting->from;
  return {std::get<ConditionalEdge>(edge).from};
}

std::vector<std::string> GraphDeclaration::targets_of(const DeclaredEdge& edge) const {
  if (const auto* plain = std::get_if<PlainEdge>(&edge)) return {plain->to};
  if (const auto* waiting = std::get_if<WaitingEdge>(&edge)) return {waiting->to};
  const auto& conditional = std::get<ConditionalEdge>(edge);
  if (!conditional.targets.empty()) return values_of(conditional.targets);
  std::vector<std::string> all;
  for (const DeclaredNode& node : nodes) {
    if (node.name != conditional.from) all.push_back(node.name);
  }
  all.emplace_back(kEnd);
  return all;
}

bool GraphDeclaration::has_node(std::string_view node) const {
  return std::any_of(nodes.begin(), nodes.end(), [&](const DeclaredNode& known) { return known.name == node; });
}

bool GraphDeclaration::has_key(std::string_view key) const {
  return has_managed(key) ||
         std::any_of(keys.begin(), keys.end(), [&](const ChannelSpec& known) { return known.name == key; });
}

bool GraphDeclaration::has_managed(std::string_view key) const {
  return std::any_of(managed.begin(), managed.end(), [&](const ManagedKey& known) { return known.name == key; });
}

void GraphDeclaration::add_managed(ManagedKey key) {
  if (has_node(key.name)) refuse_key_as_node(key.name);
  if (has_key(key.name)) refuse("Channel \"" + key.name + "\" already exists with a different type.");
  managed.push_back(std::move(key));
}

void GraphDeclaration::add_key(ChannelSpec spec) {
  if (has_node(spec.name)) refuse_key_as_node(spec.name);
  if (has_managed(spec.name)) refuse("Channel \"" + spec.name + "\" already exists with a different type.");
  for (const ChannelSpec& known : keys) {
    if (known.name != spec.name) continue;
    // The plain declaration of a key says nothing that one with a reducer does not.
    if (spec.kind == ChannelKind::last_value || same_kind(known, spec)) return;
    refuse("Channel \"" + spec.name + "\" already exists with a different type.");
  }
  keys.push_back(std::move(spec));
}

void GraphDeclaration::add_node(std::string node, NodeBody body, NodeOptions options) {
  for (const char separator : {'|', ':'}) {
    if (node.find(separator) != std::string::npos) {
      refuse(std::string("\"") + separator + "\" is a reserved character and is not allowed in node names.");
    }
  }
  if (node == kStart || node == kEnd) refuse("Node `" + node + "` is reserved.");
  if (has_key(node)) refuse_key_as_node(node);
  if (has_node(node)) refuse("Node `" + node + "` already present.");
  nodes.push_back({std::move(node), std::move(body), std::move(options)});
}

void GraphDeclaration::check(const CompileOptions& options) const {
  check_sources();
  check_reachable();
  check_targets();
  check_conditions();
  check_breakpoints(options.interrupt_before);
  check_breakpoints(options.interrupt_after);
}

void GraphDeclaration::check_sources() const {
  for (const DeclaredEdge& edge : edges) {
    const auto* waiting = std::get_if<WaitingEdge>(&edge);
    if (!waiting) continue;
    for (const std::string& from : waiting->from) {
      if (!has_node(from)) refuse("Need to add a node named \"" + from + "\" first");
    }
    if (waiting->to != kEnd && !has_node(waiting->to)) refuse("Need to add a node named \"" + waiting->to + "\" first");
  }
  for (const DeclaredEdge& edge : edges) {
    for (const std::string& from : sources_of(edge)) {
      if (from != kStart && !has_node(from)) refuse("Found edge starting at unknown node `" + from + "`");
    }
  }
}

// Follows the edges from __start__ instead of asking only whether a node is somebody's target, so that a
// cycle beside the graph is found too.
void GraphDeclaration::check_reachable() const {
  std::set<std::string> reached;
  std::deque<std::string> open{std::string(kStart)};
  const auto reach = [&](const std::string& node) {
    if (reached.insert(node).second) open.push_back(node);
  };
  while (!open.empty()) {
    const std::string from = std::move(open.front());
    open.pop_front();
    for (const DeclaredEdge& edge : edges) {
      const std::vector<std::string> sources = sources_of(edge);
      if (std::find(sources.begin(), sources.end(), from) == sources.end()) continue;
      for (const std::string& to : targets_of(edge)) reach(to);
    }
    for (const DeclaredNode& node : nodes) {
      if (node.name != from) continue;
      for (const std::string& to : node.options.ends) reach(to);
    }
  }
  for (const DeclaredNode& node : nodes) {
    if (reached.contains(node.name)) continue;
    refuse(with_help("Node `" + node.name +
                         "` is not reachable.\n\nA node that is reached by Commands alone must be listed in the `ends` "
                         "of the nodes that return them.",
                     "UNREACHABLE_NODE"));
  }
}

void GraphDeclaration::check_targets() const {
  const auto check_target = [&](const std::string& to) {
    if (to != kEnd && !has_node(to)) refuse("Found edge ending at unknown node `" + to + "`");
  };
  for (const DeclaredEdge& edge : edges) {
    for (const std::string& to : targets_of(edge)) check_target(to);
  }
  for (const DeclaredNode& node : nodes) {
    for (const std::string& to : node.options.ends) check_target(to);
  }
}

// The reference knows conditions by the name of their function. Of ours only plain functions can be told apart: two
// lambdas of one type may hold different things.
void GraphDeclaration::check_conditions() const {
  using Condition = Routes (*)(const State&, const RunConfig&);
  std::vector<std::pair<std::string, Condition>> known;
  for (const DeclaredEdge& edge : edges) {
    const auto* conditional = std::get_if<ConditionalEdge>(&edge);
    const Condition* condition = conditional ? conditional->path.target<Condition>() : nullptr;
    if (!condition) continue;
    std::pair<std::string, Condition> one{conditional->from, *condition};
    const bool is_second = std::find(known.begin(), known.end(), one) != known.end();
    if (is_second) refuse("Condition `condition` already present for node `" + conditional->from + "`");
    known.push_back(std::move(one));
  }
}

void GraphDeclaration::check_breakpoints(const Breakpoints& breakpoints) const {
  for (const std::string& node : breakpoints.nodes) {
    if (!has_node(node)) refuse("Interrupt node `" + node + "` is not present");
  }
}

// The edges that leave one node: those without a condition first, as the reference lists them.
void GraphDeclaration::draw_edges_of(const std::string& node, std::vector<GraphEdgeDrawing>& out) const {
  for (const DeclaredEdge& edge : edges) {
    const std::vector<std::string> sources = sources_of(edge);
    const bool leaves_node = std::find(sources.begin(), sources.end(), node) != sources.end();
    if (!leaves_node || std::holds_alternative<ConditionalEdge>(edge)) continue;
    const std::string target = targets_of(edge).front();
    out.push_back(drawn(node, target, target, false));
  }
  for (const DeclaredEdge& edge : edges) {
    const auto* conditional = std::get_if<ConditionalEdge>(&edge);
    if (!conditional || conditional->from != node) continue;
    for (const auto& [label, target] : conditional->targets) out.push_back(drawn(node, target, label, true));
    if (!conditional->targets.empty()) continue;
    for (const std::string& target : targets_of(edge)) out.push_back(drawn(node, target, target, true));
  }
}

std::vector<GraphEdgeDrawing> GraphDeclaration::drawn_edges() const {
  std::vector<GraphEdgeDrawing> out;
  draw_edges_of(std::string(kStart), out);
  for (const DeclaredNode& node : nodes) {
    draw_edges_of(node.name, out);
    for (const std::string& target : node.options.ends) out.push_back(drawn(node.name, target, target, true));
  }
  return out;
}

}  // namespace heddle::runtime
