// The parts that everything else is made of: the engine, JSON, checkpoints, frames of streams. With Google Benchmark's
// flags their time is measured. `heddle-kernels --instructions` under callgrind (scripts/count-instructions.sh) runs
// each of them a fixed number of times between two marks, which counts the same on a busy machine as on a quiet one.

#include <benchmark/benchmark.h>
#include <valgrind/callgrind.h>

#include <boost/json/object.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/sse.h"
#include "api/runs/fact_codec.h"
#include "api/runs/frame_renderer.h"
#include "bench/engine_runs.h"
#include "runtime/checkpoint_codec.h"
#include "runtime/json.h"
#include "runtime/memory_saver.h"
#include "runtime/message.h"

namespace {

using namespace heddle;
using namespace heddle::runtime;

struct Kernel {
  const char* name;
  int repeats;  // that are counted
  std::function<void()> once;
};

json::object message_of(std::string_view text) {
  return json::object{{"type", "ai"},
                      {"id", "ai-2"},
                      {"content", text},
                      {"additional_kwargs", json::object{}},
                      {"response_metadata", json::object{}},
                      {"tool_calls", json::array{}},
                      {"invalid_tool_calls", json::array{}}};
}

// A request as chat pages send it.
std::string request_body() {
  json::array messages;
  for (int i = 0; i < 20; ++i) messages.push_back(message_of("A sentence with about as many words as people write."));
  return to_text(json::object{{"assistant_id", "chat"},
                              {"input", json::object{{"messages", std::move(messages)}}},
                              {"stream_mode", json::array{"messages-tuple", "values", "updates"}},
                              {"config", json::object{{"recursion_limit", 25}, {"tags", json::array{"a", "b"}}}}});
}

std::function<void()> engine_run(std::shared_ptr<const CompiledGraph> graph, bool kept) {
  auto engine = std::make_shared<bench::EngineRuns>();
  return [=] {
    MemorySaver saver;
    engine->run(*graph, kept ? &saver : nullptr);
  };
}

// The checkpoint of a conversation of 50 messages that has grown by two.
std::function<void()> checkpoint_encode() {
  auto checkpoint = std::make_shared<Checkpoint>();
  ItemList items;
  for (int i = 0; i < 50; ++i) items.push_back(std::make_shared<const json::value>(message_of("Some words.")));
  checkpoint->values.emplace("messages", Value::list(items));
  checkpoint->versions = {{"messages", 7}, {"branch:to:model", 8}};
  checkpoint->seen["model"] = {{"branch:to:model", 8}};
  auto last = std::make_shared<StoredValues>();
  ValueId next_id = 1;
  *last = encode_checkpoint(ThreadId{}, *checkpoint, "{}", {}, next_id).values;
  for (int i = 0; i < 2; ++i) items.push_back(std::make_shared<const json::value>(message_of("Some words.")));
  checkpoint->values.at("messages") = Value::list(items);
  return [=] {
    ValueId id = next_id;
    benchmark::DoNotOptimize(encode_checkpoint(ThreadId{}, *checkpoint, "{}", *last, id));
  };
}

std::function<void()> checkpoint_decode() {
  Checkpoint checkpoint;
  ItemList items;
  for (int i = 0; i < 50; ++i) items.push_back(std::make_shared<const json::value>(message_of("Some words.")));
  checkpoint.values.emplace("messages", Value::list(items));
  checkpoint.versions = {{"messages", 7}, {"branch:to:model", 8}};
  ValueId next_id = 1;
  auto encoded =
      std::make_shared<const EncodedCheckpoint>(encode_checkpoint(ThreadId{}, checkpoint, "{}", {}, next_id));
  return [=] {
    StoredParts parts;
    for (const storage::ChannelValue& part : encoded->new_values) parts.emplace(part.value_id, StoredPart(part));
    CheckpointDecoder decoder(std::move(parts), {});
    benchmark::DoNotOptimize(decoder.decode(encoded->row));
  };
}

std::shared_ptr<const json::object> token_metadata() {
  return std::make_shared<const json::object>(
      json::object{{"langgraph_node", "model"},
                   {"langgraph_step", 1},
                   {"langgraph_triggers", json::array{"branch:to:model"}},
                   {"langgraph_path", json::array{"__pregel_pull", "model"}},
                   {"langgraph_checkpoint_ns", "model:2e6d2c5a-0000-5000-8000-000000000000"},
                   {"run_id", "0198c0de-0000-7000-8000-000000000000"},
                   {"thread_id", "0198c0de-0000-7000-8000-000000000001"},
                   {"ls_provider", "scripted"},
                   {"ls_model_name", "scripted-1"},
                   {"tags", json::array{}}});
}

// A token as a fact, rendered for a reader.
std::function<void()> token_frame() {
  auto shape = std::make_shared<api::StreamShape>();
  shape->modes.add(api::StreamMode::messages_tuple);
  auto renderer = std::make_shared<api::FrameRenderer>(shape);
  auto fact = std::make_shared<api::Fact>();
  fact->what = RunEvent{MessageFact{"", message_of(" word"), token_metadata(), true, false}};
  return [=] {
    std::vector<api::FramePointer> frames;
    renderer->render(*fact, frames);
    benchmark::DoNotOptimize(frames);
  };
}

std::function<void()> event_write() {
  const std::string data = to_text(json::array{message_of(" word"), *token_metadata()});
  return [=] {
    std::string out;
    api::append_event(out, "messages", data, "12");
    benchmark::DoNotOptimize(out);
  };
}

std::vector<Kernel> kernels() {
  const std::string body = request_body();
  const auto parsed = std::make_shared<const json::value>(parse_json(body));
  return {
      {"engine_chain", 500, engine_run(bench::chain_of_three(), false)},
      {"engine_fan_out", 500, engine_run(bench::fan_out_of_five(), false)},
      {"engine_chain_in_memory", 200, engine_run(bench::chain_of_three(), true)},
      {"engine_fan_out_in_memory", 200, engine_run(bench::fan_out_of_five(), true)},
      {"json_parse", 200, [=] { benchmark::DoNotOptimize(parse_json(body)); }},
      {"json_print", 200, [=] { benchmark::DoNotOptimize(to_text(*parsed)); }},
      {"checkpoint_encode", 200, checkpoint_encode()},
      {"checkpoint_decode", 200, checkpoint_decode()},
      {"token_frame", 500, token_frame()},
      {"event_write", 500, event_write()},
  };
}

// One dump of callgrind per kernel, named after it.
void count_instructions(std::string_view only) {
  for (const Kernel& kernel : kernels()) {
    if (!only.empty() && only != kernel.name) continue;
    for (int i = 0; i < 20; ++i) kernel.once();  // what is made once is no part of it
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
    for (int i = 0; i < kernel.repeats; ++i) kernel.once();
    CALLGRIND_STOP_INSTRUMENTATION;
    CALLGRIND_DUMP_STATS_AT(kernel.name);
    std::printf("%s %d\n", kernel.name, kernel.repeats);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "--instructions") {
    count_instructions(argc > 2 ? argv[2] : "");
    return 0;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  for (const Kernel& kernel : kernels()) {
    benchmark::RegisterBenchmark(kernel.name, [once = kernel.once](benchmark::State& state) {
      for (auto unused : state) once();
    });
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
