#pragma once
// Where the keys come from under which secrets of runs are sealed (api/runs/run_sealer.h).

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace heddle::api {

class RunSealer;

// The variable that holds keys instead of a file. No setting, because a flag can be read by every user of the machine.
constexpr std::string_view kSealingKeyVariable = "HEDDLE_SECRETS_KEY";

// The text names the file or the variable, and never a key.
class SealingKeysError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// From `file` if it is not empty, else from the variable, which is taken out of `environment` so that no graph sees it.
// Null pointer if there is neither. Throws SealingKeysError.
std::shared_ptr<const RunSealer> sealer_from(const std::string& file, std::map<std::string, std::string>& environment);

}  // namespace heddle::api
