#include "api/configuration.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "api/outgoing/header_templates.h"
#include "api/runs/run_sealer.h"
#include "tests/support/folder.h"

namespace heddle::api {
namespace {

using Catch::Contains;

struct ConfigurationFixture {
  test::Folder folder;
  ConfigurationSources sources;

  ConfigurationFixture() {
    sources.directory = folder.path();
    sources.builtin = {"agent", "linear"};
  }

  Configuration load() { return load_configuration(sources); }
  Configuration load(const std::string& text) {
    folder.write("langgraph.json", text);
    return load();
  }
  // With a graph, so that the rest may be wrong.
  Configuration load_with(const std::string& members) {
    return load(R"({"graphs": {"agent": "builtin:agent"}, )" + members + "}");
  }
  std::string fault(const std::string& text) {
    try {
      load(text);
    } catch (const ConfigurationError& error) {
      return error.what();
    }
    return "was taken";
  }
  std::string fault_with(const std::string& members) {
    return fault(R"({"graphs": {"agent": "builtin:agent"}, )" + members + "}");
  }
};

TEST_CASE_METHOD(ConfigurationFixture, "Without a file the graphs of the program are served") {
  sources.default_graphs = {{"x", GraphEntry{"builtin:linear", std::nullopt}}};
  const Configuration configuration = load();
  CHECK(builtin_name(configuration.graphs.at("x")) == "linear");
  CHECK(configuration.settings.port == 2024);
}

TEST_CASE_METHOD(ConfigurationFixture, "Without a file and without graphs there is nothing to serve") {
  CHECK_THROWS_WITH(load(), Contains("langgraph.json") && Contains("--config"));
}

TEST_CASE_METHOD(ConfigurationFixture,
                 "The file of --config comes before that of HEDDLE_CONFIG before langgraph.json") {
  folder.write("langgraph.json", R"({"graphs": {"c": "builtin:agent"}})");
  folder.write("b.json", R"({"graphs": {"b": "builtin:agent"}})");
  folder.write("a.json", R"({"graphs": {"a": "builtin:agent"}})");
  CHECK(load().graphs.contains("c"));
  sources.environment["HEDDLE_CONFIG"] = "b.json";
  CHECK(load().graphs.contains("b"));
  sources.config_file = "a.json";
  CHECK(load().graphs.contains("a"));
}

TEST_CASE_METHOD(ConfigurationFixture, "A named file that is missing is an error, not the default") {
  sources.default_graphs = {{"x", GraphEntry{"builtin:linear", std::nullopt}}};
  sources.config_file = "other.json";
  CHECK_THROWS_WITH(load(), Contains("other.json: no such file"));
}

TEST_CASE_METHOD(ConfigurationFixture, "A graph is a spec, or an object with path and description") {
  const Configuration configuration =
      load(R"({"graphs": {"a": "builtin:agent", "b": {"path": "builtin:linear", "description": "Counts"}}})");
  CHECK(configuration.graphs.at("a").spec == "builtin:agent");
  CHECK_FALSE(configuration.graphs.at("a").description.has_value());
  CHECK(builtin_name(configuration.graphs.at("b")) == "linear");
  CHECK(configuration.graphs.at("b").description == "Counts");
}

TEST_CASE_METHOD(ConfigurationFixture, "An unknown builtin graph is told with the known ones and the nearest") {
  const std::string text = fault(R"({"graphs": {"mail": "builtin:agnet"}})");
  CHECK_THAT(text, Contains("langgraph.json: graphs.mail: no builtin graph \"agnet\"; did you mean `agent`?") &&
                       Contains("known are agent, linear"));
}

TEST_CASE_METHOD(ConfigurationFixture, "Kinds of graphs that come later say so and what works today") {
  for (const char* spec :
       {"./mail.agent.yaml", "./mail.so:make", "./src/agent.ts:graph", "./agent.py:graph", "a.js:graph", "a.mjs:g"}) {
    const std::string text = fault(std::string(R"({"graphs": {"mail": ")") + spec + "\"}}");
    CHECK_THAT(text, Contains("graphs.mail: \"" + std::string(spec) + "\"") && Contains("come later") &&
                         Contains("builtin:NAME") && Contains("agent, linear"));
  }
  CHECK_THAT(fault(R"({"graphs": {"mail": "agent"}})"), Contains("graphs.mail: \"agent\": not understood"));
}

TEST_CASE_METHOD(ConfigurationFixture, "A graph that is neither spec nor object is told by its path") {
  CHECK_THAT(fault(R"({"graphs": {"a": 1}})"), Contains("graphs.a: must be a spec"));
  CHECK_THAT(fault(R"({"graphs": {"a": {}}})"), Contains("graphs.a.path: is missing"));
  CHECK_THAT(fault(R"({"graphs": {"a": {"path": 1}}})"), Contains("graphs.a.path: must be a text"));
  CHECK_THAT(fault(R"({"graphs": {"a": {"pth": "x"}}})"), Contains("graphs.a.pth: no such key; did you mean `path`?"));
  CHECK_THAT(fault(R"({"graphs": {"": "builtin:agent"}})"), Contains("must not be empty"));
  CHECK_THAT(fault(R"({"graphs": ["builtin:agent"]})"), Contains("graphs: must be an object"));
  CHECK_THAT(fault(R"({"graphs": {}})"), Contains("names no graph to serve"));
  CHECK_THAT(fault("{}"), Contains("names no graph to serve"));
}

TEST_CASE_METHOD(ConfigurationFixture, "A file that is no JSON is told by line and column") {
  CHECK_THAT(fault("{\n  \"graphs\": {,\n}"), Contains("langgraph.json: ") && Contains("line 2, column 14"));
  CHECK_THAT(fault("[]"), Contains("must be a JSON object"));
  CHECK_THAT(fault(""), Contains("langgraph.json"));
}

TEST_CASE_METHOD(ConfigurationFixture, "Webhooks are configured with the keys of the reference") {
  sources.environment["LG_WEBHOOK_TOKEN"] = "s3cret";
  const WebhookSettings webhooks = load_with(R"("http": {"disable_webhooks": true}, "webhooks": {
        "url": {"allowed_domains": ["*.Example.com"], "allowed_ports": [443, 8443], "require_https": true,
                "disable_loopback": false, "max_url_length": 500, "allowed_networks": ["10.0.0.0/8"]},
        "headers": {"Authorization": "Bearer ${{ env.LG_WEBHOOK_TOKEN }}"}})")
                                       .settings.webhooks;
  CHECK_FALSE(webhooks.enabled);
  CHECK(webhooks.url.allowed_domains == std::vector<std::string>{"*.example.com"});
  CHECK(webhooks.url.allowed_ports == std::vector<std::uint16_t>{443, 8443});
  CHECK(webhooks.url.require_https);
  CHECK_FALSE(webhooks.url.disable_loopback);
  CHECK(webhooks.url.max_url_length == 500);
  CHECK(webhooks.url.allowed_networks.size() == 1);
  REQUIRE(webhooks.headers);
  CHECK(webhooks.headers->all.at(0).value.reveal() == "Bearer s3cret");
  CHECK_FALSE(load_with(R"("webhooks": {"url": {}})").settings.webhooks.headers);
}

TEST_CASE_METHOD(ConfigurationFixture, "A header of webhooks that cannot be made is told by its key, without values") {
  sources.environment["OTHER_TOKEN"] = "s3cret";
  const std::string text = fault_with(R"("webhooks": {"headers": {"X-Token": "${{ env.OTHER_TOKEN }}"}})");
  CHECK_THAT(text, Contains("langgraph.json: webhooks.headers.X-Token: the variable OTHER_TOKEN must begin with"));
  CHECK_THAT(text, !Contains("s3cret"));
  CHECK_THAT(fault_with(R"("webhooks": {"headers": {"X-Token": 1}})"),
             Contains("webhooks.headers.X-Token: must be a text"));
  CHECK_THAT(fault_with(R"("webhooks": {"headers": []})"), Contains("webhooks.headers: must be an object"));
  CHECK_THAT(fault_with(R"("webhooks": {"url": {"allowed_ports": ["443"]}})"), Contains("must be a list of numbers"));
  CHECK_THAT(fault_with(R"("webhooks": {"url": {"allowed_ports": [0]}})"), Contains("numbers from 1 to 65535"));
  CHECK_THAT(fault_with(R"("webhooks": {"url": {"allowed_networks": ["10.0.0.1/8"]}})"), Contains("is not possible"));
  // The prefix may come from anywhere.
  sources.environment["HEDDLE_WEBHOOKS_ENV_PREFIX"] = "OTHER_";
  CHECK(load_with(R"("webhooks": {"headers": {"X-Token": "${{ env.OTHER_TOKEN }}"}})").settings.webhooks.headers);
}

TEST_CASE_METHOD(ConfigurationFixture, "An unknown key is told with the nearest one") {
  CHECK_THAT(fault_with(R"("graps": {})"), Contains("\"graps\": no such key; did you mean `graphs`?"));
  CHECK_THAT(fault_with(R"("http": {"cros": {}})"), Contains("\"http.cros\": no such key; did you mean `http.cors`?"));
  CHECK_THAT(fault_with(R"("http": {"cors": {"allow_origin": []}})"),
             Contains("did you mean `http.cors.allow_origins`?"));
  CHECK_THAT(fault_with(R"("heddle": {"prot": 1})"), Contains("did you mean `heddle.port`?"));
  CHECK_THAT(fault_with(R"("store": {"idx": {}})"), Contains("store.index"));
}

TEST_CASE_METHOD(ConfigurationFixture, "A key that belongs elsewhere is told where") {
  CHECK_THAT(fault_with(R"("port": 1)"), Contains("\"port\": no such key; did you mean `heddle.port`?"));
  CHECK_THAT(fault_with(R"("disable_store": true)"), Contains("`http.disable_store`"));
}

TEST_CASE_METHOD(ConfigurationFixture, "A key with dots is not a path") {
  CHECK_THAT(fault_with(R"("http.cors": {})"), Contains("no such key"));
}

TEST_CASE_METHOD(ConfigurationFixture, "Keys of the reference that change nothing are listed") {
  const Configuration configuration = load_with(R"("$schema": "x", "dependencies": ["."], "node_version": "20",
      "python_version": "3.11", "pip_config_file": "x", "pip_installer": "uv", "dockerfile_lines": [], "base_image": "x",
      "image_distro": "wolfi", "api_version": "0.3", "store": {"index": {}, "ttl": {}},
      "checkpointer": {"ttl": {}}, "http": {"app": "x"}, "ui": {},
      "ui_config": {}, "keep_pkg_tools": true, "internal_docker_tag": "x", "_INTERNAL_docker_tag": "x",
      "build_command": "x", "install_command": "x", "auth": null, "encryption": null, "store_": null)");
  const std::vector<std::string> expected = {"dependencies",
                                             "node_version",
                                             "python_version",
                                             "pip_config_file",
                                             "pip_installer",
                                             "dockerfile_lines",
                                             "base_image",
                                             "image_distro",
                                             "api_version",
                                             "http.app",
                                             "ui",
                                             "ui_config",
                                             "keep_pkg_tools",
                                             "internal_docker_tag",
                                             "_INTERNAL_docker_tag",
                                             "build_command",
                                             "install_command"};
  CHECK(configuration.keys_without_effect == expected);
}

TEST_CASE_METHOD(ConfigurationFixture, "How long items and threads live is said as the reference says it") {
  const ServerSettings settings = load_with(R"("store": {"ttl": {"default_ttl": 1.5, "refresh_on_read": false,
      "sweep_interval_minutes": 2}}, "checkpointer": {"ttl": {"strategy": "keep_latest", "default_ttl": 43200,
      "sweep_interval_minutes": 3, "sweep_limit": 4}})")
                                      .settings;
  CHECK(settings.store.rules.default_minutes_to_live == 1.5);
  CHECK_FALSE(settings.store.rules.refreshes_on_read);
  CHECK(settings.store.sweep_interval == std::chrono::minutes{2});
  CHECK(settings.thread_ttl.default_minutes == 43'200);
  CHECK(settings.thread_ttl.strategy == PruneStrategy::keep_latest);
  CHECK(settings.thread_ttl.sweep_interval == std::chrono::minutes{3});
  CHECK(settings.thread_ttl.sweep_limit == 4);
  for (const char* const wrong : {"0", "-1", "1e300", "\"5\"", "true"}) {
    INFO(wrong);
    CHECK_THAT(fault_with(R"("store": {"ttl": {"default_ttl": )" + std::string(wrong) + "}}"),
               Contains("store.ttl.default_ttl"));
  }
  CHECK_THAT(fault_with(R"("checkpointer": {"ttl": {"strategy": "keep"}})"), Contains("delete or keep_latest"));
}

