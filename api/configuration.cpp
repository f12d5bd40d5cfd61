#include "api/configuration.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>
#include <fstream>
#include <ios>
#include <string_view>
#include <system_error>
#include <utility>

#include "api/assistant_defaults.h"
#include "api/auth/auth_configuration.h"
#include "api/configuration_keys.h"
#include "api/env_file.h"
#include "api/nearest_name.h"
#include "api/outgoing/header_templates.h"
#include "api/sealing_keys.h"
#include "api/settings_table.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view kBuiltin = "builtin:";
// A configuration is written by hand; a larger file is the wrong file.
constexpr std::uintmax_t kFileBytesMax = std::uintmax_t{1} << 20;

std::string in_quotes(std::string_view value) {
  constexpr std::size_t shown_max = 100;
  std::string out;
  runtime::print_json_string(value.substr(0, shown_max), out);
  return value.size() > shown_max ? out + "..." : out;
}

std::string shown(const std::vector<std::string>& values) {
  std::string out;
  for (const std::string& value : values) out += (out.empty() ? "" : ", ") + in_quotes(value);
  return out.empty() ? "an empty list" : out;
}

// `where` names source and key.
void apply(const Setting& setting, const std::string& where, const std::vector<std::string>& values,
           ServerSettings& settings) {
  try {
    setting.apply(settings, values);
  } catch (const SettingError& error) {
    throw ConfigurationError(where + ": " + shown(values) + " is not possible; " + error.what());
  }
}

std::string read_file(const fs::path& path, const std::string& missing) {
  std::error_code error;
  if (!fs::exists(path, error)) throw ConfigurationError(missing);
  if (fs::is_directory(path, error)) throw ConfigurationError(path.string() + ": is a folder, not a file");
  std::ifstream file(path, std::ios::binary);
  std::string text(kFileBytesMax + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file && !file.eof()) throw ConfigurationError(path.string() + ": cannot be read; check its permissions");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kFileBytesMax)
    throw ConfigurationError(path.string() + ": has more than 1 MiB; is it the right file?");
  return text;
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string part = text.substr(begin, end - begin);
    part.erase(0, part.find_first_not_of(" \t"));
    part.erase(part.find_last_not_of(" \t") + 1);
    parts.push_back(std::move(part));
    begin = end + 1;
  }
  return parts;
}

// The value of a setting in langgraph.json as texts; nothing if it is of another kind.
std::optional<std::vector<std::string>> texts_of(const json::value& value, SettingForm form) {
  const bool whole = value.is_int64() || value.is_uint64();
  if (form == SettingForm::number && (whole || value.is_double())) return {{runtime::to_text(value)}};
  if (form == SettingForm::on_off && value.is_bool()) return {{value.get_bool() ? "true" : "false"}};
  const bool takes_text = form == SettingForm::text || form == SettingForm::list;
  if (takes_text && value.is_string()) return {{std::string(value.get_string())}};
  if ((form != SettingForm::list && form != SettingForm::numbers) || !value.is_array()) return std::nullopt;
  std::vector<std::string> texts;
  for (const json::value& entry : value.get_array()) {
    if (form == SettingForm::numbers ? !entry.is_number() : !entry.is_string()) return std::nullopt;
    texts.push_back(entry.is_string() ? std::string(entry.get_string()) : runtime::to_text(entry));
  }
  return texts;
}

std::string_view form_name(SettingForm form) {
  switch (form) {
    case SettingForm::number:
      return "a number";
    case SettingForm::on_off:
      return "true or false";
    case SettingForm::text:
      return "a text";
    case SettingForm::list:
      return "a list of texts";
    case SettingForm::numbers:
      return "a list of numbers";
  }
  return "";
}

// One langgraph.json.
class ConfigurationFile {
 public:
  ConfigurationFile(fs::path path, const ConfigurationSources& sources) : path_(std::move(path)), sources_(sources) {}

  void read_into(Configuration& configuration) {
    const std::string text = read_file(path_, path_.string() + ": no such file; name another one with --config");
    json::value whole;
    try {
      whole = runtime::parse_json(text);
    } catch (const runtime::JsonError& error) {
      throw ConfigurationError(path_.string() + ": " + error.what());
    }
    if (!whole.is_object()) throw ConfigurationError(path_.string() + ": must be a JSON object");
    read_object(whole.get_object(), "", configuration);
    read_auth(configuration);
    apply_settings(configuration.settings);
    if (configuration.graphs.empty()) {
      throw fault("graphs",
                  R"(names no graph to serve; write for example {"graphs": {"agent": "builtin:NAME"}} with NAME )"
                  "one of " +
                      name_list(sources_.builtin));
    }
  }

