#pragma once
// The least that a server of JSON over HTTP can do, as the limit of what one of our kind could reach.

#include <cstdint>

namespace heddle::load {

// Answers each POST with its JSON body, parsed and printed again; GET with {"ok":true}. Beast and Boost.JSON, one
// thread, keep-alive, like the server that is measured. Runs until SIGTERM.
void run_echo_server(std::uint16_t port);

}  // namespace heddle::load
