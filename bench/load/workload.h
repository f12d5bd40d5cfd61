#pragma once
// What is done to a server to learn what it costs. Any server with the LangGraph API and the graphs of the conformance
// suite will do.

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bench/load/client.h"
#include "bench/load/effort.h"
#include "bench/load/measurement.h"
#include "bench/load/server_process.h"

namespace heddle::load {

struct Subject {
  Endpoint endpoint;
  std::optional<pid_t> pid;  // of the server, where memory and processor time are wanted

  // Zeros without a pid. Throws if there is no such process.
  Usage usage() const;
};

struct Workload {
  std::string_view name;
  std::string_view about;
  Measured (*run)(const Subject&, const Effort&);
};

std::span<const Workload> workloads();

// run_workloads.cpp: runs that are waited for.
Measured stateless_runs(const Subject& subject, const Effort& effort);
Measured durable_runs(const Subject& subject, const Effort& effort);
Measured mixed_load(const Subject& subject, const Effort& effort);
// stream_workloads.cpp: runs that are watched.
Measured token_streams(const Subject& subject, const Effort& effort);
Measured first_event(const Subject& subject, const Effort& effort);
Measured joined_streams(const Subject& subject, const Effort& effort);
Measured idle_streams(const Subject& subject, const Effort& effort);
// thread_workloads.cpp: threads that grow.
Measured long_thread(const Subject& subject, const Effort& effort);
Measured history(const Subject& subject, const Effort& effort);

// The id of a new thread.
std::string make_thread(const Endpoint& endpoint);
// A member of an answer that is an object. Throws std::runtime_error if it is no text.
std::string text_member(const std::string& answer, std::string_view name);
// `count` different words, separated by spaces: what the scripted model of the graph `chat` repeats word by word.
std::string words(std::size_t count);
std::string chat_body(const std::string& text, std::string_view stream_mode);

}  // namespace heddle::load
