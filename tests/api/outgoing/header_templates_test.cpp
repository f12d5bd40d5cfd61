#include "api/outgoing/header_templates.h"

#include <catch2/catch.hpp>
#include <string>

#include "api/settings_table.h"

using namespace heddle;

namespace {

const std::map<std::string, std::string> kEnvironment = {
    {"LG_WEBHOOK_A", "s3cret"}, {"LG_WEBHOOK_B", "b"}, {"LG_WEBHOOK_LINES", "s3\r\ncret"}, {"OPENAI_API_KEY", "sk"}};

std::string value(const std::string& text) {
  return std::string(api::outgoing_headers({{"X-Name", text}}, "LG_WEBHOOK_", kEnvironment)->all.at(0).value.reveal());
}

std::string complaint(const std::string& name, const std::string& text) {
  try {
    (void)api::outgoing_headers({{name, text}}, "LG_WEBHOOK_", kEnvironment);
  } catch (const api::SettingError& error) {
    CHECK(std::string(error.what()).find("s3") == std::string::npos);
    return error.what();
  }
  return "was taken";
}

}  // namespace

TEST_CASE("Variables in the values of headers are filled in, and everything else stays") {
  CHECK(value("plain $HOME ${X} {{ y }}") == "plain $HOME ${X} {{ y }}");
  CHECK(value("Bearer ${{ env.LG_WEBHOOK_A }}") == "Bearer s3cret");
  CHECK(value("${{env.LG_WEBHOOK_A}}-${{  env.LG_WEBHOOK_B  }}!") == "s3cret-b!");
}

TEST_CASE("A variable that may not be named, or is not set, is told by its name") {
  CHECK(complaint("X-Key", "${{ env.OPENAI_API_KEY }}") ==
        "X-Key: the variable OPENAI_API_KEY must begin with `LG_WEBHOOK_` (`webhooks.env_prefix`)");
  CHECK(complaint("X-Key", "${{ env.LG_WEBHOOK_C }}") == "X-Key: the variable LG_WEBHOOK_C is not set");
  CHECK(complaint("X-Key", "${{ secrets.A }}").find("must be a variable") != std::string::npos);
  CHECK(complaint("X-Key", "${{ env. }}").find("must be the name of a variable") != std::string::npos);
  CHECK(complaint("X-Key", "${{ env.LG_WEBHOOK_A").find("has no }}") != std::string::npos);
}

TEST_CASE("A header that cannot be sent, or is the server's own, is refused") {
  CHECK(complaint("X Key", "a").find("no name of a header") != std::string::npos);
  CHECK(complaint("", "a").find("no name of a header") != std::string::npos);
  CHECK(complaint("Content-Type", "a").find("set by the server itself") != std::string::npos);
  CHECK(complaint("HOST", "a").find("set by the server itself") != std::string::npos);
  CHECK(complaint("X-Key", "${{ env.LG_WEBHOOK_LINES }}").find("line break") != std::string::npos);
}
