#include "api/runs/thread_news.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

ThreadNews::Watch::Watch(ThreadNews& news, storage::ThreadId id, asio::any_io_executor executor)
    : news_(news), id_(id), timer_(std::move(executor)) {
  news_.watches_.emplace(id_, this);
}

ThreadNews::Watch::~Watch() {
  const auto [first, last] = news_.watches_.equal_range(id_);
  for (auto at = first; at != last; ++at) {
    if (at->second != this) continue;
    news_.watches_.erase(at);
    return;
  }
}

void ThreadNews::Watch::tell() {
  has_news_ = true;
  timer_.cancel();
}

asio::awaitable<bool> ThreadNews::Watch::wait(std::chrono::milliseconds patience) {
  if (!has_news_) {
    timer_.expires_after(patience);
    // Ends with operation_aborted when there is news; if it was the reader that was cancelled, the next co_await of
    // its caller throws.
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  co_return std::exchange(has_news_, false);
}

void ThreadNews::tell(storage::ThreadId id) {
  const auto [first, last] = watches_.equal_range(id);
  for (auto at = first; at != last; ++at) at->second->tell();
}

void ThreadNews::close() {
  closed_ = true;
  for (const auto& [id, watch] : watches_) watch->tell();
}

}  // namespace heddle::api
