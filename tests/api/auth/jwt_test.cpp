#include "api/auth/jwt.h"

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "api/auth/base64url.h"
#include "runtime/json.h"
#include "tests/api/auth/test_key.h"

namespace heddle::api {
namespace {

using test::base64url;
using test::key_set;
using test::TestKey;
using Kind = JwtFault::Kind;
using Answer = std::variant<boost::json::object, JwtFault>;

constexpr auto kRs256 = JwtAlgorithm::rs256;
constexpr std::int64_t kNow = 1'800'000'000;

struct Named {
  const char* name;
  JwtAlgorithm algorithm;
};
constexpr std::array kAll = {
    Named{"RS256", JwtAlgorithm::rs256}, Named{"RS384", JwtAlgorithm::rs384}, Named{"RS512", JwtAlgorithm::rs512},
    Named{"PS256", JwtAlgorithm::ps256}, Named{"PS384", JwtAlgorithm::ps384}, Named{"PS512", JwtAlgorithm::ps512},
    Named{"ES256", JwtAlgorithm::es256}, Named{"ES384", JwtAlgorithm::es384}, Named{"EdDSA", JwtAlgorithm::eddsa}};

const std::string kClaims =
    R"({"iss":"https://issuer.example/","aud":"https://api.example","sub":"ann","exp":1800000100,"iat":1800000000})";

struct JwtFixture {
  const TestKey& key = TestKey::for_algorithm(kRs256);
  JwtRules rules{"https://issuer.example/", "https://api.example", {}, std::chrono::seconds{60}};
  storage::Timestamp now{std::chrono::seconds{kNow}};

  JwtFixture() {
    for (const Named& named : kAll) rules.algorithms.push_back(named.algorithm);
  }

