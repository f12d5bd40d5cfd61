#include "api/routes/store_routes.h"

#include <catch2/catch.hpp>

#include "tests/api/routes/handler_fixture.h"

namespace heddle::api {
namespace {

using test::HandlerFixture;

TEST_CASE_METHOD(HandlerFixture, "A namespace in a query is joined by periods, repeated, or a list in JSON") {
  answer(put_item, R"({"namespace":["a,b","c"],"key":"k","value":{"n":1}})");
  CHECK(told(get_item, "", "namespace=a%2Cb.c&key=k").at("value").at("n") == 1);
  CHECK(told(get_item, "", R"(namespace=%5B%22a%2Cb%22%2C%22c%22%5D&key=k)").is_object());
  answer(put_item, R"({"namespace":["x","y"],"key":"k","value":{"n":2}})");
  CHECK(told(get_item, "", "namespace=x&namespace=y&key=k").at("value").at("n") == 2);
  CHECK(told(get_item, "", "namespace=x.z&key=k").is_null());
  CHECK(refused(get_item, "", "key=k").status() == 400);
  CHECK(refused(get_item, "", "namespace=x").is_validation());
}

TEST_CASE_METHOD(HandlerFixture, "An item is deleted by a body, or by a query where bodies are lost") {
  answer(put_item, R"({"namespace":["x"],"key":"a","value":{}})");
  answer(put_item, R"({"namespace":["x"],"key":"b","value":{}})");
  CHECK(answer(delete_item, R"({"namespace":["x"],"key":"a"})").status == 204);
  CHECK(answer(delete_item, "", "namespace=x&key=b").status == 204);
  CHECK(told(search_items, R"({"namespace_prefix":["x"]})").at("items").as_array().empty());
}

TEST_CASE_METHOD(HandlerFixture, "Items are filtered by scalars and by operators") {
  answer(put_item, R"({"namespace":["x"],"key":"one","value":{"kind":"a","n":1}})");
  answer(put_item, R"({"namespace":["x"],"key":"two","value":{"kind":"a","n":2}})");
  const auto count = [this](const std::string& filter) {
    return told(search_items, R"({"namespace_prefix":["x"],"filter":)" + filter + "}").at("items").as_array().size();
  };
  CHECK(count(R"({"kind":"a"})") == 2);
  CHECK(count(R"({"n":{"$gt":1,"$lte":2}})") == 1);
  CHECK(count(R"({"kind":{"$ne":"a"}})") == 0);
  const auto refuses = [this](const std::string& filter) {
    return refused(search_items, R"({"namespace_prefix":[],"filter":)" + filter + "}").issues().front().path;
  };
  CHECK(refuses(R"({"n":{"$in":1}})") == std::vector<std::string>{"filter", "n", "$in"});
  CHECK(refuses(R"({"n":[1]})") == std::vector<std::string>{"filter", "n"});
  CHECK(refuses(R"({"n":{"$eq":{}}})") == std::vector<std::string>{"filter", "n", "$eq"});
}

TEST_CASE_METHOD(HandlerFixture, "A search in the store needs a prefix, on the platform it does not") {
  CHECK(refused(search_items, "{}").is_validation());
  settings.compat = Compat::platform;
  CHECK(answer(search_items, "{}").body == R"({"items":[]})");
}

}  // namespace
}  // namespace heddle::api
