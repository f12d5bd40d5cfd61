#pragma once
// The thread of an HttpClient, and everything that curl owns.

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "graphs/http/socket_events.h"
#include "graphs/http/transfer.h"
#include "graphs/http_client.h"

namespace heddle::graphs {

// Made and destroyed by the client; start(), abort(), read() and stop() may be called on any thread. After stop() a
// transfer that is started ends at once, and the others do nothing.
class HttpEngine {
 public:
  explicit HttpEngine(HttpClientSettings settings);
  ~HttpEngine() { stop(); }
  HttpEngine(const HttpEngine&) = delete;
  HttpEngine& operator=(const HttpEngine&) = delete;

  void start(std::shared_ptr<HttpTransfer> transfer);
  void abort(std::shared_ptr<HttpTransfer> transfer);
  void read(std::shared_ptr<HttpTransfer> transfer, std::size_t bytes);
  void stop();

  std::size_t unread_bytes_max() const { return settings_.unread_bytes_max; }

 private:
  using Command = std::function<void()>;

  bool submit(Command command);
  void work();
  bool run_commands();
  void begin(const std::shared_ptr<HttpTransfer>& transfer);
  void configure(HttpTransfer& transfer);
  void add_headers(HttpTransfer& transfer);
  void restrict_peers(HttpTransfer& transfer);
  void finish(void* easy, int result);  // curl's handle, and its code
  void remove(HttpTransfer& transfer);

  HttpClientSettings settings_;
  void* multi_ = nullptr;
  std::optional<SocketEvents> events_;
  std::unordered_map<void*, std::shared_ptr<HttpTransfer>> running_;  // of the curl thread

  // The curl thread sleeps in SocketEvents::wait() and has no executor to post to, hence a queue with a mutex.
  std::mutex mutex_;
  std::vector<Command> commands_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace heddle::graphs
