#pragma once
// Graphs made by chance, and a world that disturbs them: nodes that fail, ask and wait.

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "runtime/compiled_graph.h"
#include "runtime/node.h"

namespace heddle::runtime {

// What nodes meet and what they have done. Outlives the graph; one thread.
struct World {
  bool remembers = false;                // a graph inside is kept per thread
  bool calm = true;                      // nobody fails and nobody asks
  std::map<std::string, int> failures;   // still to come, by node
  std::map<std::string, int> completed;  // executions that came to their end, by task
  std::map<std::string, int> lost;       // of these: those whose results went down with a crash or a stopped sibling
  std::set<std::string> recorded;        // tasks whose results the saver has
  std::vector<std::string> twice;        // tasks that ran again although their results were there
  std::set<std::string> instant;         // tasks of nodes that never wait, completed in this run

  // The results that nobody recorded are gone.
  void lose_unrecorded();
};

// The same seed makes the same graph. What its nodes write depends on nothing but the state that they are given and on
// answers, which are "answer".
std::shared_ptr<const CompiledGraph> random_graph(std::uint64_t seed, World& world);

}  // namespace heddle::runtime
