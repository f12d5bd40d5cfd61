#pragma once
// Headers of outgoing requests whose values the configuration writes with variables of the environment:
//   {"Authorization": "Bearer ${{ env.LG_WEBHOOK_TOKEN }}"}

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "graphs/http_client.h"

namespace heddle::api {

// All values are secret, because nobody can tell which of them are.
struct OutgoingHeaders {
  std::vector<graphs::SecretHeader> all;

  std::vector<graphs::SecretHeader> clone() const;
};

// `templates`: by name of the header. Only variables that begin with `prefix` may be named, so that whoever writes the
// file cannot send the server's other secrets away. Throws SettingError that names the header and never a value: the
// name is none or belongs to the request itself, the variable is not set or has another prefix, a line break.
std::shared_ptr<const OutgoingHeaders> outgoing_headers(const std::map<std::string, std::string>& templates,
                                                        const std::string& prefix,
                                                        const std::map<std::string, std::string>& environment);

}  // namespace heddle::api
