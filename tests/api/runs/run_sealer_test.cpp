#include "api/runs/run_sealer.h"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "runtime/json.h"

namespace heddle::api {
namespace {

const std::string kHex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const std::string kBase64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const std::string kOther(64, 'f');

RunSealer sealer(const std::string& keys) {
  return RunSealer(sealing_keys_from(keys));
}

storage::RunId run_id(std::uint8_t number) {
  storage::RunId id;
  id.uuid.bytes.back() = number;
  return id;
}

storage::ThreadId thread_id(std::uint8_t number) {
  storage::ThreadId id;
  id.uuid.bytes.back() = number;
  return id;
}

std::shared_ptr<const runtime::Secrets> secrets_of(const std::string& text) {
  auto secrets = std::make_shared<runtime::Secrets>();
  boost::json::value whole = runtime::parse_json(text);
  for (auto& member : whole.as_object()) {
    secrets->emplace(member.key(), runtime::SecretJson::take(std::move(member.value())));
  }
  return secrets;
}

const std::string kConfigurable = R"({"_credentials":{"n":[1,null,true,1.5],"refreshToken":"r\u0000t\"ö"},"_other":7})";

RunSecrets some_secrets() {
  RunSecrets secrets;
  secrets.configurable = secrets_of(kConfigurable);
  secrets.context = secrets_of(R"({"_more":"m"})");
  secrets.header_settings = runtime::parse_json_object(R"({"x-user":"u"})");
  return secrets;
}

std::string text_of(const runtime::Secrets& secrets) {
  boost::json::object members;
  for (const auto& [key, value] : secrets) members[key] = value.reveal();
  return runtime::to_text(members);
}

std::string why_not(const RunSealer& sealer, const storage::Sealed& sealed) {
  const auto opened = sealer.open(sealed);
  const CannotOpen* const closed = std::get_if<CannotOpen>(&opened);
  return closed == nullptr ? "it opened" : closed->why;
}

}  // namespace

TEST_CASE("What was sealed opens as it was, with every kind of value") {
  const RunSealer mine = sealer(kHex);
  const storage::Sealed sealed = mine.seal(run_id(1), thread_id(2), some_secrets());
  const auto opened = mine.open(sealed);
  const RunSecrets& secrets = std::get<RunSecrets>(opened);
  CHECK(text_of(*secrets.configurable) == runtime::to_text(runtime::parse_json(kConfigurable)));
  CHECK(text_of(*secrets.context) == R"({"_more":"m"})");
  CHECK(runtime::to_text(secrets.header_settings) == R"({"x-user":"u"})");
  CHECK(sealed.ciphertext.find("refreshToken") == std::string::npos);
}

TEST_CASE("Two seals of the same secrets have nothing in common but the key's name") {
  const RunSealer mine = sealer(kHex);
  const storage::Sealed one = mine.seal(run_id(1), thread_id(2), some_secrets());
  const storage::Sealed two = mine.seal(run_id(1), thread_id(2), some_secrets());
  CHECK(one.nonce != two.nonce);
  CHECK(one.ciphertext != two.ciphertext);
  CHECK(one.key_id == two.key_id);
  // The first 8 bytes of the SHA-256 of the key, reckoned elsewhere.
  CHECK(mine.key_id() == "630dcd2966c43366");
}

TEST_CASE("What was moved to another run or thread, or changed in one bit, does not open") {
  const RunSealer mine = sealer(kHex);
  const storage::Sealed sealed = mine.seal(run_id(1), thread_id(2), some_secrets());
  auto changed = [&](auto change) {
    storage::Sealed other = sealed;
    change(other);
    return why_not(mine, other);
  };
  const std::string refused = "what was sealed has been changed or belongs to another run";
  CHECK(changed([](storage::Sealed&) {}) == "it opened");
  CHECK(changed([](storage::Sealed& s) { s.run_id = run_id(3); }) == refused);
  CHECK(changed([](storage::Sealed& s) { s.thread_id = thread_id(3); }) == refused);
  CHECK(changed([](storage::Sealed& s) { s.nonce.pop_back(); }) == refused);
  CHECK(changed([](storage::Sealed& s) { s.ciphertext.resize(7); }) == refused);
  for (std::size_t at = 0; at < sealed.ciphertext.size(); ++at) {
    INFO("byte " << at);
    CHECK(changed([at](storage::Sealed& s) { s.ciphertext[at] = static_cast<char>(s.ciphertext[at] ^ 1); }) == refused);
  }
}

TEST_CASE("Keys are changed by naming the new one first, and the old one opens what it sealed while it is named") {
  const storage::Sealed old = sealer(kHex).seal(run_id(1), thread_id(2), some_secrets());
  const RunSealer both = sealer(kOther + "\n" + kHex);
  CHECK(why_not(both, old) == "it opened");
  CHECK(both.seal(run_id(1), thread_id(2), some_secrets()).key_id != old.key_id);
  CHECK(why_not(sealer(kOther), old) ==
        "they are sealed under the key 630dcd2966c43366, which this server was not given");
}

TEST_CASE("Keys are read in hex and base64, between blanks, commas and comments") {
  const std::string id = sealer(kHex).key_id();
  CHECK(sealer(kBase64).key_id() == id);
  CHECK(sealer("# made in May\n  " + kBase64.substr(0, 43) + "\n").key_id() == id);
  CHECK(sealing_keys_from(kHex + "," + kOther + " # old\n# " + kHex + "\n").size() == 2);
  for (const std::string& wrong : {std::string(), std::string("# nothing\n"), kHex.substr(1), kHex + "0",
                                   kHex.substr(1) + "g", kBase64 + "=", std::string("password"), kHex + ",short"}) {
    INFO(wrong);
    try {
      sealing_keys_from(wrong);
      FAIL("taken for keys");
    } catch (const std::invalid_argument& error) {
      const std::string said = error.what();
      CHECK(said.find("openssl rand") != std::string::npos);
      CHECK((wrong.empty() || said.find(wrong) == std::string::npos));
    }
  }
}

}  // namespace heddle::api
