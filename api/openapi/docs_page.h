#pragma once
// The page of `GET /docs`: one HTML text with everything in it. It reads `openapi.json` beside it and shows it; it
// asks nobody else, so it works offline.

#include <string_view>

namespace heddle::api::openapi {

std::string_view docs_page();

// What the page may do, for the header `content-security-policy`: its own style and script, and requests to this
// server.
std::string_view docs_page_policy();

}  // namespace heddle::api::openapi
