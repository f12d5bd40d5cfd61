#include "graphs/http/initialised_curl.h"

#include <curl/curl.h>

#include <stdexcept>

namespace heddle::graphs {

void initialise_curl() {
  struct Initialised {
    Initialised() {
      if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
    }
  };
  static const Initialised once;
}

}  // namespace heddle::graphs
