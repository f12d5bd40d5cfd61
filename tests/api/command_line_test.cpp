#include "api/command_line.h"

#include <stdlib.h>  // unsetenv is of POSIX

#include <catch2/catch.hpp>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "api/auth/api_keys.h"
#include "runtime/message.h"
#include "runtime/state_graph.h"
#include "tests/support/folder.h"

namespace heddle::api {
namespace {

using Catch::Contains;

std::shared_ptr<const runtime::CompiledGraph> greeter() {
  auto greet = [](const runtime::State&) { return runtime::Update{{"messages", runtime::ai_message("Hello!")}}; };
  return runtime::StateGraph("greeter")
      .messages()
      .node("greet", greet)
      .edge(runtime::kStart, "greet")
      .edge("greet", runtime::kEnd)
      .compile();
}

// What is written to a stream while this lives.
class Captured {
 public:
  explicit Captured(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(text_.rdbuf())) {}
  ~Captured() { stream_.rdbuf(before_); }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::ostream& stream_;
  std::streambuf* before_;
};

struct CommandLineFixture {
  test::Folder folder;
  Program program;
  std::string out;
  std::string err;

  CommandLineFixture() {
    unsetenv("HEDDLE_CONFIG");
    program.name = "heddle";
    program.builtin["greeter"] = [](const auto&) { return greeter(); };
    auto needs_key = [](const std::map<std::string, std::string>& environment) {
      if (!environment.contains("GREETER_KEY")) throw std::runtime_error("set GREETER_KEY");
      return greeter();
    };
    program.builtin["paid"] = needs_key;
    program.notice = [](const Configuration&) { return std::string("the model is offline"); };
  }

  int run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "heddle");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const Captured captured_out(std::cout);
    const Captured captured_err(std::cerr);
    const int status = run_command_line(static_cast<int>(arguments.size()), argv.data(), program);
    out = captured_out.text();
    err = captured_err.text();
    return status;
  }
  std::string config(const std::string& text) const {
    folder.write("langgraph.json", text);
    return (folder.path() / "langgraph.json").string();
  }
};

TEST_CASE_METHOD(CommandLineFixture, "heddle key prints a fresh key and the hash that the server knows it by") {
  REQUIRE(run({"key"}) == 0);
  const std::size_t at = out.find("heddle_");
  REQUIRE(at != std::string::npos);
  const std::string key = out.substr(at, out.find('\n', at) - at);
  CHECK_THAT(out, Contains("sha256: " + hex_of(api_key_hash(key)) + "\n") && Contains("\"type\": \"api_keys\""));
  const std::string first = out;
  REQUIRE(run({"key"}) == 0);
  CHECK(out != first);
}

TEST_CASE_METHOD(CommandLineFixture, "The version is the name and a number") {
  CHECK(run({"--version"}) == 0);
  CHECK_THAT(out, Catch::StartsWith("heddle "));
}

TEST_CASE_METHOD(CommandLineFixture, "Help lists every setting with its variable, also behind a command") {
  CHECK(run({"--help"}) == 0);
  CHECK_THAT(out, Contains("--log-level") && Contains("HEDDLE_LOG_LEVEL") && Contains("serve") && Contains("--config"));
  CHECK(run({"serve", "--help"}) == 0);
  CHECK_THAT(out, Contains("--log-level"));
}

TEST_CASE_METHOD(CommandLineFixture, "check prints graphs, the notice and what has no effect") {
  const std::string file = config(R"({"graphs": {"a": "builtin:greeter"}, "node_version": "20"})");
  CHECK(run({"check", "--config", file}) == 0);
  CHECK_THAT(out, Contains("graph a: builtin:greeter\n") && Contains("the model is offline\n") &&
                      Contains("without effect: node_version\n") && Contains("valid"));
  CHECK(err.empty());
}

TEST_CASE_METHOD(CommandLineFixture, "Flags may stand before and after the command") {
  const std::string file = config(R"({"graphs": {"a": "builtin:greeter"}})");
  CHECK(run({"--config", file, "--port", "1", "check"}) == 0);
  CHECK(run({"check", "--port=1", "--host", "127.0.0.1", "--host", "::1", "--config=" + file, "--stream-end-event"}) ==
        0);
}

TEST_CASE_METHOD(CommandLineFixture, "check says in one line what is wrong and ends with 1") {
  const std::string file = config(R"({"graphs": {"a": "builtin:greeter"}, "grafs": {}})");
  CHECK(run({"check", "--config", file}) == 1);
  CHECK(err == "heddle: " + file + ": \"grafs\": no such key; did you mean `graphs`?\n");
  CHECK(out.empty());
}

TEST_CASE_METHOD(CommandLineFixture, "check says what a graph needs and has not got") {
  CHECK(run({"check", "--config", config(R"({"graphs": {"a": "builtin:paid"}})")}) == 1);
  CHECK_THAT(err, Contains("set GREETER_KEY"));
  CHECK(run({"check", "--config", config(R"({"graphs": {"a": "builtin:paid"}, "env": {"GREETER_KEY": "k"}})")}) == 0);
}

TEST_CASE_METHOD(CommandLineFixture, "graph prints the diagram of a graph by its id") {
  const std::string file = config(R"({"graphs": {"hello": "builtin:greeter"}})");
  CHECK(run({"graph", "hello", "--config", file}) == 0);
  CHECK(out == greeter()->mermaid());
  CHECK(run({"graph", "helo", "--config", file}) == 1);
  CHECK(err == "heddle: no graph `helo`; did you mean `hello`?\n");
  CHECK(run({"graph"}) == 1);
}

TEST_CASE_METHOD(CommandLineFixture, "An unknown argument is told with the nearest one") {
  CHECK(run({"--prot", "1"}) == 1);
  CHECK(err == "heddle: unexpected argument --prot; did you mean `--port`?\n");
  CHECK(run({"--loglevel=debug"}) == 1);
  CHECK_THAT(err, Contains("`--log-level`"));
  CHECK(run({"serv"}) == 1);
  CHECK_THAT(err, Contains("`serve`"));
}

TEST_CASE_METHOD(CommandLineFixture, "A wrong value of a flag is told in one line") {
  const std::string file = config(R"({"graphs": {"a": "builtin:greeter"}})");
  CHECK(run({"check", "--config", file, "--port", "70000"}) == 1);
  CHECK(err == "heddle: --port: \"70000\" is not possible; allowed is a whole number, 0 to 65535\n");
  CHECK(run({"check", "--config", file, "--port"}) == 1);
  CHECK_THAT(err, Contains("--port"));
}

}  // namespace
}  // namespace heddle::api
