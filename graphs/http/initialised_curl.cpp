#include "graphs/http/initialised_curl.h"

#include <curl/curl.h>

#include <stdexcept>

#include "runtime/wiping_memory.h"

namespace heddle::graphs {

void initialise_curl() {
  struct Initialised {
    Initialised() {
      // Header lines and bodies pass through its memory, tokens among them.
      const CURLcode code =
          curl_global_init_mem(CURL_GLOBAL_DEFAULT, runtime::wiping_malloc, runtime::wiping_free,
                               runtime::wiping_realloc, runtime::wiping_strdup, runtime::wiping_calloc);
      if (code != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
    }
  };
  static const Initialised once;
}

}  // namespace heddle::graphs