TEST_CASE_METHOD(ConfigurationFixture, "The index of the store is said as the reference says it") {
  const auto index =
      load_with(R"("store": {"index": {"embed": "openai:m", "dims": 768, "fields": ["text", "a[*].b"]}})")
          .settings.store.index;
  CHECK(index.embed == "openai:m");
  CHECK(index.dims == 768);
  CHECK(index.fields == std::vector<std::string>{"text", "a[*].b"});
  CHECK_THAT(fault_with(R"("store": {"index": {"embed": "cohere:x"}})"), Contains("`openai:MODEL` or `offline`"));
  CHECK_THAT(fault_with(R"("store": {"index": {"dims": 0}})"), Contains("1 to 4096"));
  CHECK_THAT(fault_with(R"("store": {"index": {"fields": ["a..b"]}})"), Contains("paths like"));
  CHECK_THAT(fault_with(R"("store": {"index": {"fields": []}})"), Contains("paths like"));
}

TEST_CASE_METHOD(ConfigurationFixture, "What would be less safe than it looks stops the start") {
  CHECK_THAT(fault_with(R"("encryption": {"path": "x"})"), Contains("encryption: ") && Contains("in clear"));
}

TEST_CASE_METHOD(ConfigurationFixture,
                 "Other machines are let in only where somebody asks who they are, or it is said that nobody does") {
  for (const std::string host : {"0.0.0.0", "::", "192.168.1.7", "assistant.example"}) {
    sources.flags = {{"host", {host}}};
    CHECK_THAT(fault_with(R"("heddle": {})"), Contains(host) && Contains("`auth`") && Contains("--allow-anyone"));
    CHECK(load_with(R"("heddle": {"allow_anyone": true})").settings.hosts == std::vector{host});
    CHECK_NOTHROW(load_with(R"("auth": {"type": "jwt", "issuer": "https://i.example/", "audience": "a"})"));
  }
  for (const std::string host : {"localhost", "127.0.0.1", "127.8.8.8", "::1"}) {
    sources.flags = {{"host", {host}}};
    CHECK_NOTHROW(load_with(R"("heddle": {})"));
  }
  // One of several is enough.
  sources.flags = {{"host", {"localhost", "0.0.0.0"}}};
  CHECK_THAT(fault_with(R"("heddle": {})"), Contains("0.0.0.0"));
}

TEST_CASE_METHOD(ConfigurationFixture, "Authentication is read with the variables of the file, whatever stands first") {
  const auto auth = load(R"({"auth": {"path": "builtin:auth0", "cache": {}}, "graphs": {"agent": "builtin:agent"},
      "env": {"AUTH0_DOMAIN": "tenant.example", "AUTH0_AUDIENCE": "api"}})");
  REQUIRE(auth.settings.auth.has_value());
  CHECK(auth.settings.auth->tokens.issuer == "https://tenant.example/");
  CHECK(auth.keys_without_effect == std::vector<std::string>{"auth.cache"});
  CHECK_FALSE(load_with(R"("auth": {"type": "none"})").settings.auth.has_value());
  CHECK_FALSE(load_with(R"("auth": null)").settings.auth.has_value());
  CHECK_THAT(fault_with(R"("auth": {"path": "./auth.py:auth"})"),
             Contains("langgraph.json: auth.path: ") && Contains("does not run"));
}

TEST_CASE_METHOD(ConfigurationFixture,
                 "A file of keys stands beside the configuration, and is told by its name if it is missing") {
  const std::string auth = R"("auth": {"type": "api_keys", "keys_file": "keys.json"})";
  CHECK_THAT(fault_with(auth), Contains("auth.keys_file: no file") && Contains("keys.json"));
  folder.write("keys.json", R"({"keys": [{"id": "a", "identity": "ann", "sha256": ")" + std::string(64, 'a') + "\"}]}");
  CHECK(load_with(auth).settings.auth->keys.at(0).identity == "ann");
  folder.write("keys.json", "{");
  CHECK_THAT(fault_with(auth), Contains("langgraph.json: auth.keys_file \"keys.json\": "));
}

