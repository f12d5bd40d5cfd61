#include "runtime/pregel/task_group.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <tuple>
#include <utility>

namespace heddle::runtime {

namespace asio = boost::asio;

TaskGroup::TaskGroup(asio::any_io_executor executor) : executor_(std::move(executor)), changed_(executor_) {}

void TaskGroup::start(asio::awaitable<void> work) {
  Member& member = members_.emplace_back();
  ++running_;
  auto ended = [this, &member](std::exception_ptr error) {
    member.running = false;
    --running_;
    ++ended_;
    if (error && !thrown_) thrown_ = error;
    changed_.cancel();
  };
  asio::co_spawn(executor_, std::move(work), asio::bind_cancellation_slot(member.stop.slot(), std::move(ended)));
}

void TaskGroup::cancel() {
  for (Member& member : members_) {
    if (member.running) member.stop.emit(asio::cancellation_type::terminal);
  }
}

asio::awaitable<TaskGroup::Waited> TaskGroup::wait(Deadline deadline) {
  while (ended_ == 0 && running_ > 0) {
    changed_.expires_at(deadline);
    const auto waited = co_await changed_.async_wait(asio::as_tuple(asio::use_awaitable));
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
      co_return Waited::cancelled;
    }
    if (!std::get<0>(waited) && ended_ == 0) co_return Waited::late;
  }
  ended_ = 0;
  co_return Waited::one_ended;
}

}  // namespace heddle::runtime
