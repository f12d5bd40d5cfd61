#include "graphs/mail.h"

#include <catch2/catch.hpp>

#include "graphs/tools/search_gmail.h"

using namespace heddle::graphs;

namespace {

Mail mail_to(std::vector<std::string> to, std::string subject = "Hi", std::string body = "Hello") {
  return {std::move(to), {}, std::move(subject), std::move(body), "key@heddle.invalid"};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find("\r\n", begin);
    REQUIRE(end != std::string::npos);  // nothing ends in another way
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 2;
  }
  return lines;
}

// The subject of a message, decoded as a mail program does it.
std::string subject_of(const std::string& message) {
  std::string subject;
  bool inside = false;
  for (const std::string& line : lines_of(message)) {
    inside = line.starts_with("Subject:") || (inside && line.starts_with(" "));
    if (!inside) continue;
    CHECK(line.size() <= 86);
    const std::size_t begin = line.find("=?UTF-8?B?");
    REQUIRE(begin != std::string::npos);
    const std::string word = line.substr(begin);
    CHECK(word.size() <= 75);
    subject += mail_text(word.substr(10, word.size() - 12));
  }
  return subject;
}

}  // namespace

TEST_CASE("A mail of plain texts is a message of five headers and an encoded body") {
  Mail mail = mail_to({"a.b+c@example.com", "d@x.org"}, "Lunch?", "At 12?\nYours");
  mail.cc = {"e@x.org"};
  CHECK(message_text(mail) ==
        "To: a.b+c@example.com,\r\n d@x.org\r\nCc: e@x.org\r\nSubject: Lunch?\r\nMessage-ID: <key@heddle.invalid>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        "QXQgMTI/DQpZb3Vycw==\r\n");
}

TEST_CASE("A subject that is not ASCII, long or looks encoded is encoded without cutting a character") {
  for (const std::string& subject :
       {std::string("Gr\u00fc\u00dfe"), std::string("=?UTF-8?B?QQ==?="), std::string(400, 'x'),
        std::string("x\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac"
                    "\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600")}) {
    CHECK(subject_of(message_text(mail_to({"a@x.org"}, subject))) == subject);
  }
}

TEST_CASE("No text becomes a header") {
  for (const char* subject : {"Hi\r\nBcc: evil@x.org", "Hi\nBcc: evil@x.org", "Hi\rBcc: x", "Hi\tthere", "a\x7f"}) {
    CHECK_THROWS_WITH(message_text(mail_to({"a@x.org"}, subject)), Catch::StartsWith("subject: must be one line"));
  }
  const std::string null_inside("Hi\0there", 8);
  CHECK_THROWS_WITH(message_text(mail_to({"a@x.org"}, null_inside)), Catch::StartsWith("subject: must be one line"));
  for (const char* address : {"a@x.org\r\nBcc: evil@x.org", "a@x.org,evil@x.org", "a@x.org evil@x.org", "Ada <a@x.org>",
                              "<a@x.org>", "a@b@x.org", "\"a b\"@x.org", "a@x.org\n", "a", "@x.org", "a@", "a@.x",
                              "a..b@x.org", "\u00e4@x.org", "", "a;@x", "a(c)@x.org", "a@x:org"}) {
    CHECK_THROWS_WITH(message_text(mail_to({address})), Catch::StartsWith("to: each must be a plain address"));
    Mail copied = mail_to({"a@x.org"});
    copied.cc = {address};
    CHECK_THROWS_WITH(message_text(copied), Catch::StartsWith("cc: each must be a plain address"));
  }
  const std::string message = message_text(mail_to({"a@x.org"}, "Hi", "\r\n\r\nBcc: evil@x.org\r\n.\r\n"));
  CHECK(message.find("evil") == std::string::npos);
}

TEST_CASE("Bodies have CRLF at the ends of lines and short lines on their way") {
  const std::string message = message_text(mail_to({"a@x.org"}, "Hi", "a\nb\r\nc\rd" + std::string(1000, 'y')));
  std::string encoded;
  bool is_body = false;
  for (const std::string& line : lines_of(message)) {
    CHECK(line.size() <= 76);
    if (is_body) encoded += line;
    is_body = is_body || line.empty();
  }
  CHECK(mail_text(encoded) == "a\r\nb\r\nc\r\nd" + std::string(1000, 'y'));
}

TEST_CASE("What is too much or no text is refused by name") {
  CHECK_THROWS_WITH(message_text(mail_to({})), "to: must have an address");
  CHECK_THROWS_WITH(message_text(mail_to(std::vector<std::string>(51, "a@x.org"))), Catch::Contains("at most 50"));
  CHECK_THROWS_WITH(message_text(mail_to({"a@x.org"}, std::string(501, 'a'))), Catch::StartsWith("subject: "));
  CHECK_THROWS_WITH(message_text(mail_to({"a@x.org"}, "Hi", std::string(300 * 1024, 'a'))),
                    Catch::StartsWith("body: "));
  CHECK_THROWS_WITH(message_text(mail_to({"a@x.org"}, "\xed\xa0\x80")), Catch::StartsWith("subject: must be Unicode"));
  CHECK_THROWS_WITH(message_text(mail_to({"a@x.org"}, "Hi", "\xff")), Catch::StartsWith("body: must be Unicode"));
  CHECK_THROWS_WITH(message_text(mail_to({std::string(250, 'a') + "@x.org"})), Catch::StartsWith("to: "));
}

TEST_CASE("base64url has no padding and no characters of paths") {
  CHECK(base64url("").empty());
  CHECK(base64url("a") == "YQ");
  CHECK(base64url("\xfb\xff\xfe") == "-__-");
}