TEST_CASE_METHOD(ConfigurationFixture, "Certificate and key come together, and stand beside the configuration") {
  const TlsSettings tls = load_with(R"("tls": {"certificate": "server.pem", "key": "/etc/server.key"})").settings.tls;
  CHECK(tls.is_on());
  CHECK(tls.certificate == (folder.path() / "server.pem").string());
  CHECK(tls.key == "/etc/server.key");
  CHECK_THAT(fault_with(R"("tls": {"certificate": "a"})"), Contains("tls.certificate is set and tls.key is not"));
  CHECK_THAT(fault_with(R"("tls": {"key": "a"})"), Contains("tls.key is set and tls.certificate is not"));
  CHECK_THAT(fault_with(R"("tls": {"certificat": "a"})"), Contains("did you mean"));
  CHECK_FALSE(load_with(R"("heddle": {})").settings.tls.is_on());
}

TEST_CASE_METHOD(ConfigurationFixture, "A flag wins over the environment, that over the file, that over the default") {
  const std::string with_port = R"("heddle": {"port": 1})";
  CHECK(load_with(R"("heddle": {})").settings.port == 2024);
  CHECK(load_with(with_port).settings.port == 1);
  sources.environment["HEDDLE_PORT"] = "2";
  CHECK(load_with(with_port).settings.port == 2);
  sources.flags["port"] = {"3"};
  CHECK(load_with(with_port).settings.port == 3);
}

