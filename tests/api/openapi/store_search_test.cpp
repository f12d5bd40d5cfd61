// The store's search by meaning as clients and nodes see it, through the whole API.

#include <catch2/catch.hpp>

#include "api/store_index.h"
#include "tests/api/openapi/api_fixture.h"

namespace heddle::test {
namespace {

api::ServerSettings with_index() {
  api::ServerSettings settings;
  settings.store.rules.index = api::make_store_index({"offline", 64, {"note"}}, {});
  return settings;
}

std::vector<std::string> keys_in(const ApiAnswer& answer) {
  std::vector<std::string> keys;
  const boost::json::value page = answer.json();
  for (const boost::json::value& item : page.at("items").as_array()) {
    keys.emplace_back(item.at("key").as_string());
  }
  return keys;
}

}  // namespace

TEST_CASE("What a node puts is found by what it means") {
  ApiFixture api(with_index());
  const auto remember = [&](const std::string& key, const std::string& note) {
    const std::string input = R"({"user":"ann","key":")" + key + R"(","note":")" + note + R"("})";
    const ApiAnswer answer = api.ask("post", "/runs/wait", R"({"assistant_id":"memory","input":)" + input + "}");
    CHECK(answer.status == 200);
  };
  remember("food", "likes noodle soup");
  remember("work", "weaves on a loom");
  const std::string search = R"({"namespace_prefix":["memories"],"query":"soup"})";
  CHECK(keys_in(api.ask("post", "/store/items/search", search)).front() == "food");
  const std::string other = R"({"namespace_prefix":["memories"],"query":"a loom"})";
  CHECK(keys_in(api.ask("post", "/store/items/search", other)).front() == "work");
}

TEST_CASE("A page of a search by meaning goes on where the one before ended") {
  ApiFixture api(with_index());
  for (int i = 0; i < 5; ++i) {
    const std::string number = std::to_string(i);
    api.ask("put", "/store/items", R"({"namespace":["a"],"key":"k)" + number + R"(","value":{"note":"same words"}})");
  }
  const auto page = [&](int offset) {
    return keys_in(
        api.ask("post", "/store/items/search",
                R"({"namespace_prefix":["a"],"query":"words","limit":2,"offset":)" + std::to_string(offset) + "}"));
  };
  using Keys = std::vector<std::string>;
  CHECK(page(0) == Keys{"k0", "k1"});
  CHECK(page(2) == Keys{"k2", "k3"});
  CHECK(page(4) == Keys{"k4"});
  CHECK(page(5).empty());
}

}  // namespace heddle::test
