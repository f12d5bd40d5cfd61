// heddle-bench: what a LangGraph-compatible server costs, beside what the machine could do at best and beside another
// server.

#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/echo_server.h"
#include "bench/load/report.h"
#include "bench/load/series.h"
#include "bench/load/slow_model.h"

namespace {

using namespace heddle::load;

struct Options {
  std::string server;
  std::string url;
  pid_t pid = 0;
  std::string peer;
  std::string peer_url;
  pid_t peer_pid = 0;
  std::string peer_name = "JavaScript server";
  std::vector<std::string> only;
  Effort effort;
  bool quick = false;
  std::string folder;
  std::string markdown;
  std::string json;
};

void declare(CLI::App& app, Options& options) {
  app.add_option("--server", options.server, "start this program (heddle-fixtures) and measure it");
  app.add_option("--url", options.url, "measure a server that runs already, like http://127.0.0.1:2024");
  app.add_option("--pid", options.pid, "its process, for memory and processor time");
  app.add_option("--peer", options.peer,
                 "folder with the graphs and packages of the JavaScript server, which is started");
  app.add_option("--peer-url", options.peer_url, "compare with a server that runs already");
  app.add_option("--peer-pid", options.peer_pid, "its process");
  app.add_option("--peer-name", options.peer_name, "what it is called in the report");
  app.add_option("--only", options.only, "names of workloads, and engine, limits, start, models, normal, big")
      ->delimiter(',');
  const auto set_duration = [&options](int seconds) { options.effort.duration = std::chrono::seconds(seconds); };
  app.add_option_function<int>("--seconds", set_duration, "length of each closed loop")->check(CLI::Range(1, 3'600));
  const auto set_mixed = [&options](int seconds) { options.effort.mixed = std::chrono::seconds(seconds); };
  app.add_option_function<int>("--mixed-seconds", set_mixed, "length of the mix")->check(CLI::Range(1, 36'000));
  // Later turns are compared with turn 100.
  app.add_option("--turns", options.effort.turns, "of the long thread")->check(CLI::Range(100, 1'000'000));
  app.add_option("--idle", options.effort.idle_streams, "idle streams");
  app.add_option("--big-mb", options.effort.big_database_mb, "size of the big database");
  app.add_flag("--quick", options.quick, "a tenth of most things or less, to see that it works");
  app.add_option("--folder", options.folder, "for databases, which are deleted; on the disk that is to be measured");
  app.add_option("--markdown", options.markdown, "write the report to this file and not to stdout");
  app.add_option("--json", options.json, "write the figures as JSON to this file");
}

void reduce(Effort& effort) {
  effort.duration = std::chrono::milliseconds(500);
  effort.mixed = std::chrono::seconds(3);
  effort.turns = std::min<std::size_t>(effort.turns, 300);
  effort.idle_streams = std::min<std::size_t>(effort.idle_streams, 500);
  effort.joined_streams = 50;
  effort.big_database_mb = 50;
}

Plan plan_of(const Options& options) {
  Plan plan;
  plan.effort = options.effort;
  if (options.quick) reduce(plan.effort);
  plan.only.insert(options.only.begin(), options.only.end());
  plan.folder = options.folder.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path(options.folder);
  plan.folder /= "heddle-bench-" + std::to_string(getpid());
  std::filesystem::create_directories(plan.folder);
  return plan;
}

Subject running(const std::string& url, pid_t pid) {
  Subject subject{Endpoint::parse(url), std::nullopt};
  if (pid > 0) subject.pid = pid;
  return subject;
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

std::string command_text(std::span<char* const> arguments) {
  std::string text;
  for (const char* const argument : arguments) text.append(text.empty() ? "" : " ").append(argument);
  return text;
}

void run(const Options& options, std::string command) {
  if (options.server.empty() == options.url.empty()) throw std::runtime_error("name a --server or an --url");
  const Plan plan = plan_of(options);
  Series series;
  series.command = std::move(command);
  series.machine = this_machine();
  series.effort = plan.effort;
  series.heddle = options.url.empty() ? measure_heddle(options.server, plan)
                                      : measure_running(running(options.url, options.pid), plan);
  series.peer_name = options.peer_name;
  if (!options.peer.empty()) series.peer = measure_peer(options.peer, plan);
  if (!options.peer_url.empty()) series.peer = measure_running(running(options.peer_url, options.peer_pid), plan);
  std::filesystem::remove_all(plan.folder);
  if (!options.json.empty()) write_file(options.json, json_text(series));
  if (options.markdown.empty()) {
    std::fputs(markdown(series).c_str(), stdout);
  } else {
    write_file(options.markdown, markdown(series));
  }
}

// Ten thousand streams are ten thousand sockets.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures a LangGraph-compatible server that offers the graphs of the conformance suite.");
  Options options;
  declare(app, options);
  std::uint16_t echo_port = 0;
  CLI::App* echo = app.add_subcommand("echo", "the bare server that is the limit");
  echo->add_option("--port", echo_port)->required();
  CLI::App* slow_model = app.add_subcommand("slow-model", "a provider of models that takes its time");
  std::uint16_t model_port = 0;
  slow_model->add_option("--port", model_port)->required();
  CLI11_PARSE(app, argc, argv);
  raise_descriptor_limit();
  try {
    if (*echo) {
      run_echo_server(echo_port);
    } else if (*slow_model) {
      run_slow_model(model_port, {});
    } else {
      run(options, command_text(std::span(argv, static_cast<std::size_t>(argc))));
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "heddle-bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
