#pragma once
// One exchange of an HttpClient, as its two threads see it.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "graphs/http_client.h"

struct curl_slist;

namespace heddle::graphs {

// Why a transfer ended early. Crosses the threads as plain values: copies of an exception share their text.
struct HttpEnding {
  HttpFailure kind = HttpFailure::connection;
  std::string text;
};

// One exchange. Its two halves are touched by one thread each, and only values go between them by posting.
struct HttpTransfer : std::enable_shared_from_this<HttpTransfer> {
  // `of_what` begins the texts of its errors.
  HttpTransfer(boost::asio::any_io_executor of_reader, std::string of_what, HttpRequest what)
      : executor(std::move(of_reader)), place(std::move(of_what)), request(std::move(what)), changed(executor) {}

  // Shared and constant.
  const boost::asio::any_io_executor executor;
  const std::string place;

  // Of the curl thread. It gets the request with the transfer.
  HttpRequest request;
  void* easy = nullptr;  // curl's handle
  curl_slist* header_lines = nullptr;
  char error_text[256] = {};  // of curl's size
  HttpHead incoming;
  bool head_sent = false;
  bool paused = false;
  const std::function<bool(const PeerAddress&)>* may_connect = nullptr;
  bool has_refused = false;  // an address
  bool has_opened = false;   // a socket
  std::size_t unread = 0;    // bytes handed to the reader and not read
  std::size_t unread_max = 0;

  // Of the reader's executor.
  boost::asio::steady_timer changed;  // cancelling it wakes the reader
  std::size_t changes = 0;
  std::chrono::milliseconds idle_timeout{};
  std::optional<HttpHead> head;
  std::deque<std::string> received;
  std::size_t read_bytes = 0;  // read, and the curl thread does not know yet
  bool ended = false;
  std::optional<HttpEnding> error;

  template <class Change>
  void tell_reader(Change change) {
    boost::asio::post(executor, [self = shared_from_this(), change = std::move(change)]() mutable {
      change(*self);
      ++self->changes;
      self->changed.cancel();
    });
  }
  void send_head() {
    if (std::exchange(head_sent, true)) return;
    tell_reader([head = std::move(incoming)](HttpTransfer& self) mutable { self.head = std::move(head); });
  }
  void end(std::optional<HttpEnding> why) {
    tell_reader([why = std::move(why)](HttpTransfer& self) mutable {
      self.ended = true;
      self.error = std::move(why);
    });
  }
};

}  // namespace heddle::graphs
