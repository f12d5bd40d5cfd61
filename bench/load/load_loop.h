#pragma once
// Many clients at once, in a closed loop (each sends when it has its answer) or in an open one (requests are due at a
// fixed rate, whether or not the server keeps up).

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/client.h"
#include "bench/load/load_result.h"

namespace heddle::load {

// The bytes of a request. `lane`: of the client, from 0; `number`: counts its requests, from 0.
using MakeRequest = std::function<std::string(std::size_t lane, std::uint64_t number)>;

struct ClosedLoop {
  std::size_t clients = 1;
  std::chrono::milliseconds warm_up{500};
  std::chrono::milliseconds duration{5'000};
};

struct OpenLoop {
  std::size_t clients = 1;
  double per_second = 1;  // over all clients
  std::chrono::milliseconds duration{5'000};
};

// Both run on the calling thread until their time is over and every answer has come, and count what was sent within the
// time. Latency of an open loop is measured from when a request was due, so that a server that stands still for a
// second shows that second in each of the requests that were due in it.
LoadResult run_closed(const Endpoint& endpoint, const ClosedLoop& loop, const MakeRequest& make);

// Several open loops at once, as in a mix of reads and writes; results are in the same order.
struct OpenLoad {
  OpenLoop loop;
  MakeRequest make;
  std::chrono::nanoseconds least{0};  // see LoadResult
};
std::vector<LoadResult> run_open(const Endpoint& endpoint, const std::vector<OpenLoad>& loads);

// One connection for a thread that waits for each answer.
class Connection {
 public:
  explicit Connection(const Endpoint& endpoint) : client_(io_.get_executor(), endpoint) {}
  // Throws what Client throws, and std::runtime_error for statuses of 400 and more.
  Answer call(const std::string& request);
  // The same of an answer that may have megabytes, of which nothing is kept: the bytes of its body. To keep them would
  // take longer than to read them.
  std::size_t count(const std::string& request);

 private:
  Answer answered(const std::string& request, const ResponseReader::Sink& sink);

  boost::asio::io_context io_{1};
  Client client_;
};

// The same for a single request.
Answer call_once(const Endpoint& endpoint, std::string_view method, std::string_view path, std::string_view body);

}  // namespace heddle::load