TEST_CASE_METHOD(ConfigurationFixture, "A wrong value is told with its source, itself and what is allowed") {
  CHECK_THAT(
      fault_with(R"("heddle": {"port": 70000})"),
      Contains(R"(langgraph.json: heddle.port: "70000" is not possible; allowed is a whole number, 0 to 65535)"));
  sources.environment["HEDDLE_PORT"] = "many";
  CHECK_THAT(fault_with(R"("heddle": {})"), Contains(R"(HEDDLE_PORT (environment): "many" is not possible)"));
  sources.environment.clear();
  sources.flags["port"] = {"-1"};
  CHECK_THAT(fault_with(R"("heddle": {})"), Contains(R"(--port: "-1" is not possible)"));
}

TEST_CASE_METHOD(ConfigurationFixture, "A wrong value is told even where another source wins") {
  sources.flags["port"] = {"3"};
  sources.environment["HEDDLE_PORT"] = "many";
  CHECK_THAT(fault_with(R"("heddle": {})"), Contains("HEDDLE_PORT"));
}

TEST_CASE_METHOD(ConfigurationFixture, "A value of another kind is told with the kind that is wanted") {
  CHECK_THAT(fault_with(R"("heddle": {"port": "1"})"), Contains("heddle.port: must be a number"));
  CHECK_THAT(fault_with(R"("heddle": {"port": 1.5})"), Contains("allowed is a whole number"));
  CHECK_THAT(fault_with(R"("heddle": {"log_level": 1})"), Contains("heddle.log_level: must be a text"));
  CHECK_THAT(fault_with(R"("http": {"disable_runs": "true"})"), Contains("http.disable_runs: must be true or false"));
  CHECK_THAT(fault_with(R"("http": {"cors": {"allow_origins": [1]}})"), Contains("must be a list of texts"));
  CHECK_THAT(fault_with(R"("http": [])"), Contains("http: must be an object"));
}

