#include "api/routes/store_routes.h"

#include <catch2/catch.hpp>

#include "api/store_index.h"
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

TEST_CASE_METHOD(HandlerFixture, "A request says whether what it reads lives as long again") {
  answer(put_item, R"({"namespace":["x"],"key":"k","value":{},"ttl":2})");
  clock.advance(std::chrono::minutes{1});
  CHECK(told(get_item, "", "namespace=x&key=k&refresh_ttl=false").is_object());
  CHECK(told(search_items, R"({"namespace_prefix":["x"],"refresh_ttl":true})").at("items").as_array().size() == 1);
  clock.advance(std::chrono::minutes{1});
  CHECK(told(search_items, R"({"namespace_prefix":["x"],"refresh_ttl":false})").at("items").as_array().size() == 1);
  CHECK(told(get_item, "", "namespace=x&key=k&refresh_ttl=1").is_object());
  clock.advance(std::chrono::minutes{1});
  CHECK(told(get_item, "", "namespace=x&key=k").is_object());
  clock.advance(std::chrono::minutes{2});
  CHECK(told(get_item, "", "namespace=x&key=k").is_null());
  CHECK(refused(search_items, R"({"namespace_prefix":[],"refresh_ttl":"yes"})").is_validation());
}

TEST_CASE_METHOD(HandlerFixture,
                 "With an index a query finds what means the same, with a score; without one it is passed over") {
  const std::string search = R"({"namespace_prefix":["x"],"query":"soup"})";
  const auto keys = [&] {
    std::vector<std::string> found;
    const boost::json::value page = told(search_items, search);
    for (const boost::json::value& item : page.at("items").as_array()) {
      found.emplace_back(item.at("key").as_string());
    }
    return found;
  };
  settings.store.rules.index = make_store_index({"offline", 64, {"text"}}, {});
  answer(put_item, R"({"namespace":["x"],"key":"soup","value":{"text":"soup of the day"}})");
  clock.advance(std::chrono::seconds{1});
  answer(put_item, R"({"namespace":["x"],"key":"loom","value":{"text":"a loom"}})");
  answer(put_item, R"({"namespace":["x"],"key":"hidden","value":{"text":"soup"},"index":false})");
  answer(put_item,
         R"({"namespace":["x"],"key":"own","value":{"text":"x","list":[{"n":"soup"}]},"index":["list[*].n"]})");
  CHECK(keys() == std::vector<std::string>{"own", "soup", "loom"});
  const boost::json::value first = told(search_items, search).at("items").at(0);
  CHECK(first.at("score").to_number<double>() == Approx(1));
  CHECK_FALSE(told(search_items, R"({"namespace_prefix":["x"]})").at("items").at(0).as_object().contains("score"));
  settings.store.rules.index.reset();
  CHECK(keys().size() == 4);
  CHECK(keys().back() == "soup");
}

TEST_CASE_METHOD(HandlerFixture, "What is to be indexed is false or a list of paths") {
  for (const char* const wrong : {"true", "1", "\"text\"", "{}", "[1]", "[\"a..b\"]", "[\"\"]"}) {
    INFO(wrong);
    const std::string body = R"({"namespace":["x"],"key":"k","value":{},"index":)" + std::string(wrong) + "}";
    CHECK(refused(put_item, body).issues().front().path.front() == "index");
  }
  CHECK(answer(put_item, R"({"namespace":["x"],"key":"k","value":{},"index":[]})").status == 204);
  CHECK(answer(put_item, R"({"namespace":["x"],"key":"k","value":{},"index":null})").status == 204);
}

TEST_CASE_METHOD(HandlerFixture, "A search in the store needs a prefix, on the platform it does not") {
  CHECK(refused(search_items, "{}").is_validation());
  settings.compat = Compat::platform;
  CHECK(answer(search_items, "{}").body == R"({"items":[]})");
}

}  // namespace
}  // namespace heddle::api
