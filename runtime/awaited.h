#pragma once
// What an interrupted run waits for outside: an answer that no client brings, so that somebody has to ask for it.
//
// A node that interrupts can say so with its question (Interrupt::awaited). Whoever serves runs then calls the graph's
// probe of that name again and again, outside of any run. When it says that the answer has come, or when the time is
// over, the run goes on without input: the node is executed again, and finds the answer where it looks for it.

#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "runtime/clock.h"

namespace heddle::runtime {

struct Awaited {
  std::string probe;                     // a name; see StateGraph::probe()
  boost::json::value subject;            // what the probe is asked about; is stored, so it holds no secret
  std::chrono::milliseconds interval{};  // between two calls, and before the first one
  std::optional<storage::Timestamp> until = std::nullopt;  // then the run goes on in any case; none: never
};

struct Sign {
  bool has_come = false;                   // the run shall go on
  std::chrono::milliseconds longer_by{0};  // the interval from now on: whoever is asked wants to be asked less often
};

// Whether the answer has come. Must not block: it runs where a server reads its sockets. Cancellable. What it throws is
// logged by its text, and it is called again. Calls for several subjects may go on at once.
using Probe = std::function<boost::asio::awaitable<Sign>(boost::json::value subject)>;

}  // namespace heddle::runtime
