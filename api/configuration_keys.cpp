#include "api/configuration_keys.h"

#include <algorithm>
#include <array>
#include <optional>

#include "api/nearest_name.h"

namespace heddle::api {
namespace {

// Keys that the reference knows and that change nothing here: they build images and environments of other
// languages, or belong to parts of the server that do not exist yet.
constexpr std::array kWithoutEffect = {
    "_INTERNAL_docker_tag",
    "api_version",
    "base_image",
    "build_command",
    "dependencies",
    "docker_compose_file",
    "dockerfile_lines",
    "image_distro",
    "install_command",
    "internal_docker_tag",
    "keep_pkg_tools",
    "node_version",
    "pip_config_file",
    "pip_installer",
    "python_version",
    "source",
    "ui",
    "ui_config",
    "checkpointer.path",
    "checkpointer.serde",
    "store.path",
    "http.app",
    "http.disable_ui",
    "http.logging_headers",
    "http.middleware_order",
    "http.enable_custom_route_auth",
};

constexpr std::array kRefused = {
    RefusedKey{
        "encryption",
        "this version does not encrypt its database yet; remove the key to keep everything in clear, and protect "
        "the file"},
};

}  // namespace

KnownKeys::KnownKeys() {
  add("$schema");
  add("graphs");
  add("env");
  add("webhooks.headers");
  add("heddle.otlp_headers");
  add("auth");
  for (const std::string_view key : kWithoutEffect) add(std::string(key));
  for (const RefusedKey& refused : kRefused) add(std::string(refused.path));
  for (const Setting& setting : settings_table()) {
    add(setting.key);
    settings_.emplace(setting.key, &setting);
  }
  // The reference reads both spellings.
  alias("http.configurable_headers.include", "http.configurable_headers.includes");
  alias("http.configurable_headers.exclude", "http.configurable_headers.excludes");
}

const Setting* KnownKeys::setting(const std::string& path) const {
  const auto found = settings_.find(path);
  return found == settings_.end() ? nullptr : found->second;
}

bool KnownKeys::is_without_effect(std::string_view path) {
  return std::ranges::find(kWithoutEffect, path) != kWithoutEffect.end();
}

const RefusedKey* KnownKeys::refused(std::string_view path) {
  const auto found = std::ranges::find(kRefused, path, &RefusedKey::path);
  return found == kRefused.end() ? nullptr : found;
}

std::string KnownKeys::hint(const std::string& prefix, const std::string& key) const {
  const std::optional<std::string> beside = nearest_name(prefix + key, children(prefix));
  if (beside) return "; did you mean `" + *beside + "`?";
  for (const std::string& path : paths_) {
    if (path.ends_with("." + key)) return "; did you mean `" + path + "`?";
  }
  return "; known here are " + name_list(children(prefix));
}

void KnownKeys::add(const std::string& path) {
  paths_.insert(path);
  for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', dot + 1)) {
    paths_.insert(path.substr(0, dot));
    objects_.insert(path.substr(0, dot));
  }
}

void KnownKeys::alias(const std::string& path, const std::string& other) {
  paths_.insert(path);
  settings_.emplace(path, settings_.at(other));
}

std::vector<std::string> KnownKeys::children(const std::string& prefix) const {
  std::vector<std::string> found;
  for (const std::string& path : paths_) {
    const bool below = path.starts_with(prefix) && path.find('.', prefix.size()) == std::string::npos;
    if (below && path != "$schema") found.push_back(path);
  }
  return found;
}

}  // namespace heddle::api
