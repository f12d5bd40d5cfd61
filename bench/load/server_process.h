#pragma once
// A server that is measured: a process of its own, and what the kernel says about it.

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bench/load/client.h"

namespace heddle::load {

// What /proc says about a process.
struct Usage {
  double resident_mb = 0;   // 10^6 bytes
  double anonymous_mb = 0;  // of these: not backed by a file
  double processor_seconds = 0;
  std::size_t threads = 0;
};
// Nothing if there is no such process, or if it has ended and nobody has asked yet how.
std::optional<Usage> usage_of(pid_t pid);

// A port that nobody listens on now.
std::uint16_t free_port();

// A resource: the destructor stops the process and waits for it.
class ServerProcess {
 public:
  // Starts `command`; in each word "{port}" is replaced by a free one and "{folder}" by `folder`. Waits until it
  // answers `ready_path`, at most a minute, or throws std::runtime_error. Its output goes to `folder`/server.log, whose
  // last lines are in the text of what is thrown.
  ServerProcess(const std::vector<std::string>& command, const std::filesystem::path& folder,
                const std::string& ready_path = "/ok");
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const Endpoint& endpoint() const { return endpoint_; }
  pid_t pid() const { return pid_; }
  // From the start of the process to the first 200.
  std::chrono::duration<double> start_time() const { return start_time_; }
  // Throws if the process has ended.
  Usage usage() const;
  // SIGTERM, SIGKILL after a minute. Does nothing if it was stopped before.
  void stop();

 private:
  void wait_until_ready(const std::string& ready_path, Clock::time_point started);

  std::filesystem::path log_;
  pid_t pid_ = -1;
  Endpoint endpoint_;
  std::chrono::duration<double> start_time_{0};
};

}  // namespace heddle::load
