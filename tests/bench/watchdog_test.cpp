#include "bench/load/watchdog.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <stdexcept>

namespace heddle::load {
namespace {

// Does nothing until it is killed.
class Child {
 public:
  Child() : pid_(fork()) {
    if (pid_ < 0) throw std::runtime_error("no process for the test");
    if (pid_ == 0) {
      for (;;) pause();
    }
  }
  ~Child() {
    if (is_over_) return;
    kill(pid_, SIGKILL);
    end();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  bool is_there() const { return waitpid(pid_, nullptr, WNOHANG) == 0; }
  // Waits for its end; the signal that ended it.
  int end() {
    int status = 0;
    waitpid(pid_, &status, 0);
    is_over_ = true;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

 private:
  pid_t pid_;
  bool is_over_ = false;
};

}  // namespace

TEST_CASE("A server that is not let go in time is killed") {
  Child child;
  const Watchdog watchdog(child.pid(), std::chrono::milliseconds(1));
  CHECK(child.end() == SIGKILL);
  CHECK(watchdog.has_bitten());
}

TEST_CASE("A server that is let go in time is left alone") {
  const Child child;
  {
    const Watchdog watchdog(child.pid(), std::chrono::hours(1));
    CHECK_FALSE(watchdog.has_bitten());
  }
  CHECK(child.is_there());
}

}  // namespace heddle::load