  JwtKeys keys_of(const std::string& jwks) const { return *jwt_keys_from(key_set(jwks)); }
  JwtKeys keys() const { return keys_of(key.jwk("k1")); }
  Answer verified(const std::string& token) const { return verify_jwt(token, keys(), rules, now); }
  // With a good signature over whatever is given.
  Answer signed_answer(std::string_view header, std::string_view claims) const {
    return verified(test::token(key, kRs256, header, claims));
  }
  Answer with_header(const std::string& header) const { return signed_answer(header, kClaims); }
  Answer with_claims(const std::string& claims) const { return signed_answer(R"({"alg":"RS256","kid":"k1"})", claims); }
  // The usual claims without those of the names in `more`, and with `more`.
  static std::string claims_with(const std::string& more) {
    boost::json::value claims = runtime::parse_json(kClaims);
    const boost::json::value added = runtime::parse_json("{" + more + "}");
    for (const auto& member : added.as_object()) {
      claims.as_object()[member.key()] = member.value();
    }
    return runtime::to_text(claims);
  }
  static std::string claims_without(std::string_view name) {
    boost::json::value claims = runtime::parse_json(kClaims);
    claims.as_object().erase(name);
    return runtime::to_text(claims);
  }
};

bool is_good(const Answer& answer) {
  return std::holds_alternative<boost::json::object>(answer);
}
Kind kind_of(const Answer& answer) {
  REQUIRE_FALSE(is_good(answer));
  return std::get<JwtFault>(answer).kind;
}
std::string reason_of(const Answer& answer) {
  REQUIRE_FALSE(is_good(answer));
  return std::string(std::get<JwtFault>(answer).reason);
}

TEST_CASE_METHOD(JwtFixture, "A token of each algorithm is taken, and not with a single bit changed") {
  for (const Named& named : kAll) {
    INFO(named.name);
    const TestKey& signer = TestKey::for_algorithm(named.algorithm);
    const JwtKeys known = keys_of(signer.jwk("k1"));
    const std::string header = R"({"typ":"JWT","kid":"k1","alg":")" + std::string(named.name) + "\"}";
    const std::string good = test::token(signer, named.algorithm, header, kClaims);
    const Answer answer = verify_jwt(good, known, rules, now);
    REQUIRE(is_good(answer));
    CHECK(std::get<0>(answer).at("sub") == "ann");

    const std::size_t last_dot = good.rfind('.');
    std::string signature = *base64url_decoded(good.substr(last_dot + 1));
    signature[signature.size() / 2] = static_cast<char>(signature[signature.size() / 2] ^ 1);
    const std::string changed = good.substr(0, last_dot + 1) + base64url(signature);
    CHECK(kind_of(verify_jwt(changed, known, rules, now)) == Kind::signature);

    std::string other_claims = kClaims;
    other_claims.replace(other_claims.find("ann"), 3, "ben");
    const std::string exchanged = base64url(header) + "." + base64url(other_claims) + good.substr(last_dot);
    CHECK(kind_of(verify_jwt(exchanged, known, rules, now)) == Kind::signature);
    const std::string unsigned_token = good.substr(0, last_dot + 1);
    CHECK(kind_of(verify_jwt(unsigned_token, known, rules, now)) == Kind::signature);
  }
}

TEST_CASE_METHOD(JwtFixture, "A signature of another length or form is refused") {
  for (const Named& named : kAll) {
    INFO(named.name);
    const TestKey& signer = TestKey::for_algorithm(named.algorithm);
    const JwtKeys known = keys_of(signer.jwk("k1"));
    const std::string header = R"({"kid":"k1","alg":")" + std::string(named.name) + "\"}";
    const std::string good = test::token(signer, named.algorithm, header, kClaims);
    const std::string before = good.substr(0, good.rfind('.') + 1);
    const std::string signature = *base64url_decoded(good.substr(before.size()));
    const std::string half = signature.substr(0, signature.size() / 2);
    // RFC 7515 writes the two numbers of an ES signature side by side; as ASN.1 they would have these bytes around.
    const std::string as_asn1 =
        std::string("\x30\x44\x02\x20", 4) + half + std::string("\x02\x20", 2) + signature.substr(half.size());
    for (const std::string& wrong :
         {signature.substr(1), signature.substr(0, signature.size() - 1), signature + std::string(1, '\0'),
          std::string(1, '\0') + signature, signature + signature, half, as_asn1, std::string(signature.size(), '\0'),
          std::string(signature.size(), '\xff'), std::string(1, 'x')}) {
      CHECK(kind_of(verify_jwt(before + base64url(wrong), known, rules, now)) == Kind::signature);
    }
  }
}

TEST_CASE_METHOD(JwtFixture, "A PSS signature that begins with a zero is taken with it and not without") {
  const std::string header = R"({"kid":"k1","alg":"PS256"})";
  std::string good;
  std::string signature(1, 'x');
  // One in 256 begins so.
  for (int i = 0; i < 10'000 && signature.front() != 0; ++i) {
    good = test::token(key, JwtAlgorithm::ps256, header, kClaims);
    signature = *base64url_decoded(good.substr(good.rfind('.') + 1));
  }
  REQUIRE(signature.front() == 0);
  CHECK(is_good(verified(good)));
  const std::string shorter = good.substr(0, good.rfind('.') + 1) + base64url(signature.substr(1));
  CHECK(kind_of(verified(shorter)) == Kind::signature);
}

TEST_CASE_METHOD(JwtFixture, "An algorithm is taken only with a key that it fits, whatever the token says") {
  for (const Named& named : kAll) {
    for (const Named& other : kAll) {
      const TestKey& published = TestKey::for_algorithm(other.algorithm);
      const TestKey& signer = TestKey::for_algorithm(named.algorithm);
      if (&published == &signer) continue;
      INFO(named.name << " with the key of " << other.name);
      const std::string header = R"({"kid":"k1","alg":")" + std::string(named.name) + "\"}";
      const std::string forged = test::token(signer, named.algorithm, header, kClaims);
      CHECK(kind_of(verify_jwt(forged, keys_of(published.jwk("k1")), rules, now)) == Kind::algorithm);
    }
  }
}