TEST_CASE_METHOD(ConfigurationFixture, "The switches of http are taken over") {
  const ServerSettings settings = load_with(R"("http": {"disable_store": true, "mount_prefix": "/api",
      "cors": {"allow_origins": ["https://a.example"], "max_age": 60, "allow_credentials": true}})")
                                      .settings;
  CHECK_FALSE(settings.groups.store);
  CHECK(settings.mount_prefix == "/api");
  CHECK(settings.cors.allow_origins == std::vector<std::string>{"https://a.example"});
  CHECK(settings.cors.max_age == std::chrono::seconds(60));
  CHECK(settings.cors.allow_credentials);
}

TEST_CASE_METHOD(ConfigurationFixture, "The rule for headers is there as soon as its key is, in both spellings") {
  CHECK_FALSE(load_with(R"("http": {})").settings.configurable_headers.has_value());
  CHECK(load_with(R"("http": {"configurable_headers": {}})").settings.configurable_headers.has_value());
  const auto rule = load_with(R"("http": {"configurable_headers": {"include": ["X-A"], "excludes": ["x-b"]}})")
                        .settings.configurable_headers;
  REQUIRE(rule.has_value());
  CHECK(rule->includes == std::vector<std::string>{"x-a"});
  CHECK(rule->excludes == std::vector<std::string>{"x-b"});
}

