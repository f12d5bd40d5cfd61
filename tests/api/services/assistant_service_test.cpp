#include "api/services/assistant_service.h"

#include <catch2/catch.hpp>

#include "tests/api/services/service_fixture.h"

namespace heddle::api {
namespace {

using test::ServiceFixture;

class AssistantFixture : public ServiceFixture {
 public:
  NewAssistant wanted(std::string name = "Untitled") const {
    NewAssistant assistant;
    assistant.graph_id = "echo";
    assistant.name = std::move(name);
    return assistant;
  }

  storage::Assistant made(std::string name = "Untitled") {
    return get(assistants.create(ann, wanted(std::move(name))));
  }

  storage::Thread stored_thread(const std::string& metadata_json) {
    storage::Thread thread;
    thread.thread_id = {runtime::uuid7(clock.now())};
    thread.owner = ann;
    thread.metadata_json = metadata_json;
    get(storage->commit([thread](storage::Transaction& tx) { tx.threads().insert(thread); }));
    return thread;
  }

  std::int64_t threads_of_ann() {
    storage::ThreadQuery query;
    query.owner = ann;
    return get(storage->read([query](const storage::Snapshot& now) { return now.threads().count(query); }));
  }

  AssistantService& assistants = services.assistants;
};

TEST_CASE_METHOD(AssistantFixture, "Each graph has a default assistant whose id comes from the graph's") {
  get(assistants.make_defaults());
  const storage::Assistant echo = get(assistants.get(nobody, "echo"));
  CHECK(echo.assistant_id == storage::AssistantId{runtime::uuid5(runtime::kAssistantNamespace, "echo")});
  CHECK(echo.name == "echo");
  CHECK(echo.description == "says it again");
  CHECK(echo.metadata_json == R"({"created_by":"system"})");
  CHECK(echo.version == 1);
  CHECK(echo.config_json == "{}");
  CHECK(get(assistants.get(nobody, echo.assistant_id.text())).graph_id == "echo");
}

TEST_CASE_METHOD(AssistantFixture,
                 "A default assistant begins with what the settings say, and keeps what it was made with") {
  settings.assistant_defaults["echo"] = {R"({"tags":["t"]})", R"({"locale":"de"})"};
  get(assistants.make_defaults());
  CHECK(get(assistants.get(nobody, "echo")).config_json == R"({"tags":["t"]})");
  CHECK(get(assistants.get(nobody, "echo")).context_json == R"({"locale":"de"})");
  settings.assistant_defaults["echo"] = {};
  get(assistants.make_defaults());
  CHECK(get(assistants.get(nobody, "echo")).config_json == R"({"tags":["t"]})");
}

TEST_CASE_METHOD(AssistantFixture, "A default assistant that was changed is left alone by the next start") {
  get(assistants.make_defaults());
  AssistantChange change;
  change.name = "mine";
  get(assistants.patch(nobody, "echo", change));
  get(assistants.make_defaults());
  CHECK(get(assistants.get(nobody, "echo")).name == "mine");
}

TEST_CASE_METHOD(AssistantFixture, "Everybody may read a default assistant and nobody with a name may change it") {
  get(assistants.make_defaults());
  CHECK(get(assistants.resolve(ann, "echo")));
  CHECK(refusal(assistants.patch(ann, "echo", {})).status() == 404);
  CHECK(refusal(assistants.set_latest(ann, "echo", 1)).status() == 404);
  CHECK(refusal(assistants.erase(ann, "echo", DeleteThreads::no)).status() == 404);
}

TEST_CASE_METHOD(AssistantFixture, "What is neither a graph nor a known id resolves to nothing") {
  CHECK_FALSE(get(assistants.resolve(ann, "nobody")));
  CHECK_FALSE(get(assistants.resolve(ann, "00000000-0000-4000-8000-000000000000")));
  CHECK(std::string(refusal(assistants.get(ann, "nobody")).what()) == "Assistant not found");
}

TEST_CASE_METHOD(AssistantFixture, "An assistant needs a graph that is served") {
  NewAssistant unknown = wanted();
  unknown.graph_id = "other";
  const ApiError error = refusal(assistants.create(ann, unknown));
  CHECK(error.status() == 404);
  CHECK(std::string(error.what()) == "Graph \"other\" not found");
}

TEST_CASE_METHOD(AssistantFixture, "An assistant id that is taken is a conflict, or brings the assistant that has it") {
  NewAssistant again = wanted("second");
  again.assistant_id = made("first").assistant_id;
  CHECK(std::string(refusal(assistants.create(ann, again)).what()) == "Assistant already exists");
  again.if_exists = IfExists::do_nothing;
  CHECK(get(assistants.create(ann, again)).name == "first");
  CHECK(refusal(assistants.create(ben, again)).status() == 409);
}

TEST_CASE_METHOD(AssistantFixture, "A hidden key in config or context is refused by its name") {
  settings.secret_configurable_keys = {"api_token"};
  NewAssistant secret = wanted();
  secret.config = object(R"({"configurable":{"color":"red","_credentials":{"refreshToken":"s3cret"}}})");
  const ApiError error = refusal(assistants.create(ann, secret));
  REQUIRE(error.is_validation());
  CHECK(error.issues().front().path == std::vector<std::string>{"config", "configurable", "_credentials"});
  CHECK(std::string(error.what()).find("s3cret") == std::string::npos);

  AssistantChange change;
  change.context = object(R"({"api_token":"s3cret"})");
  CHECK(refusal(assistants.patch(ann, made().assistant_id.text(), change)).is_validation());
}

TEST_CASE_METHOD(AssistantFixture, "Callbacks are dropped from a config and everything else is kept") {
  NewAssistant with_callbacks = wanted();
  with_callbacks.config = object(R"({"callbacks":[{}],"run_name":"r","configurable":{"a":1}})");
  CHECK(get(assistants.create(ann, with_callbacks)).config_json == R"({"run_name":"r","configurable":{"a":1}})");
}

TEST_CASE_METHOD(AssistantFixture, "A client cannot make an assistant of the system") {
  NewAssistant pretender = wanted();
  pretender.metadata = object(R"({"created_by":"system","team":"blue"})");
  CHECK(get(assistants.create(ann, pretender)).metadata_json == R"({"team":"blue"})");
}

TEST_CASE_METHOD(AssistantFixture, "A patch replaces fields, merges metadata one level deep and makes a version") {
  NewAssistant first = wanted("first");
  first.metadata = object(R"({"a":{"x":1},"b":2})");
  first.config = object(R"({"tags":["t"]})");
  const std::string id = get(assistants.create(ann, first)).assistant_id.text();
  clock.advance(std::chrono::seconds{1});
  AssistantChange change;
  change.config = object(R"({"recursion_limit":3})");
  change.metadata = object(R"({"a":{"y":1},"c":null})");
  const storage::Assistant patched = get(assistants.patch(ann, id, change));
  CHECK(patched.version == 2);
  CHECK(patched.name == "first");
  CHECK(patched.config_json == R"({"recursion_limit":3})");
  CHECK(patched.metadata_json == R"({"a":{"y":1},"b":2,"c":null})");
  CHECK(patched.updated_at == clock.now());
  CHECK(patched.created_at < clock.now());
  CHECK(get(assistants.patch(ann, id, {})).version == 3);
}

TEST_CASE_METHOD(AssistantFixture, "After going back to a version the next patch counts from the newest") {
  const std::string id = made("one").assistant_id.text();
  AssistantChange change;
  change.name = "two";
  get(assistants.patch(ann, id, change));
  const storage::Assistant back = get(assistants.set_latest(ann, id, 1));
  CHECK(back.name == "one");
  CHECK(back.version == 1);
  CHECK(get(assistants.patch(ann, id, {})).version == 3);
  CHECK(std::string(refusal(assistants.set_latest(ann, id, 9)).what()) == "Assistant version not found");
}

TEST_CASE_METHOD(AssistantFixture, "Versions come newest first, in pages, and only to their owner") {
  const std::string id = made().assistant_id.text();
  get(assistants.patch(ann, id, {}));
  get(assistants.patch(ann, id, {}));
  const std::vector<storage::Assistant> page = get(assistants.versions(ann, id, {}, {2, 1}));
  REQUIRE(page.size() == 2);
  CHECK(page.front().version == 2);
  CHECK(page.back().version == 1);
  const storage::Containment nothing_has_this{R"({"no":1})"};
  CHECK(get(assistants.versions(ann, id, nothing_has_this, {10, 0})).empty());
  CHECK(std::string(refusal(assistants.versions(ben, id, {}, {10, 0})).what()) ==
        "Assistant \"" + id + "\" not found.");
}

TEST_CASE_METHOD(AssistantFixture, "A deleted assistant takes its runs and leaves its threads") {
  const storage::Assistant assistant = made();
  const storage::Thread thread = stored_thread(R"({"assistant_id":")" + assistant.assistant_id.text() + R"("})");
  storage::Run run;
  run.run_id = {runtime::uuid7(clock.now())};
  run.thread_id = thread.thread_id;
  run.assistant_id = assistant.assistant_id;
  run.owner = ann;
  run.status = storage::RunStatus::success;
  get(storage->commit([run](storage::Transaction& tx) { tx.runs().insert(run); }));

  get(assistants.erase(ann, assistant.assistant_id.text(), DeleteThreads::no));
  CHECK_FALSE(get(assistants.resolve(ann, assistant.assistant_id.text())));
  CHECK(threads_of_ann() == 1);
  const bool run_is_there = get(storage->read(
      [run](const storage::Snapshot& now) { return now.runs().find(run.owner, run.run_id).has_value(); }));
  CHECK_FALSE(run_is_there);
}

TEST_CASE_METHOD(AssistantFixture, "With delete_threads its threads go, and only those") {
  const storage::Assistant assistant = made();
  stored_thread(R"({"assistant_id":")" + assistant.assistant_id.text() + R"("})");
  stored_thread("{}");
  get(assistants.erase(ann, assistant.assistant_id.text(), DeleteThreads::yes));
  CHECK(threads_of_ann() == 1);
}

TEST_CASE_METHOD(AssistantFixture, "Subgraphs are named by the nodes on the way to them") {
  const auto names = [this](const std::string& only, Recurse recurse) {
    std::vector<std::string> found;
    for (const auto& [name_space, graph] : subgraphs_of(*graphs.find("nested"), only, recurse)) {
      found.push_back(name_space);
    }
    return found;
  };
  using Names = std::vector<std::string>;
  CHECK(names("", Recurse::no) == Names{"middle"});
  CHECK(names("", Recurse::yes) == Names{"middle", "middle|inner"});
  CHECK(names("middle", Recurse::no) == Names{"middle"});
  CHECK(names("middle", Recurse::yes) == Names{"middle", "middle|inner"});
  CHECK(names("middle|inner", Recurse::no) == Names{"middle|inner"});
  CHECK(names("mid", Recurse::yes).empty());
}

}  // namespace
}  // namespace heddle::api
