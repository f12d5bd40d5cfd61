#include "api/settings_table.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace heddle::api {
namespace {

using Values = std::vector<std::string>;

const Setting& setting(const std::string& name) {
  const auto& table = settings_table();
  const auto found = std::ranges::find(table, name, &Setting::name);
  REQUIRE(found != table.end());
  return *found;
}

ServerSettings with(const std::string& name, const Values& values) {
  ServerSettings settings;
  setting(name).apply(settings, values);
  return settings;
}

std::string read(const std::string& path) {
  std::ifstream file(std::string(HEDDLE_SOURCE_DIR) + "/" + path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_CASE("No two settings share a name or a key") {
  std::set<std::string> names;
  std::set<std::string> keys;
  for (const Setting& entry : settings_table()) {
    CHECK(names.insert(entry.name).second);
    CHECK(keys.insert(entry.key).second);
  }
}

TEST_CASE("Every setting says what is allowed and why it is as it is") {
  for (const Setting& entry : settings_table()) {
    INFO(entry.name);
    CHECK_FALSE(entry.allowed.empty());
    CHECK_FALSE(entry.reason.empty());
    const bool documented_as_cell = entry.reason.find('|') == std::string::npos;
    CHECK(documented_as_cell);
  }
}

TEST_CASE("The documented default of a setting is what the server has without it") {
  ServerSettings changed;
  for (const Setting& entry : settings_table()) {
    if (entry.default_value.empty() || entry.takes_many()) continue;
    INFO(entry.name);
    CHECK_NOTHROW(entry.apply(changed, {entry.default_value}));
  }
  const ServerSettings untouched;
  CHECK(changed.port == untouched.port);
  CHECK(changed.storage.path == untouched.storage.path);
  CHECK(changed.storage.synchronous == untouched.storage.synchronous);
  CHECK(changed.engine_threads == untouched.engine_threads);
  CHECK(changed.log_level == untouched.log_level);
  CHECK(changed.errors == untouched.errors);
  CHECK(changed.compat == untouched.compat);
  CHECK(changed.http.body_bytes_max == untouched.http.body_bytes_max);
  CHECK(changed.http.keep_alive == untouched.http.keep_alive);
  CHECK(changed.groups.meta == untouched.groups.meta);
  CHECK(changed.heartbeat == untouched.heartbeat);
  CHECK(changed.drain == untouched.drain);
}

TEST_CASE("A flag, its variable and its name are spelled the same way") {
  CHECK(setting("log-level").flag() == "--log-level");
  CHECK(setting("log-level").variable() == "HEDDLE_LOG_LEVEL");
  CHECK(setting("log-level").key == "heddle.log_level");
}

TEST_CASE("Both ends of a range are allowed and the numbers beyond are not") {
  CHECK(with("port", {"0"}).port == 0);
  CHECK(with("port", {"65535"}).port == 65535);
  for (const char* wrong :
       {"65536", "-1", "", " 1", "1 ", "+1", "0x10", "1.5", "1e3", "99999999999999999999", "port"}) {
    INFO(wrong);
    CHECK_THROWS_WITH(with("port", {wrong}), "allowed is a whole number, 0 to 65535");
  }
  CHECK_THROWS_AS(with("port", {"1", "2"}), SettingError);
}

TEST_CASE("A refused value changes nothing") {
  ServerSettings settings;
  CHECK_THROWS_AS(setting("port").apply(settings, {"70000"}), SettingError);
  CHECK_THROWS_AS(setting("host").apply(settings, {}), SettingError);
  CHECK_THROWS_AS(setting("mount-prefix").apply(settings, {"api"}), SettingError);
  CHECK(settings.port == 2024);
  CHECK(settings.hosts == Values{"localhost"});
  CHECK(settings.mount_prefix.empty());
}

TEST_CASE("A choice names all that may be chosen") {
  CHECK(with("compat", {"platform"}).compat == Compat::platform);
  CHECK(with("log-level", {"warning"}).log_level == runtime::LogLevel::warning);
  CHECK_THROWS_WITH(with("log-level", {"loud"}), "allowed is debug, info, warning or error");
  CHECK_THROWS_WITH(with("errors", {"JSON"}), "allowed is json or text");
}

TEST_CASE("Durations are taken in the unit that the table names") {
  CHECK(with("heartbeat-ms", {"1500"}).heartbeat == std::chrono::milliseconds(1500));
  CHECK(with("keep-alive-seconds", {"5"}).http.keep_alive == std::chrono::seconds(5));
  CHECK(with("cors-max-age", {"600"}).cors.max_age == std::chrono::seconds(600));
  CHECK(setting("heartbeat-ms").unit == "milliseconds");
  CHECK(setting("keep-alive-seconds").unit == "seconds");
}

TEST_CASE("A disabled group of routes is off, all others stay on") {
  const ServerSettings settings = with("disable-store", {"true"});
  CHECK_FALSE(settings.groups.store);
  CHECK(settings.groups.threads);
  CHECK(with("disable-store", {"false"}).groups.store);
  CHECK_THROWS_AS(with("disable-store", {"yes"}), SettingError);
}

TEST_CASE("A mount prefix begins and does not end with a slash") {
  CHECK(with("mount-prefix", {"/api/v1"}).mount_prefix == "/api/v1");
  CHECK(with("mount-prefix", {"/"}).mount_prefix.empty());
  for (const char* wrong : {"api", "/api/", "//api", "/a b", "/a?b"}) {
    INFO(wrong);
    CHECK_THROWS_AS(with("mount-prefix", {wrong}), SettingError);
  }
}

TEST_CASE("Header patterns are kept in lower case, and naming them makes the rule") {
  CHECK_FALSE(ServerSettings{}.configurable_headers.has_value());
  const ServerSettings settings = with("configurable-headers-includes", {"X-User-*"});
  REQUIRE(settings.configurable_headers.has_value());
  CHECK(settings.configurable_headers->includes == Values{"x-user-*"});
}

TEST_CASE("An expression for origins takes the place of every origin") {
  const ServerSettings settings = with("cors-allow-origin-regex", {R"(https://.*\.app\.example)"});
  CHECK(settings.cors.allow_origins.empty());
  REQUIRE(settings.cors.allow_origin_regex.has_value());
  CHECK(std::regex_match("https://a.app.example", *settings.cors.allow_origin_regex));
  CHECK_THROWS_AS(with("cors-allow-origin-regex", {"("}), SettingError);
}

TEST_CASE("The documentation shows the settings table as it is") {
  const std::string documented = read("docs/configuration.md");
  INFO("docs/configuration.md must contain this table:\n" << settings_markdown());
  const bool same = documented.find(settings_markdown()) != std::string::npos;
  CHECK(same);
}

TEST_CASE("Settings in the README are rows of the settings table") {
  const std::string table = settings_markdown();
  std::istringstream readme(read("README.md"));
  std::size_t rows = 0;
  for (std::string line; std::getline(readme, line);) {
    if (!line.starts_with("| `--")) continue;
    INFO(line);
    ++rows;
    const bool known = table.find(line + "\n") != std::string::npos;
    CHECK(known);
  }
  CHECK(rows > 0);
}

}  // namespace
}  // namespace heddle::api
