#include "api/command_line.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/system/system_error.hpp>
#include <csignal>
#include <cstdint>
#include <exception>
#include <functional>
#include <iostream>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/auth/api_keys.h"
#include "api/configuration.h"
#include "api/greeting.h"
#include "api/http/tls.h"
#include "api/maintenance_commands.h"
#include "api/nearest_name.h"
#include "api/server.h"
#include "api/settings_table.h"
#include "api/store_index.h"
#include "api/version.h"
#include "runtime/clock.h"
#include "runtime/wiping_memory.h"

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace heddle::api {
namespace {

enum class Command { serve, check, graph, key, backup, doctor };

// What the arguments say, before any file is read.
struct Arguments {
  Command command = Command::serve;
  std::string graph;          // of Command::graph
  std::string target;         // of Command::backup
  std::int64_t largest = 10;  // threads that Command::doctor names
  std::optional<std::string> config_file;
  std::map<std::string, std::vector<std::string>> flags;  // by Setting::name
};

// The arguments are wrong, or --help or --version was asked for: what to print, and the status to end with.
struct Answered {
  int status = 0;
  std::string text;
};

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view line(*entry);
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos) variables.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return variables;
}

std::string help_text(const Setting& setting) {
  std::string text = setting.reason + " [" + setting.variable() + "; " + setting.allowed;
  if (!setting.unit.empty()) text += " " + setting.unit;
  return text + "; default " + (setting.default_value.empty() ? "none" : setting.default_value) + "]";
}

std::string unexpected(const std::string& argument) {
  const std::string name = argument.substr(0, argument.find('='));
  std::vector<std::string> known = {"--config", "--help", "--version"};
  for (const Setting& setting : settings_table()) known.push_back(setting.flag());
  if (!name.starts_with("-")) known = {"serve", "check", "graph", "key", "backup", "doctor"};
  const std::string hint = nearest_name_hint(name, known);
  return "unexpected argument " + name + (hint.empty() ? "; --help lists all" : hint);
}

