#include "api/outgoing/header_templates.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "api/settings_table.h"

namespace heddle::api {
namespace {

constexpr std::string_view kBegin = "${{";
constexpr std::string_view kEnd = "}}";
constexpr std::string_view kEnv = "env.";

// Of the request itself.
constexpr std::array<std::string_view, 7> kTaken = {"connection", "content-length",   "content-type", "expect", "host",
                                                    "te",         "transfer-encoding"};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_name_letter(char c) {
  const char small = lower(c);
  return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

// RFC 9110: a token.
bool is_header_name(std::string_view name) {
  constexpr std::string_view others = "!#$%&'*+-.^`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return is_name_letter(c) || others.find(c) != std::string_view::npos;
  });
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// The value of what stands between the braces.
const std::string& value_of(std::string_view expression, const std::string& prefix,
                            const std::map<std::string, std::string>& environment) {
  if (!expression.starts_with(kEnv)) throw SettingError("what stands in ${{ }} must be a variable: ${{ env.NAME }}");
  const std::string name(expression.substr(kEnv.size()));
  if (name.empty() || !std::ranges::all_of(name, is_name_letter)) {
    throw SettingError("what stands behind `env.` must be the name of a variable");
  }
  if (!name.starts_with(prefix)) {
    throw SettingError("the variable " + name + " must begin with `" + prefix + "` (`webhooks.env_prefix`)");
  }
  const auto found = environment.find(name);
  if (found == environment.end()) throw SettingError("the variable " + name + " is not set");
  return found->second;
}

std::string filled_in(std::string_view text, const std::string& prefix,
                      const std::map<std::string, std::string>& environment) {
  std::string value;
  for (;;) {
    const std::size_t begin = text.find(kBegin);
    value += text.substr(0, begin);
    if (begin == std::string_view::npos) return value;
    const std::size_t end = text.find(kEnd, begin);
    if (end == std::string_view::npos) throw SettingError("a ${{ has no }}");
    const std::size_t inside = begin + kBegin.size();
    value += value_of(trimmed(text.substr(inside, end - inside)), prefix, environment);
    text.remove_prefix(end + kEnd.size());
  }
}

graphs::SecretHeader header(const std::string& name, const std::string& text, const std::string& prefix,
                            const std::map<std::string, std::string>& environment) {
  if (!is_header_name(name)) throw SettingError("this is no name of a header");
  std::string small = name;
  std::ranges::transform(small, small.begin(), lower);
  if (std::ranges::find(kTaken, small) != kTaken.end()) throw SettingError("this header is set by the server itself");
  std::string value = filled_in(text, prefix, environment);
  if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
    runtime::wipe(value);
    throw SettingError("the value has a line break in it");
  }
  return {name, "", runtime::Secret(std::move(value))};
}

}  // namespace

std::vector<graphs::SecretHeader> OutgoingHeaders::clone() const {
  std::vector<graphs::SecretHeader> copies;
  for (const graphs::SecretHeader& each : all) copies.push_back({each.name, each.prefix, each.value.clone()});
  return copies;
}

std::shared_ptr<const OutgoingHeaders> outgoing_headers(const std::map<std::string, std::string>& templates,
                                                        const std::string& prefix,
                                                        const std::map<std::string, std::string>& environment) {
  auto headers = std::make_shared<OutgoingHeaders>();
  for (const auto& [name, text] : templates) {
    try {
      headers->all.push_back(header(name, text, prefix, environment));
    } catch (const SettingError& error) {
      throw SettingError(name + ": " + error.what());
    }
  }
  return headers;
}

}  // namespace heddle::api
