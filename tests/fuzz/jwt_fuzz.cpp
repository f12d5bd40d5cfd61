// Whatever stands in a header: reading it ends, nothing is taken as a token that the key has not signed, and a key set
// is read or is none.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <variant>

#include "api/auth/authenticator.h"
#include "api/auth/jwt.h"
#include "api/services/api_error.h"

namespace {

// The public key of RFC 8037, appendix A.2: no fuzzer finds a signature of it.
constexpr std::string_view kKeys =
    R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heddle::api;
  static const JwtKeys keys = *jwt_keys_from(kKeys);
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)jwt_keys_from(text);
  const JwtRules rules{"https://issuer.example/", "api"};
  if (std::holds_alternative<boost::json::object>(verify_jwt(text, keys, rules, {}))) std::abort();
  Headers headers;
  headers.add("x-api-key", text);
  headers.add("authorization", text);
  try {
    (void)bearer_token(headers);
  } catch (const ApiError&) {
    return 0;
  }
  return 0;
}
