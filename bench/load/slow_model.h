#pragma once
// A provider of models that takes its time, as real ones do: it speaks OpenAI's chat completions.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace heddle::load {

struct SlowModel {
  std::size_t tokens = 100;                       // of each answer
  std::chrono::milliseconds between_tokens{100};  // ten a second
};

// Serves on the loopback until SIGTERM: POST to any path streams an answer, GET is 200.
void run_slow_model(std::uint16_t port, SlowModel model);

}  // namespace heddle::load