class Parser {
 public:
  explicit Parser(const Program& program) : app_("Serves LangGraph graphs over the LangGraph HTTP API.", program.name) {
    app_.fallthrough();
    app_.allow_extras();
    app_.set_version_flag("--version", program.name + " " + std::string(version()));
    app_.add_option("--config", config_,
                    "the configuration file [HEDDLE_CONFIG; default ./langgraph.json if there is one]")
        ->type_name("FILE");
    for (const Setting& setting : settings_table()) add(setting);
    serve_ = subcommand("serve", "start the server; the same without a command");
    check_ = subcommand("check", "check the configuration and say what has no effect");
    graph_ = subcommand("graph", "print a graph as a Mermaid diagram");
    key_ = subcommand("key", "make an API key and print it with what `auth` has to say about it");
    graph_->add_option("NAME", name_, "the id of the graph")->required();
    backup_ = subcommand("backup", "copy the database into a new file, also while a server uses it");
    backup_->add_option("FILE", target_, "the file to make")->required();
    doctor_ = subcommand("doctor", "look for damage in the database and tell what it holds; status 1 if there is any");
    doctor_->add_option("--largest", largest_, "how many of the largest threads are named [default 10]")
        ->type_name("N")
        ->check(CLI::Range(0, 10'000));
  }

  std::variant<Arguments, Answered> parse(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      // Of the program, whatever the command: all commands take the same options.
      return Answered{0, app_.get_formatter()->make_help(&app_, app_.get_name(), CLI::AppFormatMode::Normal)};
    } catch (const CLI::CallForVersion& version) {
      return Answered{0, std::string(version.what()) + "\n"};
    } catch (const CLI::ParseError& error) {
      const std::string text = error.what();
      return Answered{1, text.substr(0, text.find('\n')) + "; --help lists all"};
    }
    const std::vector<std::string> extras = app_.remaining(true);
    if (!extras.empty()) return Answered{1, unexpected(extras.front())};

    Arguments arguments;
    if (check_->parsed()) arguments.command = Command::check;
    if (graph_->parsed()) arguments.command = Command::graph;
    if (key_->parsed()) arguments.command = Command::key;
    if (backup_->parsed()) arguments.command = Command::backup;
    if (doctor_->parsed()) arguments.command = Command::doctor;
    arguments.graph = name_;
    arguments.target = target_;
    arguments.largest = largest_;
    if (!config_.empty()) arguments.config_file = config_;
    for (auto& [setting, values] : values_) {
      if (!values.empty()) arguments.flags[setting] = values;
    }
    return arguments;
  }

 private:
  void add(const Setting& setting) {
    std::vector<std::string>& values = values_[setting.name];
    if (setting.form == SettingForm::on_off) {
      auto keep = [&values](std::int64_t count) { values = {count > 0 ? "true" : "false"}; };
      app_.add_flag_function(setting.flag(), keep, help_text(setting));
      return;
    }
    CLI::Option* option = app_.add_option(setting.flag(), values, help_text(setting));
    option->allow_extra_args(false)->type_name(setting.form == SettingForm::number ? "N" : "TEXT");
    if (!setting.takes_many()) option->expected(1);
  }

  CLI::App* subcommand(const std::string& name, const std::string& description) {
    CLI::App* command = app_.add_subcommand(name, description);
    command->set_help_flag();  // falls through to the one of the program
    return command;
  }

  CLI::App app_;
  CLI::App* serve_ = nullptr;
  CLI::App* check_ = nullptr;
  CLI::App* graph_ = nullptr;
  CLI::App* key_ = nullptr;
  CLI::App* backup_ = nullptr;
  CLI::App* doctor_ = nullptr;
  std::string config_;
  std::string name_;
  std::string target_;
  std::int64_t largest_ = 10;
  std::map<std::string, std::vector<std::string>> values_;
};

graphs::Registry make_registry(const Configuration& configuration, const Program& program) {
  graphs::Registry registry;
  for (const auto& [id, entry] : configuration.graphs) {
    const GraphFactory& make = program.builtin.at(builtin_name(entry));
    registry.add(id, make(configuration.environment), entry.description);
  }
  return registry;
}

void print_without_effect(const Configuration& configuration) {
  for (const std::string& key : configuration.keys_without_effect) std::cout << "without effect: " << key << "\n";
}

void print_notice(const Configuration& configuration, const Program& program) {
  const std::string notice = program.notice ? program.notice(configuration) : std::string();
  if (!notice.empty()) std::cout << notice << "\n";
  const std::string index = index_notice(configuration.settings.store.rules.index.get());
  if (!index.empty()) std::cout << index << "\n";
}

Configuration with_index(Configuration configuration) {
  StoreSettings& store = configuration.settings.store;
  store.rules.index = make_store_index(store.index, configuration.environment);
  return configuration;
}

// As many connections as the system allows, not as the shell happens to allow. Failing costs connections, not the
// start.
void raise_open_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// The signals that end the server are blocked in every thread (threads inherit the mask), and the main thread waits
// for them: no handler runs between two instructions of other code.
class StopSignals {
 public:
  // `keeps_running`: whether SIGHUP, too, is for wait(); else it ends the process, as closing a terminal should.
  explicit StopSignals(bool keeps_running) {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of that write, not the end of the server
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    if (keeps_running) sigaddset(&signals_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Returns at the first one that ends the server. `hang_up` is called for each SIGHUP.
  void wait(const std::function<void()>& hang_up) {
    int signal = SIGHUP;
    for (sigwait(&signals_, &signal); signal == SIGHUP; sigwait(&signals_, &signal)) hang_up();
    // From here on the system itself ends the process at the next signal, whatever the server is doing.
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  }

 private:
  sigset_t signals_{};
};

std::string who_may_call(const ServerSettings& settings) {
  if (!settings.auth) return "none, everybody who reaches the server may read and change everything";
  const AuthSettings& auth = *settings.auth;
  std::string text;
  const auto add = [&text](const std::string& kind) { text += (text.empty() ? "" : ", and ") + kind; };
  if (auth.proxy) add("what a proxy says in `" + auth.proxy->header + "`");
  if (auth.takes_tokens()) add("tokens of " + auth.tokens.issuer + " for " + auth.tokens.audience);
  if (!auth.keys.empty()) add(std::to_string(auth.keys.size()) + (auth.keys.size() == 1 ? " API key" : " API keys"));
  if (auth.studio_may_enter) add("anybody with the header `x-auth-scheme: langsmith`");
  if (!auth.rules.empty()) text += "; rules: " + std::to_string(auth.rules.size());
  return text;
}

void print_start(const Configuration& configuration, const graphs::Registry& registry, const Server& server) {
  const Scheme scheme = configuration.settings.tls.is_on() ? Scheme::https : Scheme::http;
  const std::string url = base_url(server.addresses(), configuration.settings.mount_prefix, scheme);
  std::vector<NamedGraph> graphs;
  std::string ids;
  for (const std::string& id : registry.ids()) {
    graphs.push_back({id, &registry.find(id)->schemas()});
    ids += (ids.empty() ? "" : ", ") + id;
  }
  const bool in_memory = configuration.settings.storage.path == ":memory:";
  const std::optional<AuthSettings>& auth = configuration.settings.auth;
  Callers callers = auth ? Callers::with_token : Callers::anybody;
  if (auth && !auth->takes_tokens() && !auth->keys.empty()) callers = Callers::with_key;
  std::cout << "graphs: " << ids << "\n"
            << "database: "
            << (in_memory ? "in memory, gone when the server ends (--db FILE keeps it)"
                          : configuration.settings.storage.path)
            << "\n"
            << "authentication: " << who_may_call(configuration.settings) << "\n"
            << "listening on " << url << "\n\n"
            << "Try it:\n\n"
            << curl_line(url, first_to_try(graphs), callers) << "\n"
            << std::endl;
}

void read_certificate_again(Server& server, runtime::Log& log) {
  try {
    server.read_certificate_again();
    log.info("SIGHUP: certificate and key were read again");
  } catch (const TlsError& error) {
    log.error("SIGHUP: the certificate stays as it was", boost::json::object{{"what", error.what()}});
  }
}

int serve(const Configuration& loaded, const Program& program) {
  raise_open_files();
  StopSignals signals(loaded.settings.tls.is_on());
  const Configuration configuration = with_index(loaded);
  const graphs::Registry registry = make_registry(configuration, program);
  print_notice(configuration, program);
  print_without_effect(configuration);

  const runtime::SystemClock clock;
  runtime::Log log(clock, configuration.settings.log_level);
  Server server(configuration.settings, registry, log);
  print_start(configuration, registry, server);
  signals.wait([&] { read_certificate_again(server, log); });
  log.info("stopping; a second signal ends at once");
  server.stop();
  return 0;
}

int check(const Configuration& loaded, const Program& program) {
  const Configuration configuration = with_index(loaded);
  if (configuration.settings.tls.is_on()) const TlsIdentity tried(configuration.settings.tls);
  const graphs::Registry registry = make_registry(configuration, program);
  for (const auto& [id, entry] : configuration.graphs) std::cout << "graph " << id << ": " << entry.spec << "\n";
  std::cout << "authentication: " << who_may_call(configuration.settings) << "\n";
  print_notice(configuration, program);
  print_without_effect(configuration);
  std::cout << "the configuration is valid" << std::endl;
  return 0;
}

int print_graph(const Configuration& configuration, const Program& program, const std::string& id) {
  const graphs::Registry registry = make_registry(configuration, program);
  const auto graph = registry.find(id);
  if (graph == nullptr) throw ConfigurationError("no graph `" + id + "`" + nearest_name_hint(id, registry.ids()));
  std::cout << graph->mermaid() << std::flush;
  return 0;
}

int print_key() {
  const std::string key = make_api_key();
  std::cout << "key:    " << key << "\n"
            << "sha256: " << hex_of(api_key_hash(key)) << "\n\n"
            << "Give the key to who calls, in the header `x-api-key`; it is kept nowhere. The server knows it by\n\n"
            << R"("auth": {"type": "api_keys", "keys": [{"id": "NAME", "identity": "USER", "sha256": ")"
            << hex_of(api_key_hash(key)) << "\"}]}" << std::endl;
  return 0;
}

int run(const Arguments& arguments, const Program& program) {
  if (arguments.command == Command::key) return print_key();
  ConfigurationSources sources;
  sources.config_file = arguments.config_file;
  sources.flags = arguments.flags;
  sources.environment = process_environment();
  for (const auto& [name, factory] : program.builtin) sources.builtin.push_back(name);
  sources.default_graphs = program.default_graphs;
  sources.variables = program.variables;
  sources.defaults = program.defaults;
  const Configuration configuration = load_configuration(sources);
  switch (arguments.command) {
    case Command::serve:
      return serve(configuration, program);
    case Command::check:
      return check(configuration, program);
    case Command::graph:
      return print_graph(configuration, program, arguments.graph);
    case Command::key:
      break;  // needs no configuration
    case Command::backup:
      return back_up_database(configuration.settings, arguments.target, std::cout);
    case Command::doctor:
      return examine_database(configuration.settings, arguments.largest, std::cout);
  }
  return 1;
}

// Without the place in Boost's sources that its own text ends with.
std::string text_of(const boost::system::system_error& error) {
  std::string text = error.what();
  const std::string with_place = error.code().what();
  if (text.ends_with(with_place))
    text.replace(text.size() - with_place.size(), with_place.size(), error.code().message());
  return text;
}

int fail(const Program& program, const std::string& text) {
  std::cerr << program.name << ": " << text << std::endl;
  return 1;
}

}  // namespace

int run_command_line(int argc, char** argv, const Program& program) {
  // The last stop of every exception of the main thread.
  try {
    runtime::use_wiping_memory();
    Parser parser(program);
    const std::variant<Arguments, Answered> parsed = parser.parse(argc, argv);
    if (const auto* arguments = std::get_if<Arguments>(&parsed)) return run(*arguments, program);
    const Answered& answered = std::get<Answered>(parsed);
    if (answered.status != 0) return fail(program, answered.text);
    std::cout << answered.text << std::flush;
    return 0;
  } catch (const boost::system::system_error& error) {
    return fail(program, text_of(error));
  } catch (const std::exception& error) {
    return fail(program, error.what());
  }
}

}  // namespace heddle::api
