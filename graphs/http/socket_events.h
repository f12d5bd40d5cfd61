#pragma once
// What the sockets and timers of curl wait for. A wait costs what has happened, however many transfers there are:
// curl_multi_poll() looks at every socket for each packet of any.

#include <chrono>
#include <optional>

namespace heddle::graphs {

// Of one multi handle. Belongs to the thread that works with the handle, but for wake().
class SocketEvents {
 public:
  // `multi`: curl's handle; it is cleaned up before this object goes, because curl tells of the sockets that it closes.
  // Throws std::system_error if there is no descriptor left.
  explicit SocketEvents(void* multi);
  SocketEvents(const SocketEvents&) = delete;
  SocketEvents& operator=(const SocketEvents&) = delete;

  // Waits until something happens, no longer than `most`, and lets curl act on it.
  void wait(std::chrono::milliseconds most);

  // Ends the wait of now, or the next one. Any thread.
  void wake() noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  class Descriptor {
   public:
    explicit Descriptor(int fd, const char* what);
    ~Descriptor();
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

   private:
    int fd_;
  };

  struct Callbacks;

  void watch(int socket, int wanted) noexcept;
  void set_timer(long milliseconds) noexcept;
  void act(int socket, int flags);

  void* multi_;
  Descriptor epoll_;
  Descriptor wakings_;
  std::optional<Clock::time_point> timer_;
};

}  // namespace heddle::graphs