TEST_CASE_METHOD(ConfigurationFixture, "Lists are separated by commas in the environment and repeated as flags") {
  sources.environment["HEDDLE_HOST"] = "127.0.0.1, ::1";
  CHECK(load_with(R"("heddle": {})").settings.hosts == std::vector<std::string>{"127.0.0.1", "::1"});
  sources.flags["host"] = {"127.0.0.2", "localhost"};
  CHECK(load_with(R"("heddle": {})").settings.hosts == std::vector<std::string>{"127.0.0.2", "localhost"});
  sources.flags.clear();
  sources.environment["HEDDLE_HOST"] = "127.0.0.1,";
  CHECK_THAT(fault_with(R"("heddle": {})"), Contains("HEDDLE_HOST"));
}

TEST_CASE_METHOD(ConfigurationFixture, "An empty variable counts as not set") {
  sources.environment["HEDDLE_PORT"] = "";
  CHECK(load_with(R"("heddle": {"port": 1})").settings.port == 1);
}

TEST_CASE_METHOD(ConfigurationFixture, "A variable says what the assistants of graphs begin with") {
  sources.environment["LANGGRAPH_CONFIG"] =
      R"({"agent":{"context":{"locale":"de"},"tags":["t"],"configurable":{"k":1},"callbacks":[1]},"gone":{}})";
  const Configuration configuration = load_with(R"("heddle": {})");
  REQUIRE(configuration.settings.assistant_defaults.size() == 1);
  const AssistantDefaults& agent = configuration.settings.assistant_defaults.at("agent");
  CHECK(agent.config_json == R"({"tags":["t"],"configurable":{"k":1}})");
  CHECK(agent.context_json == R"({"locale":"de"})");
  REQUIRE(configuration.keys_without_effect.size() == 1);
  CHECK(configuration.keys_without_effect.front() == "LANGGRAPH_CONFIG of the graph `gone`, which is not served");
}

TEST_CASE_METHOD(ConfigurationFixture, "A variable for assistants that is wrong is told without its values") {
  const auto fault_of = [&](const std::string& text) {
    sources.environment["LANGGRAPH_CONFIG"] = text;
    return fault_with(R"("heddle": {})");
  };
  CHECK_THAT(fault_of("canary"), Contains("LANGGRAPH_CONFIG: is no JSON") && !Contains("canary"));
  CHECK_THAT(fault_of("[]"), Contains("LANGGRAPH_CONFIG: must be an object"));
  CHECK_THAT(fault_of(R"({"agent":7})"), Contains("LANGGRAPH_CONFIG: agent: must be an object"));
  CHECK_THAT(fault_of(R"({"agent":{"configurable":7}})"), Contains("agent.configurable: must be an object"));
  CHECK_THAT(fault_of(R"({"agent":{"configurable":{"_token":"canary"}}})"),
             Contains("agent.configurable._token") && !Contains("canary"));
  CHECK_THAT(fault_of(R"({"agent":{"context":{"_token":"canary"}}})"),
             Contains("agent.context._token") && !Contains("canary"));
}

TEST_CASE_METHOD(ConfigurationFixture, "A variable that the program's graphs read is not without effect") {
  sources.variables = {"HEDDLE_MODEL"};
  sources.environment["HEDDLE_MODEL"] = "offline";
  sources.environment["HEDDLE_MODLE"] = "offline";
  const Configuration configuration = load_with(R"("heddle": {})");
  REQUIRE(configuration.keys_without_effect.size() == 1);
  CHECK(configuration.keys_without_effect.front() == "the variable HEDDLE_MODLE; did you mean `HEDDLE_MODEL`?");
}

TEST_CASE_METHOD(ConfigurationFixture, "A variable with our prefix that is no setting is listed with the nearest one") {
  sources.environment["HEDDLE_LOGLEVEL"] = "debug";
  const Configuration configuration = load_with(R"("heddle": {})");
  REQUIRE(configuration.keys_without_effect.size() == 1);
  CHECK(configuration.keys_without_effect.front() == "the variable HEDDLE_LOGLEVEL; did you mean `HEDDLE_LOG_LEVEL`?");
}

TEST_CASE_METHOD(ConfigurationFixture, "A database named in the file lies beside the file") {
  folder.write("sub/langgraph.json", R"({"graphs": {"a": "builtin:agent"}, "heddle": {"db": "data.db"}})");
  sources.config_file = "sub/langgraph.json";
  CHECK(load().settings.storage.path == (folder.path() / "sub" / "data.db").string());
  sources.flags["db"] = {"other.db"};
  CHECK(load().settings.storage.path == "other.db");
  sources.flags["db"] = {":memory:"};
  CHECK(load().settings.storage.path == ":memory:");
}

