#include "graphs/mail.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "runtime/wtf8.h"

namespace heddle::graphs {
namespace {

constexpr std::size_t kAddressesMax = 50;          // a slip of a model shall not become a mass mailing
constexpr std::size_t kAddressBytesMax = 254;      // RFC 5321 4.5.3.1.3 less the brackets
constexpr std::size_t kSubjectBytesMax = 500;      // longer ones are no subjects
constexpr std::size_t kBodyBytesMax = 256 * 1024;  // more than models write
constexpr std::size_t kLineBytes = 76;             // of base64, RFC 2045 6.8
constexpr std::size_t kWordBytes = 42;             // gives 56 of base64: an encoded word has at most 75, RFC 2047 2
constexpr const char* kLineEnd = "\r\n";

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the 0 that OpenSSL puts behind it
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), data, static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// RFC 5322 3.2.3; everything that could end a header, a name or a list is missing.
bool is_atom_character(char c) {
  return is_letter_or_digit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

template <typename Allowed>
bool is_dotted(std::string_view text, Allowed allowed) {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  if (text.find("..") != std::string_view::npos) return false;
  return std::ranges::all_of(text, [&](char c) { return c == '.' || allowed(c); });
}

bool is_address(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || text.size() > kAddressBytesMax) return false;
  auto is_host_character = [](char c) { return is_letter_or_digit(c) || c == '-'; };
  return is_dotted(text.substr(0, at), is_atom_character) && is_dotted(text.substr(at + 1), is_host_character);
}

// One address a line, so that no line is longer than 998 bytes.
std::string address_header(const char* name, const char* field, const std::vector<std::string>& addresses) {
  std::string text;
  for (const std::string& address : addresses) {
    if (!is_address(address)) {
      throw std::invalid_argument(std::string(field) +
                                  ": each must be a plain address like name@example.com, in ASCII and without the "
                                  "name of a person");
    }
    text += text.empty() ? std::string(name) + ": " : std::string(",\r\n ");
    text += address;
  }
  return text.empty() ? text : text + kLineEnd;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20U || byte == 0x7FU;
}

// Throws for what is no Unicode text.
void check_text(const char* field, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80U) {
      ++at;
      continue;
    }
    const runtime::Utf8 found = runtime::utf8_at(text, at);
    if (found.kind != runtime::Utf8::Kind::character) {
      throw std::invalid_argument(std::string(field) + ": must be Unicode text without lone surrogates");
    }
    at += found.length;
  }
}

// As encoded words, none of which cuts a character. A subject that looks like one is encoded too.
std::string subject_header(const std::string& subject) {
  if (subject.size() > kSubjectBytesMax) throw std::invalid_argument("subject: must have at most 500 bytes");
  if (std::ranges::any_of(subject, is_control)) {
    throw std::invalid_argument("subject: must be one line without control characters");
  }
  check_text("subject", subject);
  const bool is_ascii = std::ranges::all_of(subject, [](char c) { return static_cast<unsigned char>(c) < 0x80U; });
  if (is_ascii && subject.size() <= kLineBytes && subject.find("=?") == std::string::npos) {
    return "Subject: " + subject + kLineEnd;
  }
  std::string text = "Subject:";
  for (std::size_t begin = 0; begin < subject.size();) {
    std::size_t end = std::min(begin + kWordBytes, subject.size());
    while (end < subject.size() && (static_cast<unsigned char>(subject[end]) & 0xC0U) == 0x80U) --end;
    text += begin == 0 ? " " : "\r\n ";
    text += "=?UTF-8?B?" + base64(std::string_view(subject).substr(begin, end - begin)) + "?=";
    begin = end;
  }
  return text + kLineEnd;
}

// With CRLF at the ends of lines, as texts have it in MIME.
std::string canonical(std::string_view body) {
  std::string text;
  text.reserve(body.size() + body.size() / 16);
  for (std::size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (c == '\r' && i + 1 < body.size() && body[i + 1] == '\n') continue;
    if (c == '\r' || c == '\n') {
      text += kLineEnd;
    } else {
      text.push_back(c);
    }
  }
  return text;
}

// The value of a digit in base64url or base64, -1 for anything else.
int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-' || c == '+') return 62;
  if (c == '_' || c == '/') return 63;
  return -1;
}

}  // namespace

std::string message_text(const Mail& mail) {
  if (mail.to.empty()) throw std::invalid_argument("to: must have an address");
  if (mail.to.size() + mail.cc.size() > kAddressesMax) {
    throw std::invalid_argument("to, cc: must be at most 50 addresses together");
  }
  if (mail.body.size() > kBodyBytesMax) throw std::invalid_argument("body: must have at most 256 KiB");
  check_text("body", mail.body);
  if (!is_address(mail.message_id)) throw std::invalid_argument("message_id: must look like an address");

  std::string text = address_header("To", "to", mail.to);
  text += address_header("Cc", "cc", mail.cc);
  text += subject_header(mail.subject);
  text += "Message-ID: <" + mail.message_id + ">" + kLineEnd;
  text += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  const std::string body = base64(canonical(mail.body));
  for (std::size_t begin = 0; begin < body.size(); begin += kLineBytes) {
    text.append(body, begin, kLineBytes).append(kLineEnd);
  }
  return text;
}

std::optional<std::string> from_base64url(std::string_view data) {
  while (data.ends_with('=')) data.remove_suffix(1);
  if (data.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(data.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : data) {
    const int digit = digit_of(c);
    if (digit < 0) return std::nullopt;
    bits = (bits << 6U) | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<char>((bits >> static_cast<unsigned>(held)) & 0xFFU));
  }
  return bytes;
}

std::string base64url(std::string_view bytes) {
  std::string text = base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

}  // namespace heddle::graphs
