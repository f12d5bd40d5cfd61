#include "api/auth/api_keys.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

namespace heddle::api {
namespace {

ApiKey key_for(const std::string& id, const std::string& shown) {
  ApiKey key;
  key.id = id;
  key.identity = "user of " + id;
  key.hash = api_key_hash(shown);
  return key;
}

TEST_CASE("The hash of a key is its SHA-256, written and read as 64 hex digits") {
  const std::string known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";  // FIPS 180-4
  CHECK(hex_of(api_key_hash("abc")) == known);
  CHECK(api_key_hash_from(known) == api_key_hash("abc"));
  CHECK(api_key_hash_from("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD") == api_key_hash("abc"));
  CHECK_FALSE(api_key_hash_from(known.substr(1)));
  CHECK_FALSE(api_key_hash_from(known + "0"));
  CHECK_FALSE(api_key_hash_from("g" + known.substr(1)));
  CHECK_FALSE(api_key_hash_from(""));
}

TEST_CASE("A key is found by the whole of it, wherever it stands in the list") {
  const std::string a(40, 'a');
  const std::string b(40, 'b');
  const std::vector<ApiKey> keys{key_for("a", a), key_for("b", b)};
  REQUIRE(find_api_key(keys, a) != nullptr);
  CHECK(find_api_key(keys, a)->id == "a");
  CHECK(find_api_key(keys, b)->id == "b");
  for (const std::string& wrong : {a + "a", a.substr(1), std::string(40, 'A'), std::string(), hex_of(keys[0].hash)}) {
    CHECK(find_api_key(keys, wrong) == nullptr);
  }
}

TEST_CASE("A short text is no key, though its hash is configured") {
  for (const std::string& weak :
       {std::string("secret"), std::string(31, 'x'), std::string(32, ' '), std::string(1025, 'x'),
        std::string(31, 'x') + "\n", std::string(31, 'x') + "\xC3\xA4"}) {
    CHECK(find_api_key({key_for("weak", weak)}, weak) == nullptr);
  }
  const std::string long_enough(32, 'x');
  CHECK(find_api_key({key_for("ok", long_enough)}, long_enough) != nullptr);
}

TEST_CASE("A fresh key is long, may be sent in a header, and is never made twice") {
  std::set<std::string> made;
  for (int i = 0; i < 100; ++i) made.insert(make_api_key());
  CHECK(made.size() == 100);
  for (const std::string& key : made) {
    CHECK(key.starts_with("heddle_"));
    CHECK(key.size() == 50);
    CHECK(may_be_api_key(key));
  }
}

}  // namespace
}  // namespace heddle::api
