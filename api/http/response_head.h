#pragma once
// The status line and header fields of an answer, as they go over the wire.

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "api/http/message.h"

namespace heddle::api {

// How the end of the body is told. `nothing`: there is no body and no length (204, 304).
enum class Framing { nothing, length, chunked, until_close };

// What the connection, and not the handler, says about an answer.
struct ResponseHead {
  int status = 200;
  Framing framing = Framing::nothing;
  std::size_t body_bytes = 0;  // for Framing::length
  bool keeps_alive = true;
  std::chrono::seconds keep_alive{};  // announced if `keeps_alive`
  std::string_view request_id;
};

// 202, 204 and 304: whatever the handler says, no body and no content type (http-api.md 2.5).
bool has_no_body(int status);

// Throws std::logic_error for what would break the framing of the connection: a status that is none of
// a final answer, or a line break in a header.
void check(const Response& response);

// The header block with the empty line at its end. Of `headers` those are left out that belong to the
// connection: length and coding of the body, connection, keep-alive, x-request-id.
std::string head_text(const ResponseHead& head, const Headers& headers);

}  // namespace heddle::api
