#pragma once
// What a StateGraph was told, and the checks of runtime.md 4.4 on it.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/channels.h"
#include "runtime/compiled_graph.h"
#include "runtime/node.h"
#include "runtime/pregel/plan.h"
#include "runtime/state_graph.h"

namespace heddle::runtime {

struct PlainEdge {
  std::string from;
  std::string to;
};
struct WaitingEdge {
  std::vector<std::string> from;
  std::string to;
};
struct ConditionalEdge {
  std::string from;
  PathFunction path;
  std::map<std::string, std::string> targets;  // empty: any node
};
using DeclaredEdge = std::variant<PlainEdge, WaitingEdge, ConditionalEdge>;

struct DeclaredNode {
  std::string name;
  NodeBody body;
  NodeOptions options;
};

// The nodes an edge starts from.
std::vector<std::string> sources_of(const DeclaredEdge& edge);

// All that was declared. add_key, add_managed, add_node and check throw GraphDeclarationError.
struct GraphDeclaration {
  std::string name;
  std::optional<std::string> description;
  std::map<std::string, Probe> probes;
  std::vector<ChannelSpec> keys;
  std::vector<ManagedKey> managed;
  std::optional<std::vector<std::string>> input_keys;
  std::optional<std::vector<std::string>> output_keys;
  std::optional<json::object> context_schema;
  std::optional<json::object> config_schema;
  std::vector<DeclaredNode> nodes;
  std::vector<DeclaredEdge> edges;

  void add_key(ChannelSpec spec);
  void add_managed(ManagedKey key);
  void add_node(std::string node, NodeBody body, NodeOptions options);
  // What can be told only when all is declared.
  void check(const CompileOptions& options) const;

  bool has_node(std::string_view node) const;
  bool has_key(std::string_view key) const;  // a managed one too
  bool has_managed(std::string_view key) const;
  // The nodes an edge may lead to, __end__ among them.
  std::vector<std::string> targets_of(const DeclaredEdge& edge) const;
  // By source: __start__, then the nodes in order of registration.
  std::vector<GraphEdgeDrawing> drawn_edges() const;

 private:
  void check_sources() const;
  void check_reachable() const;
  void check_targets() const;
  void check_conditions() const;
  void check_breakpoints(const Breakpoints& breakpoints) const;
  void draw_edges_of(const std::string& node, std::vector<GraphEdgeDrawing>& out) const;
};

}  // namespace heddle::runtime
