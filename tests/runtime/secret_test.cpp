#include "runtime/secret.h"

#include <boost/json/value_from.hpp>
#include <catch2/catch.hpp>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "runtime/json.h"
#include "runtime/value.h"

namespace heddle::runtime {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
template <class T>
concept ComparableWithText = requires(const T& value) { value == std::string_view(); };

template <class T>
constexpr bool stays_secret() {
  return !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T> && !Printable<T> && !ComparableWithText<T> &&
         !std::is_convertible_v<T, std::string> && !std::is_convertible_v<T, std::string_view> &&
         !std::is_constructible_v<json::value, const T&> && !std::is_constructible_v<json::value, T&&> &&
         !std::is_constructible_v<Value, T&&> && !json::has_value_from<T>::value;
}

static_assert(stays_secret<Secret>());
static_assert(stays_secret<SecretJson>());
static_assert(!std::is_convertible_v<std::string, Secret>);
static_assert(!std::is_constructible_v<Secret, const std::string&>);
static_assert(std::is_nothrow_move_constructible_v<Secret>);
static_assert(std::is_nothrow_move_assignable_v<Secret>);
static_assert(std::is_move_constructible_v<SecretJson>);

const std::string kLong = "a token that is longer than what fits into a small string";

}  // namespace

TEST_CASE("A secret takes the text over and leaves none behind") {
  for (const std::string& text : {std::string("short"), kLong}) {
    std::string source = text;
    const Secret secret(std::move(source));
    CHECK(secret.reveal() == text);
    CHECK(source.empty());  // NOLINT: a promise of Secret
  }
}

TEST_CASE("A secret that was moved away is empty") {
  Secret first(std::string("token"));
  Secret second(std::move(first));
  CHECK(first.empty());  // NOLINT: a promise of Secret
  CHECK(second.reveal() == "token");
  Secret third(std::string("other"));
  third = std::move(second);
  CHECK(second.empty());  // NOLINT: a promise of Secret
  CHECK(third.reveal() == "token");
}

TEST_CASE("A clone is a secret of its own") {
  Secret copy;
  {
    const Secret secret(std::string("token"));
    copy = secret.clone();
  }
  CHECK(copy.reveal() == "token");
}

TEST_CASE("A secret value keeps its shape and gives its content to those who ask by name") {
  const std::string text =
      R"({"refreshToken":"r","nested":{"n":1,"d":1.5,"t":true,"z":null},"list":["x",2,18446744073709551615]})";
  json::value source = parse_json(text);
  const SecretJson secret = SecretJson::take(std::move(source));
  CHECK(secret.is_object());
  CHECK(secret.keys() == std::vector<std::string>{"list", "nested", "refreshToken"});
  REQUIRE(secret.find("refreshToken"));
  REQUIRE(secret.find("refreshToken")->text());
  CHECK(secret.find("refreshToken")->text()->reveal() == "r");
  CHECK_FALSE(secret.find("nested")->text());
  CHECK_FALSE(secret.find("absent"));
  CHECK(equal_json(secret.reveal(), parse_json(text)));
  CHECK(source.is_null());  // NOLINT: a promise of take()
}

TEST_CASE("A secret value may be of any kind") {
  for (const char* const text : {"null", "true", "3", "0.1", "\"\"", "\"x\"", "[]", "{}", R"("\ud800")"}) {
    INFO(text);
    const SecretJson secret = SecretJson::take(parse_json(text));
    CHECK(to_text(secret.reveal()) == text);
    CHECK(secret.keys().empty());
  }
  CHECK(SecretJson().reveal().is_null());
}

TEST_CASE("Wiping a text leaves zeros where it was, up to its capacity") {
  std::string text = kLong;
  text.resize(4);
  const char* const bytes = text.data();
  const std::size_t size = text.capacity();
  wipe(text);
  CHECK(text.empty());
  REQUIRE(text.data() == bytes);
  CHECK(text.capacity() == size);
  CHECK(std::string_view(bytes, size) == std::string(size, '\0'));
}

TEST_CASE("Wiping a value empties its texts and numbers and keeps its keys") {
  json::value value = parse_json(R"({"a":"short","b":["a text that is longer than a small string",{"c":7}],"d":0.5})");
  const json::string& long_text = value.at("b").at(0).get_string();
  const char* const bytes = long_text.data();
  const std::size_t size = long_text.capacity();
  wipe(value);
  CHECK(to_text(value) == R"({"a":"","b":["",{"c":0}],"d":0})");
  REQUIRE(long_text.data() == bytes);
  CHECK(std::string_view(bytes, size) == std::string(size, '\0'));
}

}  // namespace heddle::runtime
