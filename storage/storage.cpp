#include "storage/storage.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace asio = boost::asio;

namespace heddle::storage {
namespace {

// `hand_in` is called with what is to be called, on any thread, when the work is done.
template <class HandIn>
asio::awaitable<void> wait_until_done(HandIn hand_in) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto initiate = [&hand_in, executor](auto handler) {
    // The handler goes back to the caller's executor, because only values travel between threads. That
    // executor must not run out of work before; what keeps it running goes back with the handler.
    auto waiting = asio::prefer(executor, asio::execution::outstanding_work.tracked);
    auto shared_handler = std::make_shared<decltype(handler)>(std::move(handler));
    auto done = [executor, waiting, shared_handler](std::exception_ptr error) mutable {
      auto resume = [waiting = std::move(waiting), handler = std::move(shared_handler), error = std::move(error)] {
        std::move (*handler)(error);
      };
      asio::post(executor, std::move(resume));
    };
    hand_in(std::move(done));
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(std::move(initiate),
                                                                                         asio::use_awaitable);
}

}  // namespace

asio::awaitable<void> Storage::wait_for(std::function<void(Transaction&)> work) {
  auto hand_in = [this, work = std::move(work)](std::function<void(std::exception_ptr)> done) mutable {
    submit(std::move(work), std::move(done));
  };
  return wait_until_done(std::move(hand_in));
}

asio::awaitable<void> Storage::wait_for(std::function<void(const Snapshot&)> work) {
  auto hand_in = [this, work = std::move(work)](std::function<void(std::exception_ptr)> done) mutable {
    submit_read(std::move(work), std::move(done));
  };
  return wait_until_done(std::move(hand_in));
}

}  // namespace heddle::storage
