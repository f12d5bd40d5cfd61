#pragma once
// What steers a graph besides its edges: Command, Send and Interrupt (runtime.md 6 and 7).

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/value.h"

namespace heddle::runtime {

struct Awaited;

// One task of `node` in the next superstep, with `argument` as its whole input. `timeout`: of each of its attempts, in
// place of the node's own.
struct Send {
  std::string node;
  Value argument;
  std::optional<std::chrono::milliseconds> timeout{};
};

// The form in which a Send is stored in `__pregel_tasks` and in pending writes: an object with a marker that
// no argument is mistaken for.
json::value send_to_json(const Send& send);
std::optional<Send> send_from_json(const json::value& value);

using Goto = std::variant<std::string, Send>;

// A question that waits for an answer. `id`: 32 hex digits.
struct Interrupt {
  std::string id;
  json::value value;
  // What it waits for if not for a client. Neither shown nor kept with the checkpoint: a node that asks says it anew.
  std::shared_ptr<const Awaited> awaited{};
};
json::object to_json(const Interrupt& interrupt);
json::array to_json(const std::vector<Interrupt>& interrupts);

// Writes by key, in order; a key may come twice.
using KeyedWrites = std::vector<std::pair<std::string, json::value>>;

enum class CommandTarget { current_graph, parent_graph };

struct Command {
  KeyedWrites update;
  std::vector<Goto> go_to;
  std::optional<json::value> resume;  // never JSON null: that is the same as none
  CommandTarget graph = CommandTarget::current_graph;

  // In C++ idiom: Command().set("log", {"x"}).to("left").to(Send{"right", arg})
  Command& set(std::string key, json::value value);
  Command& to(Goto target);
  Command& of_parent();
};

// The `command` of a request (runtime.md 6, http-api.md 8.8): {update?, goto?, resume?, graph?}. Throws GraphError
// (`InvalidUpdateError`) with a text that names the member that cannot be read.
Command command_from_json(const json::value& value);
// The same object again, for `kwargs`.
json::object to_json(const Command& command);

}  // namespace heddle::runtime
