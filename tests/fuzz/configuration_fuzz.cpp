// Whatever stands in langgraph.json and in the file of variables that it may name: it is taken, or refused with one
// line.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "api/configuration.h"
#include "api/env_file.h"
#include "tests/support/folder.h"

namespace {

void write(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heddle;
  static const test::Folder folder;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    (void)api::parse_env_file(bytes);
  } catch (const api::EnvFileError& error) {
    if (error.line() == 0) std::abort();
  }
  write(folder.path() / "langgraph.json", bytes);
  write(folder.path() / ".env", bytes);
  api::ConfigurationSources sources;
  sources.directory = folder.path();
  sources.builtin = {"agent", "assistant0"};
  try {
    (void)api::load_configuration(sources);
  } catch (const api::ConfigurationError& error) {
    const std::string_view text = error.what();
    if (text.empty() || text.find('\n') != std::string_view::npos) std::abort();
  }
  return 0;
}