 private:
  ConfigurationError fault(const std::string& key, const std::string& what) const {
    return ConfigurationError(path_.string() + ": " + key + ": " + what);
  }

  void read_object(const json::object& object, const std::string& prefix, Configuration& configuration) {
    for (const auto& member : object) {
      const std::string key(member.key());
      const std::string path = prefix + key;
      if (!member.value().is_null()) read_key(prefix, key, path, member.value(), configuration);
    }
  }

  void read_key(const std::string& prefix, const std::string& key, const std::string& path, const json::value& value,
                Configuration& configuration) {
    if (path == "$schema") return;
    if (path == "graphs") return read_graphs(value, configuration);
    if (path == "env") return read_env(value, configuration);
    if (path == "webhooks.headers") return read_headers(path, value, configuration.webhook_headers);
    if (path == "heddle.otlp_headers") return read_headers(path, value, configuration.otlp_headers);
    if (path == "auth") {
      auth_ = value;
      return;
    }
    if (const RefusedKey* refused = KnownKeys::refused(path)) throw fault(path, std::string(refused->reason));
    if (KnownKeys::is_without_effect(path)) {
      configuration.keys_without_effect.push_back(path);
      return;
    }
    if (const Setting* setting = known_.setting(path)) {
      const auto texts = texts_of(value, setting->form);
      if (!texts) throw fault(path, "must be " + std::string(form_name(setting->form)));
      values_[setting->name] = {path, *texts};
      return;
    }
    // Keys that are no names of settings may hold dots, and must not look like a path.
    if (!known_.is_object(path) || key.find('.') != std::string::npos) {
      throw fault(in_quotes(path), "no such key" + known_.hint(prefix, key));
    }
    if (!value.is_object()) throw fault(path, "must be an object");
    if (path == "http.configurable_headers") configuration.settings.configurable_headers.emplace();
    read_object(value.get_object(), path + ".", configuration);
  }

  // In the order of the table, because of the order of keys in a file nothing may depend.
  void apply_settings(ServerSettings& settings) {
    for (const Setting& setting : settings_table()) {
      const auto found = values_.find(setting.name);
      if (found == values_.end()) continue;
      auto& [path, texts] = found->second;
      apply(setting, path_.string() + ": " + path, texts, settings);
      if (setting.name == "db" && settings.storage.path != ":memory:") stand_beside(settings.storage.path);
      if (setting.name == "tls-certificate") stand_beside(settings.tls.certificate);
      if (setting.name == "tls-key") stand_beside(settings.tls.key);
      if (setting.name == "secrets-key-file") stand_beside(settings.secrets_key_file);
    }
  }

  // A relative path in the file is relative to the file.
  void stand_beside(std::string& path) const {
    if (!path.empty()) path = (folder() / path).string();
  }

  void read_graphs(const json::value& value, Configuration& configuration) {
    if (!value.is_object()) throw fault("graphs", "must be an object, from the id of a graph to its spec");
    for (const auto& member : value.get_object()) {
      const std::string id(member.key());
      if (id.empty()) throw fault("graphs", "the id of a graph must not be empty");
      GraphEntry entry = read_graph("graphs." + id, member.value());
      check_spec("graphs." + id, entry.spec);
      configuration.graphs.emplace(id, std::move(entry));
    }
  }

  GraphEntry read_graph(const std::string& path, const json::value& value) const {
    if (value.is_string()) return {std::string(value.get_string()), std::nullopt};
    if (!value.is_object()) throw fault(path, R"(must be a spec like "builtin:NAME", or an object with `path`)");
    GraphEntry entry;
    for (const auto& member : value.get_object()) {
      const std::string key(member.key());
      if (key != "path" && key != "description") {
        throw fault(path + "." + key, "no such key" + nearest_name_hint(key, {"path", "description"}));
      }
      if (member.value().is_null()) continue;
      if (!member.value().is_string()) throw fault(path + "." + key, "must be a text");
      std::string text(member.value().get_string());
      if (key == "path") {
        entry.spec = std::move(text);
      } else {
        entry.description = std::move(text);
      }
    }
    if (entry.spec.empty()) throw fault(path + ".path", R"(is missing; write a spec like "builtin:NAME")");
    return entry;
  }

