#include "graphs/tools/get_context_documents.h"

#include <catch2/catch.hpp>

#include "tests/graphs/vault_fixture.h"

using namespace heddle;
using namespace heddle::graphs;
using heddle::test::http_answer;
using heddle::test::Scripted;
using heddle::test::TinyConnection;
using heddle::test::TinyServer;
using heddle::test::VaultFixture;
using runtime::StoreItem;
using runtime::StoreNamespace;

namespace {

// Items that are only searched.
class FixedStore final : public runtime::Store {
 public:
  boost::asio::awaitable<std::optional<StoreItem>> get(StoreNamespace, std::string) override { co_return std::nullopt; }
  boost::asio::awaitable<void> put(StoreNamespace, std::string, json::value, runtime::ItemOptions) override {
    co_return;
  }
  boost::asio::awaitable<void> erase(StoreNamespace, std::string) override { co_return; }
  boost::asio::awaitable<std::vector<StoreItem>> search(runtime::StoreSearch wanted) override {
    searched = std::move(wanted.prefix);
    co_return items;
  }
  void add(const std::string& key, const char* value) {
    items.push_back({{"docs"}, key, runtime::parse_json(value), {}, {}});
  }
  std::vector<StoreItem> items;
  StoreNamespace searched;
};

class StoreContext final : public test::FakeContext {
 public:
  StoreContext(test::FakeTask& task, runtime::Store* store) : FakeContext(task, runtime::State()), store_(store) {}
  runtime::Store* store() override { return store_; }

 private:
  runtime::Store* store_;
};

struct DocumentsFixture : VaultFixture {
  FixedStore store;
  std::string user = R"({"email":"ada@x.org"})";
  Scripted issuer{{http_answer("200 OK", R"({"access_token":"t","expires_in":3600})")}};
  TinyServer api{[](TinyConnection& connection, const std::string& request) {
    const json::value body = runtime::parse_json(test::text_of_body(request));
    json::object result;
    for (const json::value& check : body.at("checks").as_array()) {
      const bool allowed = check.at("tuple_key").at("user") == "user:ada@x.org" &&
                           check.at("tuple_key").at("relation") == "can_view" &&
                           check.at("tuple_key").at("object") != "doc:secret";
      result[check.at("correlation_id").as_string()] = json::object{{"allowed", allowed}};
    }
    connection.send(http_answer("200 OK", runtime::to_text(json::object{{"result", result}})));
  }};

  std::string ask(const std::string& question, bool has_store = true) {
    FgaSettings settings;
    settings.api_url = api.url("");
    settings.issuer_url = issuer.url();
    settings.store_id = "S1";
    settings.client_id = "c";
    settings.client_secret = runtime::Secret(std::string("s"));
    const ToolPointer tool =
        get_context_documents_tool(std::make_shared<Fga>(client, clock, std::move(settings)), {"docs", "team"});
    test::FakeTask task;
    StoreContext node(task, has_store ? &store : nullptr);
    auto secrets = std::make_shared<runtime::Secrets>();
    if (!user.empty()) secrets->emplace("langgraph_auth_user", runtime::SecretJson::take(runtime::parse_json(user)));
    node.run_config.secrets = secrets;
    ToolContext context(node, "get_context_documents", "c1", "key");
    try {
      return test::run(io, test::text_of_call(tool, context, {{"question", question}}));
    } catch (const std::exception& error) {
      return std::string("fails ") + error.what();
    }
  }
};

const char* const kNothing = "No document was found that answers this and that the user may read.";

}  // namespace

TEST_CASE_METHOD(DocumentsFixture, "The allowed documents with words of the question are told, the best first") {
  store.add("a", R"({"text":"The loom has a heddle."})");
  store.add("b", R"({"content":"A HEDDLE holds the warp threads of a loom.","documentId":"plan"})");
  store.add("c", R"({"pageContent":"Tea at five."})");
  store.add("secret", R"({"text":"The heddle of the loom costs a fortune: warp threads, warp."})");
  store.add("d", R"({"title":"no text"})");
  CHECK(ask("which loom has heddle and warp threads?") ==
        "A HEDDLE holds the warp threads of a loom.\n\nThe loom has a heddle.");
  CHECK(store.searched == StoreNamespace{"docs", "team"});
  const std::string request = test::text_of_body(api.requests()[0]);
  CHECK(request.find("doc:plan") != std::string::npos);
  CHECK(request.find("doc:c\"") == std::string::npos);
}

TEST_CASE_METHOD(DocumentsFixture, "Of a forbidden document nothing is told") {
  store.add("secret", R"({"text":"The fortune."})");
  CHECK(ask("fortune") == kNothing);
  user = R"({"email":"eve@x.org"})";
  store.add("a", R"({"text":"The fortune too."})");
  CHECK(ask("fortune") == kNothing);
}

TEST_CASE_METHOD(DocumentsFixture, "Four documents are told at most, and long ones are cut") {
  for (int i = 0; i < 9; ++i) {
    store.items.push_back({{"docs"}, "k" + std::to_string(i), {{"text", "moth " + std::string(20'000, 'x')}}, {}, {}});
  }
  const std::string text = ask("moth");
  CHECK(text.size() < 4 * 8300);
  CHECK(text.size() > 4 * 8000);
}

TEST_CASE_METHOD(DocumentsFixture, "Without a match, a user or a store the tool says so and asks nobody") {
  store.add("a", R"({"text":"The loom."})");
  CHECK(ask("moth") == kNothing);
  CHECK(ask("") == kNothing);
  CHECK(ask("loom", false).starts_with("fails there is no store"));
  user = "";
  CHECK(ask("loom") == "There is no user logged in.");
  CHECK(api.requests().empty());
}
