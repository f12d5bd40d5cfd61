#include "api/routes/body.h"

#include <catch2/catch.hpp>
#include <limits>

#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

Fields fields(std::string_view text) {
  return Fields(runtime::parse_json(text));
}

template <class Read>
ApiError refusal(Read read) {
  try {
    read();
  } catch (const ApiError& error) {
    return error;
  }
  FAIL("it was not refused");
  return {0, ""};
}

TEST_CASE("An empty body is an empty object and a body that is no JSON is refused") {
  CHECK(parse_body("", 8) == json::value(json::object{}));
  CHECK(parse_body(" \r\n\t", 8) == json::value(json::object{}));
  for (const char* bytes : {"{not json", "{\"a\":", "[1,", "nope", "{} {}", "[[[[[[[[[1]]]]]]]]]"}) {
    INFO(bytes);
    const ApiError error = refusal([bytes] { parse_body(bytes, 8); });
    CHECK(error.status() == 400);
    CHECK(std::string(error.what()) == "Malformed JSON in request body");
    CHECK_FALSE(error.is_validation());
  }
}

TEST_CASE("A body that is no object is refused") {
  for (const char* text : {"[]", "\"x\"", "7", "null", "true"}) {
    INFO(text);
    CHECK(refusal([text] { fields(text); }).is_validation());
  }
}

TEST_CASE("A field that is null counts as absent but can be told from one that is missing") {
  const Fields body = fields(R"({"a":null})");
  CHECK_FALSE(body.has("a"));
  CHECK_FALSE(body.text("a"));
  CHECK_FALSE(body.object("a"));
  CHECK(body.names("a"));
  CHECK_FALSE(body.names("b"));
}

TEST_CASE("A field of another type is refused with its path") {
  const Fields body(runtime::parse_json(R"({"v":{}})"), {"config"});
  CHECK(refusal([&] { body.text("v"); }).issues().front().path == std::vector<std::string>{"config", "v"});
  CHECK(refusal([&] { body.integer("v", 0, 1); }).is_validation());
  CHECK(refusal([&] { body.number("v", 0); }).is_validation());
  CHECK(refusal([&] { body.flag("v"); }).is_validation());
  CHECK(refusal([&] { body.array("v"); }).is_validation());
  CHECK(refusal([&] { body.texts("v"); }).is_validation());
  CHECK(refusal([&] { fields(R"({"v":[]})").object("v"); }).is_validation());
  CHECK(refusal([&] { fields(R"({"v":["a",1]})").texts("v"); }).is_validation());
  CHECK(refusal([&] { body.required_text("w"); }).is_validation());
}

TEST_CASE("An integer may be written as a double without a fraction") {
  CHECK(fields(R"({"n":3})").integer("n", 0, 10) == 3);
  CHECK(fields(R"({"n":3.0})").integer("n", 0, 10) == 3);
  CHECK(fields(R"({"n":9223372036854775807})").integer("n", 0, kMost) == kMost);
  for (const char* text : {R"({"n":3.5})", R"({"n":"3"})", R"({"n":11})", R"({"n":-1})", R"({"n":1e300})",
                           R"({"n":18446744073709551615})"}) {
    INFO(text);
    CHECK(refusal([text] { fields(text).integer("n", 0, 10); }).is_validation());
  }
}

TEST_CASE("An id is a UUID in any case") {
  const std::string text = "0190A1B2-0000-7000-8000-00000000000F";
  const std::optional<storage::ThreadId> id = fields(R"({"id":")" + text + R"("})").id<storage::ThreadId>("id");
  REQUIRE(id);
  CHECK(id->text() == "0190a1b2-0000-7000-8000-00000000000f");
  CHECK(refusal([] { fields(R"({"id":"not-a-uuid"})").id<storage::ThreadId>("id"); }).is_validation());
}

TEST_CASE("A word that is none of the known ones is refused with those that are") {
  const Fields body = fields(R"({"order":"up"})");
  const ApiError error = refusal([&] { body.one_of<int>("order", {{"asc", 1}, {"desc", 2}}); });
  CHECK(std::string(error.what()) == "order: must be one of asc, desc");
  CHECK(fields(R"({"order":"desc"})").one_of<int>("order", {{"asc", 1}, {"desc", 2}}) == 2);
  CHECK_FALSE(fields("{}").one_of<int>("order", {{"asc", 1}}));
}

TEST_CASE("A page of a body has 10 records from the first unless the body says otherwise, and at most 1000") {
  CHECK(page_of(fields("{}")).limit == 10);
  CHECK(page_of(fields("{}"), 100).limit == 100);
  CHECK(page_of(fields(R"({"limit":1000,"offset":5})")).offset == 5);
  for (const char* text : {R"({"limit":0})", R"({"limit":1001})", R"({"offset":-1})"}) {
    INFO(text);
    CHECK(refusal([text] { page_of(fields(text)); }).is_validation());
  }
}

TEST_CASE("An id in a path must be a UUID") {
  Request request;
  request.params["thread_id"] = "x";
  const ApiError error = refusal([&] { path_id<storage::ThreadId>(request, "thread_id"); });
  CHECK(error.issues().front().path == std::vector<std::string>{"thread_id"});
}

TEST_CASE("A selection keeps the keys that are there, and without one all stay") {
  const json::object object{{"a", 1}, {"b", 2}};
  CHECK(selected(object, {"b", "c"}) == json::object{{"b", 2}});
  CHECK(selected(object, {}) == object);
}

TEST_CASE("An error is told as JSON with one text") {
  const Response response = error_response(ApiError::not_found("Run not found"), ErrorForm::json, Compat::js);
  CHECK(response.status == 404);
  CHECK(response.headers.find("content-type") == "application/json");
  CHECK(response.body == R"({"detail":"Run not found"})");
}

TEST_CASE("A validation error names the fields and has the status of the server it takes the place of") {
  const ApiError error = ApiError::invalid({"config", "tags"}, "must be a list of texts");
  CHECK(error_response(error, ErrorForm::json, Compat::js).status == 400);
  const Response response = error_response(error, ErrorForm::json, Compat::platform);
  CHECK(response.status == 422);
  CHECK(response.body == R"({"detail":"config.tags: must be a list of texts",)"
                         R"("errors":[{"path":["config","tags"],"message":"must be a list of texts"}]})");
  CHECK(error_response(ApiError::bad_request("x"), ErrorForm::json, Compat::platform).status == 400);
}

TEST_CASE("In the form of the JavaScript server errors are plain text, those of validation a list of issues") {
  const Response plain = error_response(ApiError::conflict("Thread is busy"), ErrorForm::text, Compat::js);
  CHECK(plain.body == "Thread is busy");
  CHECK(plain.headers.find("content-type") == "text/plain;charset=UTF-8");
  const ApiError error = ApiError::invalid({"limit"}, "is too large");
  const json::value body = runtime::parse_json(error_response(error, ErrorForm::text, Compat::js).body);
  CHECK(body.at("success") == false);
  CHECK(body.at("error").at("name") == "ZodError");
  CHECK(body.at("error").at("issues").at(0).at("path").at(0) == "limit");
}

TEST_CASE("A busy thread has the status of the server that this one takes the place of") {
  CHECK(thread_is_busy(Compat::js).status() == 422);
  CHECK(thread_is_busy(Compat::platform).status() == 409);
}

}  // namespace
}  // namespace heddle::api
