#include "api/version.h"

namespace heddle::api {

std::string_view version() {
  return HEDDLE_VERSION;
}

}  // namespace heddle::api
