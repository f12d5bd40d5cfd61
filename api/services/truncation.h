#pragma once
// Emptying the server, for test suites (http-api.md 4).

#include <boost/asio/awaitable.hpp>

#include "api/services/service_parts.h"

namespace heddle::api {

struct Truncated {
  bool runs = false;        // with their crons and the calls owed to their webhooks
  bool threads = false;     // with their runs, crons, calls and states
  bool assistants = false;  // but for the default one of each graph that is still as the server made it
  bool checkpointer = false;
  bool store = false;
};

// For all owners. Runs in flight are stopped first if runs, threads or checkpoints go.
boost::asio::awaitable<void> truncate(ServiceParts parts, Truncated what);

}  // namespace heddle::api
