#include "bench/load/server_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstring>
#include <deque>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "bench/load/load_loop.h"

extern char** environ;

namespace heddle::load {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds kPatience{60};  // the start of a JavaScript server on a busy machine takes a few seconds

std::string replaced(std::string word, const std::string& name, const std::string& value) {
  const std::size_t at = word.find(name);
  return at == std::string::npos ? word : word.replace(at, name.size(), value);
}

pid_t spawn(const std::vector<std::string>& words, const std::filesystem::path& log) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, arguments.front(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("cannot start " + words.front() + ": " + std::strerror(failed));
  return pid;
}

bool answers(const Endpoint& endpoint, const std::string& path) {
  try {
    return call_once(endpoint, "GET", path, "").status == 200;
  } catch (const std::exception&) {
    return false;  // nobody listens yet
  }
}

// The last lines of a log, for a text that is read when the log is gone.
std::string end_of(const std::filesystem::path& log) {
  constexpr std::size_t kLines = 10;
  constexpr std::size_t kLineBytes = 500;
  std::ifstream file(log);
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line.substr(0, kLineBytes));
    if (lines.size() > kLines) lines.pop_front();
  }
  if (lines.empty()) return "; it has logged nothing";
  std::string text = "; the end of its log:";
  // Indented, so that they stay with their item where the text becomes part of a list.
  for (const std::string& line : lines) text.append("\n    ").append(line);
  return text;
}

}  // namespace

std::optional<Usage> usage_of(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  std::ifstream status(folder + "/status");
  std::ifstream stat(folder + "/stat");
  if (!status || !stat) return std::nullopt;
  Usage usage;
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("State:") && line.find('Z') != std::string::npos) return std::nullopt;
    std::istringstream words(line);
    std::string name;
    double number = 0;
    words >> name >> number;
    if (name == "VmRSS:") usage.resident_mb = number * 1024 / 1e6;
    if (name == "RssAnon:") usage.anonymous_mb = number * 1024 / 1e6;
    if (name == "Threads:") usage.threads = static_cast<std::size_t>(number);
  }
  std::getline(stat, line);
  // The name of the program may hold spaces; the 12th and 13th word behind it are the ticks of the processor.
  std::istringstream words(line.substr(line.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) words >> skipped;
  double user = 0;
  double system = 0;
  words >> user >> system;
  usage.processor_seconds = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return usage;
}

std::uint16_t free_port() {
  asio::io_context io;
  asio::ip::tcp::acceptor acceptor(io, {asio::ip::make_address_v4("127.0.0.1"), 0});
  return acceptor.local_endpoint().port();
}

ServerProcess::ServerProcess(const std::vector<std::string>& command, const std::filesystem::path& folder,
                             const std::string& ready_path)
    : log_(folder / "server.log") {
  endpoint_.port = free_port();
  std::vector<std::string> words;
  for (const std::string& word : command) {
    words.push_back(replaced(replaced(word, "{port}", std::to_string(endpoint_.port)), "{folder}", folder.string()));
  }
  const Clock::time_point started = Clock::now();
  pid_ = spawn(words, log_);
  try {
    wait_until_ready(ready_path, started);
  } catch (...) {
    stop();
    throw;
  }
}

ServerProcess::~ServerProcess() {
  stop();
}

void ServerProcess::wait_until_ready(const std::string& ready_path, Clock::time_point started) {
  while (!answers(endpoint_, ready_path)) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      throw std::runtime_error("the server ended while it started" + end_of(log_));
    }
    if (Clock::now() - started > kPatience) {
      throw std::runtime_error("the server did not answer within a minute" + end_of(log_));
    }
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  start_time_ = Clock::now() - started;
}

Usage ServerProcess::usage() const {
  const std::optional<Usage> usage = usage_of(pid_);
  if (!usage) throw std::runtime_error("the server has ended" + end_of(log_));
  return *usage;
}

void ServerProcess::stop() {
  if (pid_ < 0) return;
  kill(pid_, SIGTERM);
  const Clock::time_point asked = Clock::now();
  int status = 0;
  while (waitpid(pid_, &status, WNOHANG) == 0) {
    if (Clock::now() - asked > kPatience) kill(pid_, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  pid_ = -1;
}

}  // namespace heddle::load
