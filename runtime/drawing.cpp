// The nodes and edges of a graph for clients: CompiledGraph::drawing and CompiledGraph::mermaid.
#include <algorithm>
#include <map>
#include <utility>

#include "runtime/compiled_graph.h"
#include "runtime/pregel/plan.h"

namespace heddle::runtime {
namespace {

// Where edges of the enclosing graph meet a node, or one of the nodes that are drawn instead of it.
struct Port {
  std::string id;
  std::optional<std::string> label;
  bool conditional = false;
};

struct Ports {
  std::vector<Port> entries;
  std::vector<Port> exits;
};

Ports ports_of_one(std::string id) {
  const Port port{std::move(id), std::nullopt, false};
  return {{port}, {port}};
}

// Of a graph that is drawn instead of its node: what its __start__ leads to, and what leads to its __end__
// or ends it without saying so.
Ports ports_of_insides(const GraphDrawing& insides, const std::string& prefix) {
  Ports ports;
  for (const GraphEdgeDrawing& edge : insides.edges) {
    if (edge.source == kStart) ports.entries.push_back({prefix + edge.target, edge.label, edge.conditional});
    if (edge.target == kEnd) ports.exits.push_back({prefix + edge.source, edge.label, edge.conditional});
  }
  for (const GraphNodeDrawing& node : insides.nodes) {
    const bool leads_on = std::any_of(insides.edges.begin(), insides.edges.end(),
                                      [&](const GraphEdgeDrawing& edge) { return edge.source == node.id; });
    if (!leads_on) ports.exits.push_back({prefix + node.id, std::nullopt, false});
  }
  if (ports.exits.empty()) ports.exits.push_back({prefix + insides.nodes.back().id, std::nullopt, false});
  return ports;
}

void connect(const std::vector<Port>& sources, const GraphEdgeDrawing& edge, const std::vector<Port>& targets,
             std::vector<GraphEdgeDrawing>& out) {
  for (const Port& source : sources) {
    for (const Port& target : targets) {
      GraphEdgeDrawing drawn{source.id, target.id, edge.label,
                             edge.conditional || source.conditional || target.conditional};
      if (!drawn.label) drawn.label = source.label ? source.label : target.label;
      out.push_back(std::move(drawn));
    }
  }
}

// Puts the insides of a graph, without its __start__ and __end__, into the drawing of the enclosing one.
void place(GraphDrawing insides, const std::string& prefix, GraphDrawing& out) {
  for (GraphNodeDrawing& node : insides.nodes) {
    node.id = prefix + node.id;
    out.nodes.push_back(std::move(node));
  }
  for (GraphEdgeDrawing& edge : insides.edges) {
    if (edge.source == kStart || edge.target == kEnd) continue;
    edge.source = prefix + edge.source;
    edge.target = prefix + edge.target;
    out.edges.push_back(std::move(edge));
  }
}

// Edges to and from __start__ and __end__ are there, the two nodes are not.
GraphDrawing draw(const CompiledGraph::Plan& plan, int depth) {
  GraphDrawing out;
  std::map<std::string, Ports> ports;
  ports[std::string(kStart)] = ports_of_one(std::string(kStart));
  ports[std::string(kEnd)] = ports_of_one(std::string(kEnd));
  for (const PlannedNode& node : plan.nodes) {
    if (node.is_start) continue;
    const auto* graph = std::get_if<std::shared_ptr<const CompiledGraph>>(&node.body);
    GraphDrawing insides;
    if (graph && depth > 0) insides = draw((*graph)->plan(), depth - 1);
    // A graph with a single node stays one node, as the reference draws it.
    if (insides.nodes.size() < 2) {
      out.nodes.push_back({node.name, graph ? (*graph)->name() : node.name, false, graph != nullptr});
      ports[node.name] = ports_of_one(node.name);
    } else {
      const std::string prefix = node.name + ":";
      ports[node.name] = ports_of_insides(insides, prefix);
      place(std::move(insides), prefix, out);
    }
  }
  for (const GraphEdgeDrawing& edge : plan.edges) {
    connect(ports.at(edge.source).exits, edge, ports.at(edge.target).entries, out.edges);
  }
  return out;
}

// Mermaid reads entities inside quotes.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') {
      out += "#quot;";
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

GraphDrawing CompiledGraph::drawing(int depth) const {
  GraphDrawing drawing = draw(*plan_, depth);
  const auto leads_to_end = [](const GraphEdgeDrawing& edge) { return edge.target == kEnd; };
  drawing.nodes.insert(drawing.nodes.begin(), {std::string(kStart), std::string(kStart), true, false});
  if (std::any_of(drawing.edges.begin(), drawing.edges.end(), leads_to_end)) {
    drawing.nodes.push_back({std::string(kEnd), std::string(kEnd), true, false});
  }
  return drawing;
}

std::string CompiledGraph::mermaid() const {
  const GraphDrawing whole = drawing(0);
  // Ids are numbers of nodes, because mermaid has words of its own (`end`) that are good names of nodes.
  std::map<std::string, std::string> ids;
  std::string out = "flowchart TD\n";
  for (const GraphNodeDrawing& node : whole.nodes) {
    const std::string id = "n" + std::to_string(ids.size());
    ids.emplace(node.id, id);
    if (node.is_schema) {
      out += "  " + id + "([" + quoted(node.id) + "])\n";
    } else if (node.is_subgraph) {
      out += "  " + id + "[[" + quoted(node.id) + "]]\n";
    } else {
      out += "  " + id + "[" + quoted(node.id) + "]\n";
    }
  }
  for (const GraphEdgeDrawing& edge : whole.edges) {
    out += "  " + ids.at(edge.source) + (edge.conditional ? " -.->" : " -->");
    if (edge.label) out += "|" + quoted(*edge.label) + "|";
    out += " " + ids.at(edge.target) + "\n";
  }
  return out;
}

}  // namespace heddle::runtime