TEST_CASE_METHOD(ConfigurationFixture, "Variables of the named file are there, those of the process win") {
  folder.write(".env", "OPENAI_MODEL=a\nOPENAI_API_KEY=k\nHEDDLE_PORT=9");
  sources.environment["OPENAI_MODEL"] = "b";
  const Configuration configuration = load_with(R"("env": ".env", "heddle": {"port": 1})");
  CHECK(configuration.environment.at("OPENAI_MODEL") == "b");
  CHECK(configuration.environment.at("OPENAI_API_KEY") == "k");
  CHECK(configuration.settings.port == 9);
}

TEST_CASE_METHOD(ConfigurationFixture, "Variables may stand in the configuration itself") {
  CHECK(load_with(R"("env": {"A": "1"})").environment.at("A") == "1");
  CHECK_THAT(fault_with(R"("env": {"A": 1})"), Contains("env.A: must be a text"));
  CHECK_THAT(fault_with(R"("env": 1)"), Contains("env: must be"));
}

TEST_CASE_METHOD(ConfigurationFixture, "A list of variables must be set outside") {
  sources.environment["A"] = "1";
  CHECK_NOTHROW(load_with(R"("env": ["A"])"));
  CHECK_THAT(fault_with(R"("env": ["A", "B"])"), Contains("\"B\" is not set"));
}

TEST_CASE_METHOD(ConfigurationFixture, "A missing or wrong file of variables is told without its content") {
  CHECK_THAT(fault_with(R"("env": ".env")"),
             Contains("langgraph.json: env: no file \".env\" (looked in " + folder.path().string()));
  folder.write(".env", "A=1\nsk-topsecret");
  const std::string text = fault_with(R"("env": ".env")");
  CHECK_THAT(text, Contains(".env:2: ") && !Contains("topsecret"));
}

TEST_CASE_METHOD(ConfigurationFixture, "A wrong variable of the named file is told as coming from there") {
  folder.write(".env", "HEDDLE_PORT=x");
  CHECK_THAT(fault_with(R"("env": ".env")"), Contains("HEDDLE_PORT (`env` of the configuration)"));
}

TEST_CASE_METHOD(ConfigurationFixture, "A folder or a huge file in place of the configuration is refused") {
  sources.config_file = ".";
  CHECK_THROWS_WITH(load(), Contains("is a folder"));
  sources.config_file = "huge.json";
  folder.write("huge.json", std::string((1 << 20) + 1, ' '));
  CHECK_THROWS_WITH(load(), Contains("more than 1 MiB"));
}

TEST_CASE_METHOD(ConfigurationFixture, "Keys to seal with come from a file beside langgraph.json or from a variable") {
  const std::string key(64, 'a');
  CHECK(load_with(R"("env": {})").settings.sealer == nullptr);
  folder.write("seal.key", key + "\n");
  const std::string with_file = R"("heddle": {"secrets_key_file": "seal.key"})";
  const std::string id = load_with(with_file).settings.sealer->key_id();

  sources.environment["HEDDLE_SECRETS_KEY"] = key;
  const Configuration configuration = load_with(R"("env": {})");
  REQUIRE(configuration.settings.sealer);
  CHECK(configuration.settings.sealer->key_id() == id);
  CHECK_FALSE(configuration.environment.contains("HEDDLE_SECRETS_KEY"));
  CHECK(configuration.keys_without_effect.empty());

  sources.environment["HEDDLE_SECRETS_KEY"] = std::string(64, 'b');
  CHECK(load_with(with_file).settings.sealer->key_id() == id);
}

TEST_CASE_METHOD(ConfigurationFixture, "A key that is none stops the start with its place, and is not told") {
  sources.environment["HEDDLE_SECRETS_KEY"] = "canary-not-a-key";
  const std::string said = fault_with(R"("env": {})");
  CHECK_THAT(said, Contains("HEDDLE_SECRETS_KEY") && Contains("openssl rand"));
  CHECK_THAT(said, !Contains("canary"));
  sources.environment.clear();
  CHECK_THAT(fault_with(R"("heddle": {"secrets_key_file": "nowhere.key"})"),
             Contains("nowhere.key") && Contains("cannot be read"));
}

}  // namespace
}  // namespace heddle::api
