#pragma once
// An HTTP server on a free port of the loopback, whose answers a test writes byte by byte.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace heddle::test {

// One accepted connection, on a thread of its own. Errors of the socket end the script.
class TinyConnection {
 public:
  TinyConnection(boost::asio::ip::tcp::socket socket, int number) : socket_(std::move(socket)), number_(number) {}

  // Head and body (by its Content-Length) of the next request; empty if there is none.
  std::string read_request();
  // False if the client is gone.
  bool send(std::string_view bytes);
  // Returns when the client has closed the connection.
  void wait_until_closed();
  // Ends the connection, also from another thread.
  void shut();

  // From 1, in the order of acceptance.
  int number() const { return number_; }

 private:
  boost::asio::ip::tcp::socket socket_;
  int number_;
};

class TinyServer {
 public:
  // `script` is called for every connection, after its first request has been read.
  using Script = std::function<void(TinyConnection&, const std::string& request)>;
  explicit TinyServer(Script script);
  ~TinyServer();
  TinyServer(const TinyServer&) = delete;
  TinyServer& operator=(const TinyServer&) = delete;

  std::string url(std::string_view path = "/") const;
  std::vector<std::string> requests() const;

 private:
  void accept();
  Script script_;
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::atomic<bool> stopping_{false};
  // The threads of connections and the test's thread look at these.
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<std::shared_ptr<TinyConnection>> connections_;
  std::vector<std::thread> threads_;
  std::thread accepting_;
};

// An answer with a body, after which the connection is closed.
inline std::string http_answer(const std::string& status, const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         headers + "\r\n" + body;
}

}  // namespace heddle::test
