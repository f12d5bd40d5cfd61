#pragma once
// The way of a run from the engine's thread to the I/O thread: facts for its stream, and what it stores, in one order.
//
// A checkpoint must not be stored without the facts that led to it. A run that is taken up again goes on from its last
// checkpoint and tells what comes behind it, so a fact that was not stored by then would be told to nobody.

#include <boost/asio/any_io_executor.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "api/runs/fact.h"
#include "api/runs/run_stream.h"
#include "storage/storage.h"

namespace heddle::api {

// The engine hands over many things at a time when it is faster, so that a post per fact is not needed; that is why a
// mutex is used here. A storage for the run's StoredSaver: writes go behind the facts that were sent before them, in
// the same transaction as these; reads go straight through.
class EngineBridge final : public storage::Storage, public std::enable_shared_from_this<EngineBridge> {
 public:
  // `storage` outlives it.
  EngineBridge(boost::asio::any_io_executor io, std::shared_ptr<RunStream> stream, storage::Storage& storage);

  // On the engine's thread.
  void send(Fact fact);
  void submit(std::function<void(storage::Transaction&)> work, std::function<void(std::exception_ptr)> done) override;
  void submit_read(std::function<void(const storage::Snapshot&)> work,
                   std::function<void(std::exception_ptr)> done) override;

 private:
  struct Write {
    std::function<void(storage::Transaction&)> work;
    std::function<void(std::exception_ptr)> done;
  };

  // Posts deliver() if nothing was on its way before `add`.
  template <class Add>
  void hand_over(Add add);
  void deliver();

  boost::asio::any_io_executor io_;
  std::shared_ptr<RunStream> stream_;
  storage::Storage& storage_;
  std::mutex mutex_;
  std::vector<Fact> facts_;
  std::vector<Write> writes_;
};

}  // namespace heddle::api
