#include "tests/graphs/tiny_server.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <utility>

namespace heddle::test {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

std::string TinyConnection::read_request() {
  std::string request;
  std::size_t wanted = std::string::npos;
  while (request.size() < wanted) {
    std::array<char, 4096> part{};
    error_code error;
    const std::size_t count = socket_.read_some(asio::buffer(part), error);
    if (error) return "";
    request.append(part.data(), count);
    const std::size_t end = request.find("\r\n\r\n");
    if (end == std::string::npos || wanted != std::string::npos) continue;
    wanted = end + 4;
    const std::size_t length = request.find("Content-Length: ");
    if (length < end) wanted += std::strtoul(request.c_str() + length + 16, nullptr, 10);
  }
  return request;
}

bool TinyConnection::send(std::string_view bytes) {
  error_code error;
  asio::write(socket_, asio::buffer(bytes), error);
  return !error;
}

void TinyConnection::wait_until_closed() {
  std::array<char, 4096> part{};
  error_code error;
  while (!error) socket_.read_some(asio::buffer(part), error);
}

void TinyConnection::shut() {
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_both, ignored);
}

TinyServer::TinyServer(Script script)
    : script_(std::move(script)), acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
  acceptor_.listen(1024);
  accepting_ = std::thread([this] { accept(); });
}

void TinyServer::accept() {
  for (int number = 1;; ++number) {
    error_code error;
    tcp::socket socket(io_);
    acceptor_.accept(socket, error);
    if (error || stopping_) return;
    auto connection = std::make_shared<TinyConnection>(std::move(socket), number);
    const std::lock_guard lock(mutex_);
    connections_.push_back(connection);
    threads_.emplace_back([this, connection] {
      const std::string request = connection->read_request();
      if (!request.empty()) {
        {
          const std::lock_guard recording(mutex_);
          requests_.push_back(request);
        }
        script_(*connection, request);
      }
      connection->shut();
    });
  }
}

TinyServer::~TinyServer() {
  stopping_ = true;
  {
    tcp::socket waking(io_);
    error_code ignored;
    waking.connect(acceptor_.local_endpoint(), ignored);
  }
  accepting_.join();
  for (const auto& connection : connections_) connection->shut();
  for (std::thread& thread : threads_) thread.join();
}

std::string TinyServer::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + std::string(path);
}

std::vector<std::string> TinyServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

}  // namespace heddle::test
