#pragma once
// Whether work really moves: a write gets through to the disk, and every thread that runs graphs answers.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "api/services/service_parts.h"

namespace heddle::api {

// Belongs to the I/O thread.
class Readiness {
 public:
  explicit Readiness(ServiceParts parts);

  // What is stuck, by name: `database`, `engine 1`, ..., or `stopping`. Empty: all is well. Takes `ready_timeout` at
  // most. Anybody may ask, so whoever asks within a second of another gets the same answer, and what has not answered
  // is not asked once more. What fails is logged with its reason.
  boost::asio::awaitable<std::vector<std::string>> stuck();

 private:
  struct Round;
  std::shared_ptr<Round> begin_round();
  void ask_database(const std::shared_ptr<Round>& round);
  void ask_engines(const std::shared_ptr<Round>& round);

  ServiceParts parts_;
  std::shared_ptr<Round> round_;  // the newest one; null pointer before the first
};

}  // namespace heddle::api