  void check_spec(const std::string& path, const std::string& spec) const {
    const std::string works = R"(what works today is "builtin:NAME" with NAME one of )" + name_list(sources_.builtin);
    if (spec.starts_with(kBuiltin)) {
      const std::string name = spec.substr(kBuiltin.size());
      if (std::ranges::find(sources_.builtin, name) != sources_.builtin.end()) return;
      throw fault(path, "no builtin graph " + in_quotes(name) + nearest_name_hint(name, sources_.builtin) +
                            "; known are " + name_list(sources_.builtin));
    }
    const std::string file = spec.substr(0, spec.rfind(':'));
    struct Kind {
      std::string_view ending;
      std::string_view name;
    };
    constexpr std::array kinds = {Kind{".agent.yaml", "agents declared in YAML"},
                                  Kind{".agent.yml", "agents declared in YAML"},
                                  Kind{".so", "graphs in shared libraries"},
                                  Kind{".ts", "graphs in TypeScript"},
                                  Kind{".tsx", "graphs in TypeScript"},
                                  Kind{".mts", "graphs in TypeScript"},
                                  Kind{".cts", "graphs in TypeScript"},
                                  Kind{".js", "graphs in JavaScript"},
                                  Kind{".mjs", "graphs in JavaScript"},
                                  Kind{".cjs", "graphs in JavaScript"},
                                  Kind{".py", "graphs in Python"}};
    for (const Kind& kind : kinds) {
      if (file.ends_with(kind.ending)) {
        throw fault(path, in_quotes(spec) + ": " + std::string(kind.name) +
                              " are not run by this version, they come later; " + works);
      }
    }
    throw fault(path, in_quotes(spec) + ": not understood; " + works);
  }

  // When all variables are known, whatever the order of the keys.
  void read_auth(Configuration& configuration) const {
    if (auth_.is_null()) return;
    const ReadFile read_beside = [this](const std::string& name) {
      const fs::path path = folder() / name;
      return read_file(path, path_.string() + ": auth.keys_file: no file " + path.string());
    };
    try {
      configuration.settings.auth =
          auth_settings_from(auth_, configuration.environment, configuration.keys_without_effect, read_beside);
    } catch (const AuthConfigurationError& error) {
      throw ConfigurationError(path_.string() + ": " + error.what());
    }
  }

  void read_env(const json::value& value, Configuration& configuration) {
    if (value.is_string()) return read_env_file(std::string(value.get_string()), configuration);
    if (value.is_array()) return check_env_names(value.get_array(), configuration);
    if (!value.is_object()) throw fault("env", "must be the name of a file, or an object of texts");
    for (const auto& member : value.get_object()) {
      const std::string name(member.key());
      if (!member.value().is_string()) throw fault("env." + name, "must be a text");
      configuration.environment.try_emplace(name, member.value().get_string());
    }
  }

  void read_env_file(const std::string& name, Configuration& configuration) {
    const fs::path path = folder() / name;
    std::error_code error;
    const std::string looked_in = fs::absolute(folder(), error).lexically_normal().string();
    const std::string missing = path_.string() + ": env: no file " + in_quotes(name) + " (looked in " + looked_in +
                                "); create it or remove the key";
    const std::string text = read_file(path, missing);
    try {
      for (auto& [variable, content] : parse_env_file(text)) configuration.environment.try_emplace(variable, content);
    } catch (const EnvFileError& fault_in_line) {
      throw ConfigurationError(path.string() + ":" + std::to_string(fault_in_line.line()) + ": " +
                               fault_in_line.what());
    }
  }

  void read_headers(const std::string& path, const json::value& value,
                    std::map<std::string, std::string>& headers) const {
    if (!value.is_object()) throw fault(path, "must be an object of texts");
    for (const auto& member : value.get_object()) {
      const std::string name(member.key());
      if (!member.value().is_string()) throw fault(path + "." + name, "must be a text");
      headers.emplace(name, member.value().get_string());
    }
  }

  // The list form of the JavaScript reference: these variables must be set outside.
  void check_env_names(const json::array& names, const Configuration& configuration) const {
    for (const json::value& entry : names) {
      if (!entry.is_string()) throw fault("env", "must be a list of names of variables");
      const std::string name(entry.get_string());
      if (!configuration.environment.contains(name))
        throw fault("env", "the variable " + in_quotes(name) + " is not set");
    }
  }

  fs::path folder() const { return path_.has_parent_path() ? path_.parent_path() : fs::path("."); }

  struct Written {
    std::string path;
    std::vector<std::string> texts;
  };

  fs::path path_;
  const ConfigurationSources& sources_;
  KnownKeys known_;
  json::value auth_;                       // as written
  std::map<std::string, Written> values_;  // by name of the setting
};

std::optional<fs::path> file_to_read(const ConfigurationSources& sources) {
  if (sources.config_file) return sources.directory / *sources.config_file;
  const auto named = sources.environment.find("HEDDLE_CONFIG");
  if (named != sources.environment.end() && !named->second.empty()) return sources.directory / named->second;
  const fs::path usual = sources.directory / "langgraph.json";
  std::error_code error;
  if (fs::exists(usual, error)) return usual;
  return std::nullopt;
}

