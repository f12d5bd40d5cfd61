#pragma once
// The tool `fetch_url`: texts of servers that the operator has listed.

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "graphs/allowed_origins.h"
#include "graphs/network.h"
#include "graphs/tool.h"

namespace heddle::graphs {

struct FetchUrlSettings {
  std::vector<AllowedOrigin> allowed{};
  std::vector<Network> networks{};            // may be connected to although they are not public
  std::chrono::milliseconds timeout{20'000};  // of all, redirects included; a user waits
  std::chrono::milliseconds connect_timeout{5'000};
  int redirects_max = 3;                // each is checked like the first URL
  std::size_t characters_max = 20'000;  // of the text for the model, some 5,000 tokens; the rest is not read
};

// GET, and nothing but `url` from the model: no header, cookie or credential of the caller goes out. The URL and each
// redirect must be of an allowed origin, and the address that is connected to must be public or in `networks` (behind a
// proxy that is the proxy's to see to: graphs/http_client.h). Text only, by its content type; UTF-8, ASCII or Latin-1.
// Whatever is in the way is told to the model, without the URL. Has an HttpClient of its own. Throws std::runtime_error
// if nothing is allowed.
ToolPointer fetch_url_tool(FetchUrlSettings settings);

}  // namespace heddle::graphs