TEST_CASE_METHOD(JwtFixture, "A key that names its algorithm is for no other one") {
  const JwtKeys known = keys_of(key.jwk("k1", R"(,"alg":"RS256","use":"sig")"));
  const std::string good = test::token(key, kRs256, R"({"alg":"RS256","kid":"k1"})", kClaims);
  CHECK(is_good(verify_jwt(good, known, rules, now)));
  const std::string other = test::token(key, JwtAlgorithm::ps256, R"({"alg":"PS256","kid":"k1"})", kClaims);
  CHECK(kind_of(verify_jwt(other, known, rules, now)) == Kind::algorithm);
}

TEST_CASE_METHOD(JwtFixture, "A token without a signature is refused in every spelling of none") {
  for (const char* none : {"none", "None", "NONE", "nOnE", ""}) {
    const std::string header = R"({"kid":"k1","alg":")" + std::string(none) + "\"}";
    const std::string bare = base64url(header) + "." + base64url(kClaims) + ".";
    INFO(none);
    CHECK(kind_of(verified(bare)) == Kind::algorithm);
    CHECK(kind_of(with_header(header)) == Kind::algorithm);
  }
  CHECK(kind_of(with_header(R"({"kid":"k1"})")) == Kind::algorithm);
  CHECK(kind_of(with_header(R"({"kid":"k1","alg":["RS256"]})")) == Kind::algorithm);
  CHECK(kind_of(with_header(R"({"kid":"k1","alg":null})")) == Kind::algorithm);
}

TEST_CASE_METHOD(JwtFixture, "HMAC with the public key as its secret is refused") {
  for (const char* name : {"HS256", "HS384", "HS512", "hs256", "RS256"}) {
    const std::string header = R"({"kid":"k1","alg":")" + std::string(name) + "\"}";
    INFO(name);
    for (const std::string& secret : {key.pem(), key.jwk("k1")}) {
      CHECK_FALSE(is_good(verified(test::hmac_token(secret, header, kClaims))));
    }
  }
  const std::string secret_key = R"({"kty":"oct","kid":"k2","k":"c2VjcmV0"})";
  CHECK(keys_of(secret_key).empty());
}

TEST_CASE_METHOD(JwtFixture, "An algorithm that is not configured is refused, though the signature is good") {
  rules.algorithms = {JwtAlgorithm::rs256};
  const std::string token = test::token(key, JwtAlgorithm::rs512, R"({"alg":"RS512","kid":"k1"})", kClaims);
  CHECK(kind_of(verified(token)) == Kind::algorithm);
  CHECK(JwtRules{}.algorithms ==
        std::vector{JwtAlgorithm::rs256, JwtAlgorithm::ps256, JwtAlgorithm::es256, JwtAlgorithm::eddsa});
}

