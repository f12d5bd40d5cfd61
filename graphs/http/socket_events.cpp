#include "graphs/http/socket_events.h"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <span>
#include <system_error>

namespace heddle::graphs {

// What curl calls; no exception may cross it.
struct SocketEvents::Callbacks {
  static int on_socket(CURL*, curl_socket_t socket, int wanted, void* user, void*) noexcept {
    static_cast<SocketEvents*>(user)->watch(socket, wanted);
    return 0;
  }
  static int on_timer(CURLM*, long milliseconds, void* user) noexcept {
    static_cast<SocketEvents*>(user)->set_timer(milliseconds);
    return 0;
  }
};

SocketEvents::Descriptor::Descriptor(int fd, const char* what) : fd_(fd) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), what);
}

SocketEvents::Descriptor::~Descriptor() {
  ::close(fd_);
}

SocketEvents::SocketEvents(void* multi)
    : multi_(multi),
      epoll_(::epoll_create1(EPOLL_CLOEXEC), "the HTTP client cannot watch sockets"),
      wakings_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "the HTTP client cannot be woken") {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wakings_.get();
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakings_.get(), &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "the HTTP client cannot watch sockets");
  }
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Callbacks::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Callbacks::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

void SocketEvents::wake() noexcept {
  const std::uint64_t one = 1;
  // Fails only if it was woken 2^64 - 2 times and has not looked.
  [[maybe_unused]] const ssize_t written = ::write(wakings_.get(), &one, sizeof one);
}

void SocketEvents::wait(std::chrono::milliseconds most) {
  std::chrono::milliseconds limit = most;
  if (timer_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*timer_ - Clock::now());
    limit = std::clamp(left, std::chrono::milliseconds(0), most);
  }
  std::array<epoll_event, 64> events{};
  // A signal ends the wait early, with nothing to act on.
  const int found =
      ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), static_cast<int>(limit.count()));
  for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(std::max(found, 0)))) {
    if (event.data.fd == wakings_.get()) {
      std::uint64_t count = 0;
      [[maybe_unused]] const ssize_t got = ::read(wakings_.get(), &count, sizeof count);
      continue;
    }
    // Of an error curl looks for itself, so that it reads what arrived before.
    const bool is_broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    const int readable = (event.events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0;
    const int writable = (event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0;
    act(event.data.fd, is_broken ? 0 : readable | writable);
  }
  if (timer_ && *timer_ <= Clock::now()) {
    timer_.reset();
    act(CURL_SOCKET_TIMEOUT, 0);
  }
}

void SocketEvents::act(int socket, int flags) {
  int running = 0;
  // A socket that an event before this one has closed is unknown to curl and passed over.
  curl_multi_socket_action(multi_, socket, flags, &running);
}

// A socket that the system does not take (it has no memory left) is not watched, and its transfer ends by its timeouts:
// to refuse it here would end all transfers.
void SocketEvents::watch(int socket, int wanted) noexcept {
  if (wanted == CURL_POLL_REMOVE) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket, nullptr);
    return;
  }
  epoll_event event{};
  if (wanted != CURL_POLL_OUT) event.events |= EPOLLIN;
  if (wanted != CURL_POLL_IN) event.events |= EPOLLOUT;
  event.data.fd = socket;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, socket, &event) == 0 || errno != ENOENT) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket, &event);
}

void SocketEvents::set_timer(long milliseconds) noexcept {
  timer_.reset();
  if (milliseconds >= 0) timer_ = Clock::now() + std::chrono::milliseconds(milliseconds);
}

}  // namespace heddle::graphs
