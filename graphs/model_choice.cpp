#include "graphs/model_choice.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "runtime/json.h"
#include "runtime/secret.h"

namespace heddle::graphs {

namespace json = boost::json;

namespace {

constexpr const char* kTemperature = "HEDDLE_MODEL_TEMPERATURE";

enum class Provider { offline, openai, azure, anthropic };

struct Wanted {
  Provider provider = Provider::offline;
  std::string name;  // of the model or deployment; empty: that of another variable, or the default
  bool is_explicit = false;
};

[[noreturn]] void refuse(const std::string& variable, const std::string& text) {
  throw std::runtime_error(variable + ": " + text);
}

bool is_visible(char c) {
  return c > ' ' && c <= '~';
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// What may stand in a path or query as it is.
bool is_plain_name(std::string_view text) {
  auto allowed = [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; };
  return !text.empty() && std::ranges::all_of(text, allowed);
}

bool is_header_name(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  auto allowed = [&](char c) { return is_letter_or_digit(c) || kMarks.find(c) != std::string_view::npos; };
  return !text.empty() && std::ranges::all_of(text, allowed);
}

bool is_header_value(std::string_view text) {
  auto allowed = [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F); };
  return std::ranges::all_of(text, allowed);
}

const char* word_of(Provider provider) {
  switch (provider) {
    case Provider::openai:
      return "openai";
    case Provider::azure:
      return "azure";
    case Provider::anthropic:
      return "anthropic";
    case Provider::offline:
      break;
  }
  return "offline";
}

// The environment, and what of it has been checked.
class Chooser {
 public:
  Chooser(const std::map<std::string, std::string>& environment, const ModelDefaults& defaults)
      : environment_(environment), defaults_(defaults) {}

  ModelChoice choose();

 private:
  std::string text(const std::string& name) const;
  bool is_set(const std::string& name) const { return !text(name).empty(); }
  bool is_configured(Provider provider) const;
  runtime::Secret key(const std::string& name) const;
  std::string url(const std::string& name, const std::string& example) const;
  json::object object(const std::string& name, const std::string& example) const;
  std::vector<SecretHeader> headers() const;
  json::object body() const;
  std::optional<double> temperature(double max, std::optional<double> unsaid) const;

  Wanted wanted() const;
  Wanted named(const std::string& choice) const;
  OpenAiSettings openai(const Wanted& wanted) const;
  OpenAiSettings azure(const Wanted& wanted) const;
  AnthropicSettings anthropic(const Wanted& wanted) const;
  // `name`: of the model; empty if each agent has its own.
  std::string notice(const Wanted& wanted, const std::string& name, const std::string& address) const;

