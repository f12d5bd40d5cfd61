#include "api/runs/engine_bridge.h"

#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

namespace heddle::api {

EngineBridge::EngineBridge(boost::asio::any_io_executor io, std::shared_ptr<RunStream> stream,
                           storage::Storage& storage)
    : io_(std::move(io)), stream_(std::move(stream)), storage_(storage) {}

template <class Add>
void EngineBridge::hand_over(Add add) {
  bool is_first = false;
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    is_first = facts_.empty() && writes_.empty();
    add();
  }
  if (is_first) boost::asio::post(io_, [self = shared_from_this()] { self->deliver(); });
}

void EngineBridge::send(Fact fact) {
  hand_over([&] { facts_.push_back(std::move(fact)); });
}

void EngineBridge::submit(std::function<void(storage::Transaction&)> work,
                          std::function<void(std::exception_ptr)> done) {
  hand_over([&] { writes_.push_back({std::move(work), std::move(done)}); });
}

void EngineBridge::submit_read(std::function<void(const storage::Snapshot&)> work,
                               std::function<void(std::exception_ptr)> done) {
  storage_.submit_read(std::move(work), std::move(done));
}

// A write is stored with all facts that were there when it is delivered: with those before it, and with some behind it.
void EngineBridge::deliver() {
  std::vector<Fact> facts;
  std::vector<Write> gathered;
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    facts.swap(facts_);
    gathered.swap(writes_);
  }
  if (gathered.empty()) {
    stream_->publish(std::move(facts));
    return;
  }
  // One work of the storage for all, with one segment of the log.
  auto writes = std::make_shared<std::vector<Write>>(std::move(gathered));
  auto work = [writes](storage::Transaction& transaction) {
    for (const Write& write : *writes) write.work(transaction);
  };
  auto done = [writes](std::exception_ptr error) {
    for (Write& write : *writes) {
      write.work = nullptr;
      write.done(error);
    }
  };
  stream_->publish_with(std::move(facts), std::move(work), std::move(done));
}

}  // namespace heddle::api
