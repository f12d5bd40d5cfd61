#include "api/env_file.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>

namespace heddle::api {
namespace {

using Variables = std::map<std::string, std::string>;

TEST_CASE("Plain values end at the line or at a comment and lose the white space around") {
  const Variables expected = {{"A", "1"}, {"B", "two words"}, {"C", ""}, {"D", "a#b"}, {"E", "x=y"}, {"F", ""}};
  CHECK(parse_env_file("A=1\nB =  two words \t\r\nC=\n# comment\n\nD=a#b # rest\n  E=x=y\nF= # none") == expected);
}

TEST_CASE("export before a name means nothing, and is a name when it stands alone") {
  CHECK(parse_env_file("export A=1\nexport=2") == Variables{{"A", "1"}, {"export", "2"}});
}

TEST_CASE("Quotes keep white space, comments and line breaks") {
  CHECK(parse_env_file("A=' #\n$X\\n '\nB=\" #\n \" # after") == Variables{{"A", " #\n$X\\n "}, {"B", " #\n "}});
}

TEST_CASE("Escapes count in double quotes only, and variables are not expanded") {
  CHECK(parse_env_file(R"(A="a\nb\t\"\\\$\x")"
                       "\nB='a\\nb'\nC=$A") == Variables{{"A", "a\nb\t\"\\$\\x"}, {"B", "a\\nb"}, {"C", "$A"}});
}

TEST_CASE("Of a name that comes twice the last value counts") {
  CHECK(parse_env_file("A=1\nA=2") == Variables{{"A", "2"}});
}

TEST_CASE("A byte order mark at the beginning is passed over") {
  CHECK(parse_env_file("\xEF\xBB\xBF"
                       "A=1") == Variables{{"A", "1"}});
}

TEST_CASE("A line that is none of the forms is named by its number and not shown") {
  struct Wrong {
    std::string text;
    std::size_t line;
  };
  for (const Wrong& wrong : {Wrong{"A=1\nsecret-without-name", 2}, Wrong{"\n\n=secret", 3}, Wrong{"A='x\ny\nsecret", 1},
                             Wrong{"A=\"x\ny\"\nB=\"secret", 3}, Wrong{"A='x' secret", 1}, Wrong{"A=\"secret\\", 1}}) {
    INFO(wrong.text);
    try {
      parse_env_file(wrong.text);
      FAIL("was taken");
    } catch (const EnvFileError& error) {
      CHECK(error.line() == wrong.line);
      CHECK_THAT(error.what(), !Catch::Contains("secret =") && !Catch::Contains("secret'"));
    }
  }
}

}  // namespace
}  // namespace heddle::api