TEST_CASE_METHOD(JwtFixture, "A key that the token brings along, or says where to find, is not used") {
  const TestKey own = TestKey::rsa();
  for (const std::string& more : {R"("kid":"k1","jwk":)" + own.jwk("k1"), R"("kid":"k9","jwk":)" + own.jwk("k9"),
                                  std::string(R"("kid":"k1","jku":"https://attacker.example/jwks.json")"),
                                  std::string(R"("kid":"k1","x5u":"https://attacker.example/x")")}) {
    const std::string token = test::token(own, kRs256, R"({"alg":"RS256",)" + more + "}", kClaims);
    INFO(more);
    CHECK_FALSE(is_good(verified(token)));
  }
}

TEST_CASE_METHOD(JwtFixture, "The key is the one of the name in the token, and without a name the only one that fits") {
  const TestKey second = TestKey::rsa();
  const JwtKeys both =
      keys_of(key.jwk("k1") + "," + second.jwk("k2") + "," + TestKey::for_algorithm(JwtAlgorithm::es256).jwk("k3"));
  const auto answer = [&](const TestKey& signer, JwtAlgorithm algorithm, const std::string& header) {
    return verify_jwt(test::token(signer, algorithm, header, kClaims), both, rules, now);
  };
  CHECK(is_good(answer(second, kRs256, R"({"alg":"RS256","kid":"k2"})")));
  CHECK(kind_of(answer(second, kRs256, R"({"alg":"RS256","kid":"k1"})")) == Kind::signature);
  CHECK(kind_of(answer(second, kRs256, R"({"alg":"RS256","kid":"k4"})")) == Kind::unknown_key);
  CHECK(kind_of(answer(second, kRs256, R"({"alg":"RS256","kid":""})")) == Kind::unknown_key);
  CHECK(kind_of(answer(second, kRs256, R"({"alg":"RS256","kid":7})")) == Kind::malformed);
  CHECK(kind_of(answer(second, kRs256, R"({"alg":"RS256"})")) == Kind::malformed);
  const TestKey& curve = TestKey::for_algorithm(JwtAlgorithm::es256);
  CHECK(is_good(answer(curve, JwtAlgorithm::es256, R"({"alg":"ES256"})")));
  const TestKey& edwards = TestKey::for_algorithm(JwtAlgorithm::eddsa);
  CHECK(kind_of(answer(edwards, JwtAlgorithm::eddsa, R"({"alg":"EdDSA"})")) == Kind::unknown_key);
}

TEST_CASE_METHOD(JwtFixture, "Times are checked with the leeway, to the second") {
  const auto at = [&](const std::string& claim, std::int64_t time) {
    return with_claims(claims_with("\"" + claim + "\":" + std::to_string(time)));
  };
  CHECK(is_good(at("exp", kNow - 59)));
  CHECK(reason_of(at("exp", kNow - 60)) == "has expired");
  CHECK(is_good(at("nbf", kNow + 60)));
  CHECK(reason_of(at("nbf", kNow + 61)) == "is not valid yet");
  CHECK(is_good(at("iat", kNow + 60)));
  CHECK(reason_of(at("iat", kNow + 61)) == "was issued in the future");
  rules.leeway = std::chrono::seconds{0};
  CHECK(is_good(at("exp", kNow + 1)));
  CHECK_FALSE(is_good(at("exp", kNow)));
  CHECK_FALSE(is_good(at("exp", -1)));
  CHECK(is_good(with_claims(claims_with("\"exp\":1800000000.5"))));
  CHECK_FALSE(is_good(with_claims(claims_with("\"exp\":1799999999.5"))));
  CHECK(is_good(with_claims(claims_with("\"exp\":1e300"))));
}

TEST_CASE_METHOD(JwtFixture, "A time that is missing or of another kind is no time") {
  CHECK(reason_of(with_claims(claims_without("exp"))) == "never expires");
  for (const char* wrong : {R"("exp":"1900000000")", R"("exp":null)", R"("exp":[1900000000])", R"("exp":true)",
                            R"("nbf":"0")", R"("nbf":null)", R"("iat":"0")", R"("iat":{})"}) {
    INFO(wrong);
    CHECK(kind_of(with_claims(claims_with(wrong))) == Kind::claims);
  }
  CHECK(is_good(with_claims(claims_without("iat"))));
}

TEST_CASE_METHOD(JwtFixture, "The issuer is compared letter by letter") {
  for (const char* wrong :
       {"https://issuer.example", "https://issuer.example//", "http://issuer.example/", "HTTPS://issuer.example/",
        "https://issuer.example/x", "https://issuer.example.evil/", ""}) {
    INFO(wrong);
    CHECK(reason_of(with_claims(claims_with(R"("iss":")" + std::string(wrong) + "\""))) ==
          "is not from the expected issuer");
  }
  CHECK_FALSE(is_good(with_claims(claims_without("iss"))));
  CHECK_FALSE(is_good(with_claims(claims_with(R"("iss":["https://issuer.example/"])"))));
}

TEST_CASE_METHOD(JwtFixture, "The audience is this server's, alone or in a list") {
  CHECK(is_good(with_claims(claims_with(R"("aud":["https://other.example","https://api.example"])"))));
  CHECK(is_good(with_claims(claims_with(R"("aud":[7,"https://api.example"])"))));
  for (const char* wrong : {R"("aud":"https://api.example/")", R"("aud":"https://api")", R"("aud":[])", R"("aud":null)",
                            R"("aud":["https://api.example/"])", R"("aud":{"https://api.example":1})", R"("aud":"")",
                            R"("aud":[["https://api.example"]])", R"("aud":"https://other.example")"}) {
    INFO(wrong);
    CHECK(reason_of(with_claims(claims_with(wrong))) == "is not for this server");
  }
  CHECK_FALSE(is_good(with_claims(claims_without("aud"))));
}

TEST_CASE_METHOD(JwtFixture, "A token has to say who is calling, in a form that can be stored and shown") {
  CHECK(is_good(with_claims(claims_with(R"("sub":"auth0|Å 1")"))));
  for (const char* wrong : {R"("sub":"")", R"("sub":null)", R"("sub":7)", R"("sub":"a\u0000b")", R"("sub":"a\nb")",
                            R"("sub":"\ud800")", R"("sub":["ann"])"}) {
    INFO(wrong);
    CHECK(reason_of(with_claims(claims_with(wrong))) == "does not say who is calling");
  }
  CHECK_FALSE(is_good(with_claims(claims_without("sub"))));
  CHECK(is_good(with_claims(claims_with(R"("sub":")" + std::string(1024, 'a') + "\""))));
  CHECK_FALSE(is_good(with_claims(claims_with(R"("sub":")" + std::string(1025, 'a') + "\""))));
}

TEST_CASE_METHOD(JwtFixture, "A member that comes twice is refused, wherever it stands") {
  const std::string start = kClaims.substr(0, kClaims.size() - 1);
  CHECK(kind_of(with_claims(start + R"(,"sub":"ben"})")) == Kind::malformed);
  CHECK(kind_of(with_claims(start + R"(,"sub":"ann"})")) == Kind::malformed);
  CHECK(kind_of(with_claims(start + R"(,"\u0073ub":"ben"})")) == Kind::malformed);
  CHECK(kind_of(with_claims(start + R"(,"deep":[{"a":{"b":1,"b":{"c":2}}}]})")) == Kind::malformed);
  CHECK(kind_of(with_header(R"({"alg":"RS256","kid":"k1","alg":"RS256"})")) == Kind::malformed);
  CHECK(kind_of(with_header(R"({"alg":"none","kid":"k1","alg":"RS256"})")) == Kind::malformed);
  CHECK(is_good(with_claims(start + R"(,"a:b\":":"x:\\","c":{"a:b":":"}})")));
}

TEST_CASE_METHOD(JwtFixture, "Extensions that must be understood, and tokens of another type, are refused") {
  CHECK(kind_of(with_header(R"({"alg":"RS256","kid":"k1","crit":["b64"],"b64":false})")) == Kind::malformed);
  CHECK(kind_of(with_header(R"({"alg":"RS256","kid":"k1","crit":null})")) == Kind::malformed);
  for (const char* type : {"JWT", "jwt", "at+jwt", "application/at+JWT"}) {
    CHECK(is_good(with_header(R"({"alg":"RS256","kid":"k1","typ":")" + std::string(type) + "\"}")));
  }
  for (const char* type : {"logout+jwt", "secevent+jwt", "JWE", ""}) {
    INFO(type);
    CHECK(reason_of(with_header(R"({"alg":"RS256","kid":"k1","typ":")" + std::string(type) + "\"}")) ==
          "is of another type");
  }
}

TEST_CASE_METHOD(JwtFixture, "Every beginning of a token is refused") {
  const std::string good = test::token(key, kRs256, R"({"alg":"RS256","kid":"k1"})", kClaims);
  REQUIRE(is_good(verified(good)));
  for (std::size_t length = 0; length < good.size(); ++length) {
    const bool taken = is_good(verified(good.substr(0, length)));
    if (taken) FAIL("a token cut after " << length << " bytes was taken");
  }
}

TEST_CASE_METHOD(JwtFixture, "A token has one spelling: padding, other letters, blanks and a fourth part are refused") {
  const std::string good = test::token(key, kRs256, R"({"alg":"RS256","kid":"k1"})", kClaims);
  const std::size_t dot = good.find('.');
  for (const std::string& wrong :
       {good + "=", good + "==", " " + good, good + " ", good + "\n", good + ".", "." + good, good + "." + good,
        good.substr(0, dot) + "=" + good.substr(dot), good.substr(0, dot) + "\n" + good.substr(dot)}) {
    CHECK_FALSE(is_good(verified(wrong)));
  }
  // RSA of 2048 bits: 256 bytes leave four unused bits in the last of 342 characters.
  std::string loose = good;
  loose.back() = static_cast<char>(loose.back() == 'A' ? 'B' : loose.back() + 1);
  CHECK(kind_of(verified(loose)) == Kind::malformed);
}

TEST_CASE_METHOD(JwtFixture, "What is no JSON object, too deep, too large or no UTF-8 is refused") {
  const std::string header = R"({"alg":"RS256","kid":"k1"})";
  for (const std::string& wrong : std::vector<std::string>{
           "", "null", "[]", "7", "\"x\"", "{", kClaims + "x", kClaims.substr(1), "{\"sub\":\"\xff\"}",
           kClaims.substr(0, kClaims.size() - 1) + ",\"deep\":" + std::string(5000, '[') + std::string(5000, ']') + "}",
           kClaims.substr(0, kClaims.size() - 1) + ",\"big\":1e400,}"}) {
    CHECK(kind_of(signed_answer(header, wrong)) == Kind::malformed);
    CHECK(kind_of(signed_answer(wrong, kClaims)) == Kind::malformed);
  }
  const std::string large = claims_with(R"("more":")" + std::string(kTokenBytesMax, 'x') + "\"");
  CHECK(reason_of(with_claims(large)) == "is too large");
  CHECK(kind_of(verified(std::string(10'000'000, '.'))) == Kind::malformed);
  CHECK(kind_of(with_header(R"({"alg":"RS256","kid":"k1","x":")" + std::string(5000, 'x') + "\"}")) == Kind::malformed);
}

TEST_CASE_METHOD(JwtFixture, "No reason repeats a part of the token") {
  const std::string canary = "canary7e1";
  for (const Answer& answer :
       {with_header(R"({"alg":"canary7e1","kid":"k1"})"), with_header(R"({"alg":"RS256","kid":"canary7e1"})"),
        with_header(R"({"alg":"RS256","kid":"k1","typ":"canary7e1"})"),
        with_claims(claims_with(R"("iss":"canary7e1")")), with_claims(claims_with(R"("aud":"canary7e1")")),
        with_claims(claims_with(R"("exp":"canary7e1")")), with_claims(R"({"canary7e1":)"), verified("canary7e1"),
        verified("canary7e1.canary7e1.canary7e1")}) {
    CHECK(reason_of(answer).find(canary) == std::string::npos);
  }
}

TEST_CASE_METHOD(JwtFixture, "A good token that is changed anywhere at random is refused") {
  const std::uint32_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const std::string good = test::token(key, kRs256, R"({"alg":"RS256","kid":"k1"})", kClaims);
  const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=\" \xff";
  for (int i = 0; i < 2000; ++i) {
    std::string changed = good;
    const std::size_t at = random() % changed.size();
    const char letter = letters[random() % letters.size()];
    if (random() % 3 == 0) {
      changed.insert(at, 1, letter);
    } else if (random() % 2 == 0) {
      changed.erase(at, 1 + random() % 3);
    } else if (changed[at] != letter) {
      changed[at] = letter;
    } else {
      continue;
    }
    INFO(changed);
    if (is_good(verified(changed))) FAIL("a changed token was taken");
  }
}

TEST_CASE("Keys that are weak, secret, broken or for something else are passed over") {
  const TestKey& rsa = TestKey::for_algorithm(kRs256);
  const std::string good = rsa.jwk("good");
  const auto count = [&](const std::string& jwk) { return jwt_keys_from(key_set(jwk + "," + good))->size() - 1; };
  CHECK(count(rsa.jwk("k", R"(,"use":"sig","key_ops":["verify"],"x5c":["x"],"x5t":"y")")) == 1);
  CHECK(count(rsa.jwk("k", R"(,"use":"enc")")) == 0);
  CHECK(count(rsa.jwk("k", R"(,"key_ops":["sign"])")) == 0);
  CHECK(count(rsa.jwk("k", R"(,"key_ops":"verify")")) == 0);
  CHECK(count(rsa.jwk("k", R"(,"alg":"RSA-OAEP")")) == 0);
  CHECK(count(rsa.jwk("k", R"(,"alg":"ES256")")) == 0);
  CHECK(count(rsa.jwk("k", R"(,"alg":"HS256")")) == 0);
  CHECK(count(TestKey::rsa(1024).jwk("weak")) == 0);
  CHECK(count(R"({"kty":"RSA","n":"AQAB","e":"AQAB"})") == 0);
  CHECK(count(R"({"kty":"oct","k":"c2VjcmV0"})") == 0);
  CHECK(count(R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"})") == 0);
  CHECK(count("7") == 0);
  CHECK(count("{}") == 0);
  std::string one = good;
  const std::size_t exponent = one.find(R"("e":"AQAB")");
  REQUIRE(exponent != std::string::npos);
  one.replace(exponent, 10, R"("e":"AQ")");
  CHECK(count(one) == 0);
  const std::string zeros(43, 'A');
  CHECK(count(R"({"kty":"EC","crv":"P-256","x":")" + zeros + R"(","y":")" + zeros + "\"}") == 0);
  CHECK(count(R"({"kty":"OKP","crv":"Ed25519","x":"AA"})") == 0);
}

TEST_CASE("What is no key set gives nothing") {
  for (const char* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":null})", "<html>", R"({"keys":[)"}) {
    INFO(text);
    CHECK_FALSE(jwt_keys_from(text).has_value());
  }
  CHECK(jwt_keys_from(R"({"keys":[]})")->empty());
  std::string many = "{}";
  for (int i = 0; i < 100; ++i) many += ",{}";
  CHECK_FALSE(jwt_keys_from(key_set(many)).has_value());
}

TEST_CASE("base64url gives back what was encoded and takes one spelling only") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    CHECK(base64url_decoded(base64url(bytes)) == bytes);
    bytes.push_back(static_cast<char>(i));
  }
  CHECK(base64url_decoded("") == "");
  for (const char* wrong : {"A", "AAAAA", "AB", "AAB", "AA==", "A+", "A/", "A A", "\xff\xff"}) {
    INFO(wrong);
    CHECK_FALSE(base64url_decoded(wrong).has_value());
  }
}

TEST_CASE("A text looks like a token if it has three parts of base64url") {
  CHECK(looks_like_jwt("eyJ.e30.c2ln"));
  for (const char* other : {"", "lsv2_pt_abc", "a.b", "a..b", ".a.b", "a.b.", "a.b.c.d", "a.b c.d", "a.b.c="}) {
    INFO(other);
    CHECK_FALSE(looks_like_jwt(other));
  }
}

}  // namespace
}  // namespace heddle::api
