#include "api/sealing_keys.h"

#include <fstream>
#include <utility>

#include "api/runs/run_sealer.h"
#include "runtime/secret.h"

namespace heddle::api {
namespace {

// Some hundred keys; a larger file is the wrong file.
constexpr std::size_t kFileBytesMax = std::size_t{1} << 14;

runtime::Secret text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kFileBytesMax + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file && !file.eof()) {
    throw SealingKeysError(path + ": the file of --secrets-key-file cannot be read; check its name and permissions");
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kFileBytesMax) {
    throw SealingKeysError(path + ": the file of --secrets-key-file has more than 16 KiB; is it the right file?");
  }
  return runtime::Secret(std::move(text));
}

}  // namespace

std::shared_ptr<const RunSealer> sealer_from(const std::string& file, std::map<std::string, std::string>& environment) {
  runtime::Secret in_variable;
  const auto found = environment.find(std::string(kSealingKeyVariable));
  if (found != environment.end()) {
    in_variable = runtime::Secret(std::move(found->second));
    environment.erase(found);
  }
  if (file.empty() && in_variable.empty()) return nullptr;
  const runtime::Secret text = file.empty() ? std::move(in_variable) : text_of(file);
  try {
    return std::make_shared<const RunSealer>(sealing_keys_from(text.reveal()));
  } catch (const std::invalid_argument& error) {
    throw SealingKeysError((file.empty() ? std::string(kSealingKeyVariable) : file) + ": " + error.what());
  }
}

}  // namespace heddle::api
