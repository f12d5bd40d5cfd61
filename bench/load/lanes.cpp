#include "bench/load/lanes.h"

#include <boost/asio/co_spawn.hpp>
#include <utility>

namespace heddle::load {

void Lanes::start(boost::asio::awaitable<void> lane) {
  ++running_;
  auto ended = [this](std::exception_ptr thrown) {
    --running_;
    if (thrown && !thrown_) thrown_ = thrown;
  };
  boost::asio::co_spawn(io_, std::move(lane), ended);
}

void Lanes::run() {
  io_.run();
  if (thrown_) std::rethrow_exception(thrown_);
}

}  // namespace heddle::load