void apply_environment(const ConfigurationSources& sources, Configuration& configuration) {
  std::vector<std::string> known = sources.variables;
  known.emplace_back("HEDDLE_CONFIG");
  known.emplace_back(kSealingKeyVariable);
  for (const Setting& setting : settings_table()) {
    known.push_back(setting.variable());
    const auto found = configuration.environment.find(setting.variable());
    if (found == configuration.environment.end() || found->second.empty()) continue;
    const bool of_process = sources.environment.contains(found->first);
    const std::string where = found->first + (of_process ? " (environment)" : " (`env` of the configuration)");
    const std::string& text = found->second;
    const auto values = setting.takes_many() ? split_list(text) : std::vector<std::string>{text};
    apply(setting, where, values, configuration.settings);
  }
  // Not an error, because other programs may use the prefix; but not in silence either.
  for (const auto& [name, value] : configuration.environment) {
    if (!name.starts_with("HEDDLE_") || std::ranges::find(known, name) != known.end()) continue;
    configuration.keys_without_effect.push_back("the variable " + name + nearest_name_hint(name, known));
  }
}

// When everything else is known: the prefix is a setting, and the variables come from several places.
void fill_in_headers(const std::string& file, Configuration& configuration) {
  const auto filled = [&](const std::map<std::string, std::string>& templates, const std::string& prefix,
                          const std::string& key) -> std::shared_ptr<const OutgoingHeaders> {
    if (templates.empty()) return nullptr;
    try {
      return outgoing_headers(templates, prefix, configuration.environment);
    } catch (const SettingError& error) {
      throw ConfigurationError(file + ": " + key + "." + error.what());
    }
  };
  WebhookSettings& webhooks = configuration.settings.webhooks;
  webhooks.headers = filled(configuration.webhook_headers, webhooks.env_prefix, "webhooks.headers");
  configuration.settings.traces.headers = filled(configuration.otlp_headers, "OTEL_", "heddle.otlp_headers");
}

void read_sealing_keys(Configuration& configuration) {
  try {
    configuration.settings.sealer = sealer_from(configuration.settings.secrets_key_file, configuration.environment);
  } catch (const SealingKeysError& error) {
    throw ConfigurationError(error.what());
  }
}

// A name but localhost may lead anywhere.
bool is_on_this_machine(const std::string& host) {
  if (host == "localhost") return true;
  boost::system::error_code failed;
  const boost::asio::ip::address address = boost::asio::ip::make_address(host, failed);
  return !failed && address.is_loopback();
}

void check_tls(const TlsSettings& tls) {
  if (tls.certificate.empty() == tls.key.empty()) return;
  const bool lacks_key = tls.key.empty();
  throw ConfigurationError(std::string(lacks_key ? "tls.certificate" : "tls.key") + " is set and " +
                           (lacks_key ? "tls.key" : "tls.certificate") +
                           " is not; an encrypted connection needs both, an open one neither");
}

// Whoever binds to an outer address by mistake finds out before somebody else does.
void check_who_is_let_in(const ServerSettings& settings) {
  if (settings.auth || settings.allow_anyone) return;
  const auto outer = std::ranges::find_if_not(settings.hosts, is_on_this_machine);
  if (outer == settings.hosts.end()) return;
  throw ConfigurationError("the host " + in_quotes(*outer) +
                           " lets other machines in, and nobody asks who they are: set `auth` in langgraph.json, or "
                           "--allow-anyone if everybody there may read and change everything");
}

}  // namespace

Configuration load_configuration(const ConfigurationSources& sources) {
  Configuration configuration;
  configuration.settings = sources.defaults;
  for (const auto& [name, value] : sources.environment) configuration.environment.emplace(name, value);
  const std::optional<fs::path> path = file_to_read(sources);
  if (path) {
    ConfigurationFile file(path->lexically_normal(), sources);
    file.read_into(configuration);
  } else {
    if (sources.default_graphs.empty()) {
      throw ConfigurationError("no langgraph.json here and none named with --config; nothing to serve");
    }
    configuration.graphs = sources.default_graphs;
  }
  apply_environment(sources, configuration);
  for (const Setting& setting : settings_table()) {
    const auto found = sources.flags.find(setting.name);
    if (found != sources.flags.end()) apply(setting, setting.flag(), found->second, configuration.settings);
  }
  if (path) fill_in_headers(path->lexically_normal().string(), configuration);
  const auto defaults = configuration.environment.find("LANGGRAPH_CONFIG");
  if (defaults != configuration.environment.end() && !defaults->second.empty()) {
    read_assistant_defaults(defaults->second, configuration);
  }
  check_tls(configuration.settings.tls);
  check_who_is_let_in(configuration.settings);
  read_sealing_keys(configuration);
  return configuration;
}

std::string builtin_name(const GraphEntry& entry) {
  return entry.spec.substr(kBuiltin.size());
}

}  // namespace heddle::api
