#include "bench/load/workload.h"

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <stdexcept>

#include "bench/load/load_loop.h"

namespace heddle::load {

std::span<const Workload> workloads() {
  static constexpr std::array<Workload, 9> kWorkloads = {{
      {"stateless", "POST /runs/wait on a graph of two nodes, 64 clients, and one at a time", stateless_runs},
      {"durable", "POST /threads/ID/runs/wait on 64 threads, 64 clients, and one at a time", durable_runs},
      {"tokens", "16 streams of tokens (messages-tuple), stateless and on threads", token_streams},
      {"first_event", "POST to the first byte of a stream, one at a time", first_event},
      {"joined", "one run of 1,000 tokens, read by many streams that joined it", joined_streams},
      {"idle", "many open streams on which nothing comes but heartbeats", idle_streams},
      {"mixed", "500 reads/s and 500 runs/s that take a second, in an open loop", mixed_load},
      {"history", "POST history with limit 1,000 on a thread of 100 turns", history},
      {"long_thread", "one conversation of many turns: disk, turn, state", long_thread},
  }};
  return kWorkloads;
}

Usage Subject::usage() const {
  if (!pid) return {};
  const std::optional<Usage> usage = usage_of(*pid);
  if (!usage) throw std::runtime_error("there is no process " + std::to_string(*pid));
  return *usage;
}

std::string text_member(const std::string& answer, std::string_view name) {
  const boost::json::value parsed = boost::json::parse(answer);
  const boost::json::object* object = parsed.if_object();
  const boost::json::value* member = object ? object->if_contains(name) : nullptr;
  if (!member || !member->is_string()) throw std::runtime_error("an answer without a text named " + std::string(name));
  return std::string(member->get_string());
}

std::string make_thread(const Endpoint& endpoint) {
  return text_member(call_once(endpoint, "POST", "/threads", "{}").body, "thread_id");
}

std::string words(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text.append(i == 0 ? "w" : " w").append(std::to_string(i));
  return text;
}

std::string chat_body(const std::string& text, std::string_view stream_mode) {
  std::string body = R"({"assistant_id":"chat","input":{"messages":[{"type":"human","content":")" + text + R"("}]})";
  if (!stream_mode.empty()) body.append(R"(,"stream_mode":")").append(stream_mode).append("\"");
  return body + "}";
}

}  // namespace heddle::load
