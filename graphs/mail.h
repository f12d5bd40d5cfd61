#pragma once
// A mail as it travels (RFC 5322, MIME), from texts that a model wrote.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::graphs {

struct Mail {
  std::vector<std::string> to;
  std::vector<std::string> cc;
  std::string subject;     // one line, UTF-8
  std::string body;        // plain text, UTF-8
  std::string message_id;  // without its brackets, "left@right"
};

// The message with CRLF at the ends of lines and in ASCII; sender and date are left to the mail's server. No text of
// the mail can become a header: addresses are plain ones (name@host, no display names), the subject has one line and is
// encoded where it is not ASCII, the body is encoded as a whole. Throws std::invalid_argument that names the field and
// what is wrong, for a text that does not fit and for more than 50 addresses, 500 bytes of subject or 256 KiB of body.
std::string message_text(const Mail& mail);

// base64url without padding (RFC 4648 5).
std::string base64url(std::string_view bytes);
// The bytes of base64url or base64, with or without padding; nothing if it is neither.
std::optional<std::string> from_base64url(std::string_view data);

}  // namespace heddle::graphs
