#pragma once
// The threads that execute graphs: one io_context each, so that a run has one thread and needs no locks.

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <memory>
#include <vector>

namespace heddle::api {

// A resource: started by the constructor, joined by the destructor. next() belongs to the I/O thread.
class EngineThreads {
 public:
  explicit EngineThreads(int count);
  ~EngineThreads();
  EngineThreads(const EngineThreads&) = delete;
  EngineThreads& operator=(const EngineThreads&) = delete;

  // The thread for the next run, in turn.
  boost::asio::any_io_executor next();
  // Of each thread.
  std::vector<boost::asio::any_io_executor> executors() const;

 private:
  struct Engine;
  std::vector<std::unique_ptr<Engine>> engines_;
  std::size_t turn_ = 0;
};

}  // namespace heddle::api