  const std::map<std::string, std::string>& environment_;
  const ModelDefaults& defaults_;
};

std::string Chooser::text(const std::string& name) const {
  const auto found = environment_.find(name);
  return found == environment_.end() ? std::string() : found->second;
}

bool Chooser::is_configured(Provider provider) const {
  switch (provider) {
    case Provider::openai:
      return is_set("OPENAI_API_KEY") || is_set("OPENAI_BASE_URL");
    case Provider::azure:
      return is_set("AZURE_OPENAI_API_KEY") || is_set("AZURE_OPENAI_ENDPOINT");
    case Provider::anthropic:
      return is_set("ANTHROPIC_API_KEY") || is_set("ANTHROPIC_BASE_URL");
    case Provider::offline:
      break;
  }
  return true;
}

runtime::Secret Chooser::key(const std::string& name) const {
  std::string value = text(name);
  if (!std::ranges::all_of(value, is_visible)) {
    runtime::wipe(value);
    refuse(name, "has a space, a line break or another character that no key has; set it to the key alone");
  }
  return runtime::Secret(std::move(value));
}

// Without slashes at its end; empty if it is not set.
std::string Chooser::url(const std::string& name, const std::string& example) const {
  std::string value = text(name);
  if (value.empty()) return value;
  while (value.ends_with('/')) value.pop_back();
  const bool has_scheme = value.starts_with("http://") || value.starts_with("https://");
  const std::string host = host_of(value);
  if (!has_scheme || host.empty() || host.ends_with(':')) {
    refuse(name, "must begin with http:// or https:// and a host, like " + example);
  }
  const std::size_t begin = value.find("://") + 3;
  const std::string authority = value.substr(begin, value.find('/', begin) - begin);
  if (authority.find('@') != std::string::npos) {
    refuse(name, "must not have a user or a password in it; HEDDLE_MODEL_HEADERS may have an Authorization header");
  }
  const bool is_clean = std::ranges::all_of(value, is_visible) && value.find_first_of("?#") == std::string::npos;
  if (!is_clean) refuse(name, "must have no query, fragment or space, like " + example);
  return value;
}

json::object Chooser::object(const std::string& name, const std::string& example) const {
  const std::string value = text(name);
  if (value.empty()) return {};
  json::value parsed;
  try {
    parsed = runtime::parse_json(value);
  } catch (const runtime::JsonError& error) {
    refuse(name, std::string("is no JSON (") + error.what() + "); must be an object like " + example);
  }
  if (!parsed.is_object()) refuse(name, "must be a JSON object like " + example);
  return std::move(parsed.get_object());
}

std::vector<SecretHeader> Chooser::headers() const {
  const std::string variable = "HEDDLE_MODEL_HEADERS";
  const std::string example = R"({"X-Title": "my agent"})";
  constexpr std::array<std::string_view, 6> kOurs = {"content-type",      "content-length", "accept",
                                                     "transfer-encoding", "connection",     "expect"};
  std::vector<SecretHeader> headers;
  for (const json::key_value_pair& member : object(variable, example)) {
    const std::string name(member.key());
    if (!is_header_name(name)) refuse(variable, "has a name that no header can have; must be like " + example);
    if (!member.value().is_string() || !is_header_value(member.value().get_string())) {
      refuse(variable, "the value of " + name + " must be a text of one line, like " + example);
    }
    if (has_header(headers, name)) refuse(variable, "has the header " + name + " twice");
    headers.push_back({name, "", runtime::Secret(std::string(member.value().get_string()))});
  }
  for (const std::string_view ours : kOurs) {
    if (has_header(headers, ours))
      refuse(variable, "must not have " + std::string(ours) + ", which is set for each request");
  }
  return headers;
}

json::object Chooser::body() const {
  const std::string variable = "HEDDLE_MODEL_BODY";
  json::object members = object(variable, R"({"top_p": 0.9})");
  for (const char* ours : {"model", "messages", "system", "tools"}) {
    if (members.contains(ours)) refuse(variable, std::string("must not have ") + ours + ", which the agent sets");
  }
  return members;
}

// `max`: what the provider allows; `unsaid`: the agent's own.
std::optional<double> Chooser::temperature(double max, std::optional<double> unsaid) const {
  const std::string variable = kTemperature;
  const std::string value = text(variable);
  if (value.empty()) return unsaid;
  if (value == "none") return std::nullopt;
  double number = -1;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || !(number >= 0 && number <= max)) {
    const std::string limit = max > 1 ? "2" : "1";
    refuse(variable, "must be a number from 0 to " + limit + ", or none to leave it to the provider");
  }
  return number;
}

Wanted Chooser::wanted() const {
  const std::string choice = text("HEDDLE_MODEL");
  if (!choice.empty()) return named(choice);
  for (const Provider provider : {Provider::openai, Provider::azure, Provider::anthropic}) {
    if (is_configured(provider)) return {provider, "", false};
  }
  return {};
}

// A name may have colons of its own (llama3.2:3b).
Wanted Chooser::named(const std::string& choice) const {
  if (choice == "offline") return {Provider::offline, "", true};
  const std::size_t colon = choice.find(':');
  const std::string_view word = std::string_view(choice).substr(0, colon);
  const std::string name = colon == std::string::npos ? std::string() : choice.substr(colon + 1);
  for (const Provider provider : {Provider::openai, Provider::azure, Provider::anthropic}) {
    const bool is_it = word == word_of(provider) && !name.empty() && std::ranges::all_of(name, is_visible);
    if (is_it) return {provider, name, true};
  }
  refuse("HEDDLE_MODEL", "must be openai:NAME, anthropic:NAME, azure:DEPLOYMENT or offline");
}

OpenAiSettings Chooser::openai(const Wanted& wanted) const {
  OpenAiSettings settings;
  settings.api_key = key("OPENAI_API_KEY");
  const std::string base_url = url("OPENAI_BASE_URL", settings.base_url);
  settings.headers = headers();
  const bool has_key = !settings.api_key.empty() || has_header(settings.headers, "authorization");
  // A server on the own machine may need no key, so that naming it is enough.
  if (base_url.empty() && !has_key) {
    refuse("OPENAI_API_KEY",
           "must be set to ask " + host_of(settings.base_url) + "; OPENAI_BASE_URL names another server");
  }
  if (!base_url.empty()) settings.base_url = base_url;
  settings.model = defaults_.openai_model;
  if (is_set("OPENAI_MODEL")) settings.model = text("OPENAI_MODEL");
  if (!wanted.name.empty()) settings.model = wanted.name;
  settings.body = body();
  settings.temperature = temperature(2, defaults_.temperature);
  if (is_set(kTemperature)) settings.temperature_of = TemperatureOf::settings;
  return settings;
}

OpenAiSettings Chooser::azure(const Wanted& wanted) const {
  const std::string example = "https://my-resource.openai.azure.com";
  const std::string endpoint = url("AZURE_OPENAI_ENDPOINT", example);
  if (endpoint.empty()) refuse("AZURE_OPENAI_ENDPOINT", "must be set to ask Azure, like " + example);
  if (endpoint.find("/openai/deployments") != std::string::npos) {
    refuse("AZURE_OPENAI_ENDPOINT", "must end before /openai/deployments, like " + example);
  }
  const std::string deployment = wanted.name.empty() ? text("AZURE_OPENAI_DEPLOYMENT") : wanted.name;
  if (!is_plain_name(deployment)) {
    const char* const variable = wanted.name.empty() ? "AZURE_OPENAI_DEPLOYMENT" : "HEDDLE_MODEL";
    refuse(variable, "must name a deployment with letters, digits, '.', '_' and '-'");
  }
  const std::string version = text("OPENAI_API_VERSION");
  if (!is_plain_name(version)) refuse("OPENAI_API_VERSION", "must be a version of Azure's API, like 2024-10-21");
  OpenAiSettings settings;
  settings.service = OpenAiService::azure;
  settings.api_key = key("AZURE_OPENAI_API_KEY");
  settings.headers = headers();
  const bool has_key = !settings.api_key.empty() || has_header(settings.headers, "authorization") ||
                       has_header(settings.headers, "api-key");
  if (!has_key) refuse("AZURE_OPENAI_API_KEY", "must be set to ask Azure");
  settings.base_url = endpoint + "/openai/deployments/" + deployment;
  settings.query = "api-version=" + version;
  settings.model = deployment;
  settings.body = body();
  settings.temperature = temperature(2, defaults_.temperature);
  if (is_set(kTemperature)) settings.temperature_of = TemperatureOf::settings;
  return settings;
}

AnthropicSettings Chooser::anthropic(const Wanted& wanted) const {
  AnthropicSettings settings;
  settings.api_key = key("ANTHROPIC_API_KEY");
  const std::string base_url = url("ANTHROPIC_BASE_URL", settings.base_url);
  settings.headers = headers();
  const bool has_key = !settings.api_key.empty() || has_header(settings.headers, "authorization") ||
                       has_header(settings.headers, "x-api-key");
  if (base_url.empty() && !has_key) {
    refuse("ANTHROPIC_API_KEY", "must be set to ask " + host_of(settings.base_url));
  }
  if (!base_url.empty()) settings.base_url = base_url;
  settings.model = wanted.name.empty() ? defaults_.anthropic_model : wanted.name;
  settings.body = body();
  settings.temperature = temperature(1, std::nullopt);
  settings.temperature_of = TemperatureOf::settings;  // what an agent wants was said with other providers in mind
  return settings;
}

std::string Chooser::notice(const Wanted& wanted, const std::string& name, const std::string& address) const {
  std::string line = std::string("model: ") + word_of(wanted.provider);
  line += (name.empty() ? std::string() : ":" + name) + " at " + host_of(address);
  if (wanted.is_explicit) return line;
  for (const Provider other : {Provider::azure, Provider::anthropic}) {
    if (other == wanted.provider || !is_configured(other)) continue;
    line += std::string("; ") + word_of(other) + " is set too, HEDDLE_MODEL chooses";
  }
  return line;
}

ModelChoice Chooser::choose() {
  const Wanted chosen = wanted();
  ModelChoice choice;
  switch (chosen.provider) {
    case Provider::openai: {
      OpenAiSettings settings = openai(chosen);
      const std::string name = chosen.name.empty() ? text("OPENAI_MODEL") : chosen.name;
      choice.notice = notice(chosen, name, settings.base_url);
      choice.settings = std::move(settings);
      return choice;
    }
    case Provider::azure: {
      OpenAiSettings settings = azure(chosen);
      choice.notice = notice(chosen, settings.model, settings.base_url);
      choice.settings = std::move(settings);
      return choice;
    }
    case Provider::anthropic: {
      AnthropicSettings settings = anthropic(chosen);
      choice.notice = notice(chosen, chosen.name, settings.base_url);
      choice.settings = std::move(settings);
      return choice;
    }
    case Provider::offline:
      break;
  }
  // They have no effect, but a wrong value is wrong also today.
  headers();
  body();
  temperature(2, std::nullopt);
  choice.notice = "offline model: answers are made by simple rules, without a language model; ";
  choice.notice +=
      chosen.is_explicit ? "HEDDLE_MODEL says so" : "set OPENAI_API_KEY or ANTHROPIC_API_KEY for a real one";
  return choice;
}

}  // namespace

ModelChoice choose_model(const std::map<std::string, std::string>& environment, const ModelDefaults& defaults) {
  return Chooser(environment, defaults).choose();
}

std::shared_ptr<const ChatModel> make_model(ModelChoice choice, const std::function<HttpClient&()>& client) {
  if (auto* openai = std::get_if<OpenAiSettings>(&choice.settings)) {
    return std::make_shared<OpenAiModel>(client(), std::move(*openai));
  }
  if (auto* anthropic = std::get_if<AnthropicSettings>(&choice.settings)) {
    return std::make_shared<AnthropicModel>(client(), std::move(*anthropic));
  }
  return std::make_shared<OfflineModel>(std::get<OfflineModelSettings>(choice.settings));
}

const std::vector<std::string>& model_variables() {
  static const std::vector<std::string> names = {"HEDDLE_MODEL", "HEDDLE_MODEL_HEADERS", "HEDDLE_MODEL_BODY",
                                                 kTemperature};
  return names;
}

}  // namespace heddle::graphs
