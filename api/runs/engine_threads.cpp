#include "api/runs/engine_threads.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

namespace heddle::api {

struct EngineThreads::Engine {
  Engine() : io(1), work(boost::asio::make_work_guard(io)), thread([this] { io.run(); }) {}
  ~Engine() {
    work.reset();
    thread.join();
  }

  boost::asio::io_context io;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  std::thread thread;
};

EngineThreads::EngineThreads(int count) {
  for (int i = 0; i < count; ++i) engines_.push_back(std::make_unique<Engine>());
}

EngineThreads::~EngineThreads() = default;

boost::asio::any_io_executor EngineThreads::next() {
  turn_ = (turn_ + 1) % engines_.size();
  return engines_[turn_]->io.get_executor();
}

std::vector<boost::asio::any_io_executor> EngineThreads::executors() const {
  std::vector<boost::asio::any_io_executor> all;
  for (const auto& engine : engines_) all.push_back(engine->io.get_executor());
  return all;
}

}  // namespace heddle::api
