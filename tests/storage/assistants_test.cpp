#include "storage/assistants.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/storage/storage_fixture.h"

namespace heddle::storage::test {
namespace {

const Owner kAlice{"alice"};
const Owner kBob{"bob"};

Assistant assistant(std::uint8_t number, const Owner& owner = kAlice) {
  Assistant made;
  made.assistant_id = id<AssistantId>(number);
  made.owner = owner;
  made.graph_id = "agent";
  made.name = "Assistant " + std::to_string(number);
  made.description = "for tests";
  made.config_json = R"({"tags":["a"]})";
  made.context_json = R"({"k":1})";
  made.metadata_json = R"({"number":)" + std::to_string(number) + "}";
  made.created_at = at(number);
  made.updated_at = at(100 - number);
  return made;
}

class AssistantsFixture : public StorageFixture {
 public:
  bool insert(const Assistant& made) {
    return commit([made](Transaction& transaction) { return transaction.assistants().insert(made); });
  }
  std::optional<Assistant> find(const Owner& owner, std::uint8_t number) {
    return read([=](const Snapshot& snapshot) { return snapshot.assistants().find(owner, id<AssistantId>(number)); });
  }
  std::vector<std::string> names(const AssistantQuery& query) {
    std::vector<std::string> found;
    for (const Assistant& each : search(query).records) found.push_back(each.name);
    return found;
  }
  Found<Assistant> search(const AssistantQuery& query) {
    return read([query](const Snapshot& snapshot) { return snapshot.assistants().search(query); });
  }
};

AssistantQuery of_alice() {
  AssistantQuery query;
  query.reader = kAlice;
  return query;
}

}  // namespace

TEST_CASE_METHOD(AssistantsFixture, "An assistant is found as it was inserted") {
  const Assistant stored = assistant(1);
  CHECK(insert(stored));
  const std::optional<Assistant> found = find(kAlice, 1);
  REQUIRE(found);
  CHECK(found->assistant_id == stored.assistant_id);
  CHECK(found->owner == stored.owner);
  CHECK(found->graph_id == stored.graph_id);
  CHECK(found->name == stored.name);
  CHECK(found->description == stored.description);
  CHECK(found->config_json == stored.config_json);
  CHECK(found->context_json == stored.context_json);
  CHECK(found->metadata_json == stored.metadata_json);
  CHECK(found->version == 1);
  CHECK(found->created_at == stored.created_at);
  CHECK(found->updated_at == stored.updated_at);
}

TEST_CASE_METHOD(AssistantsFixture, "An assistant whose id is taken is not inserted, whoever has it") {
  insert(assistant(1, kBob));
  CHECK_FALSE(insert(assistant(1, kAlice)));
  CHECK_FALSE(find(kAlice, 1));
  CHECK(find(kBob, 1)->owner == kBob);
}

TEST_CASE_METHOD(AssistantsFixture, "An assistant of somebody else is not found, one of the system is") {
  Assistant of_system = assistant(2, Owner{});
  of_system.metadata_json = R"({"created_by":"system"})";
  Assistant of_nobody = assistant(3, Owner{});
  Assistant pretender = assistant(4, kBob);
  pretender.metadata_json = R"({"created_by":"system"})";
  for (const Assistant& each : {assistant(1, kBob), of_system, of_nobody, pretender}) insert(each);

  CHECK_FALSE(find(kAlice, 1));
  CHECK(find(kAlice, 2));
  CHECK_FALSE(find(kAlice, 3));
  CHECK_FALSE(find(kAlice, 4));
  CHECK(search(of_alice()).total == 1);
}

TEST_CASE_METHOD(AssistantsFixture, "Assistants are searched by graph, part of the name and metadata") {
  Assistant other = assistant(4);
  other.graph_id = "other";
  other.name = "50% off_er";
  for (const Assistant& each : {assistant(1), assistant(2), assistant(3), other}) insert(each);

  AssistantQuery query = of_alice();
  query.graph_id = "agent";
  CHECK(search(query).total == 3);
  query = of_alice();
  query.name = "SISTANT 2";
  CHECK(names(query) == std::vector<std::string>{"Assistant 2"});
  query.name = "0% OFF_";
  CHECK(names(query) == std::vector<std::string>{"50% off_er"});
  query.name = "%";
  CHECK(search(query).total == 1);
  query = of_alice();
  query.metadata.json = R"({"number":3})";
  CHECK(names(query) == std::vector<std::string>{"Assistant 3"});
  const std::int64_t counted = read([query](const Snapshot& snapshot) { return snapshot.assistants().count(query); });
  CHECK(counted == 1);
}

TEST_CASE_METHOD(AssistantsFixture, "Assistants of others are found by a reader with whom their metadata are shared") {
  insert(assistant(1));
  Assistant shared = assistant(2);
  shared.owner = Owner{"bob"};
  shared.metadata_json = R"({"team":"mail","level":2})";
  insert(shared);
  Assistant hidden = assistant(3);
  hidden.owner = Owner{"bob"};
  insert(hidden);

  const auto seen = [&](std::vector<Containment> filters) {
    AssistantQuery query;
    query.reader = {kAlice, std::move(filters)};
    query.order = SortOrder::ascending;
    const std::vector<std::string> found = names(query);
    CHECK(std::ssize(found) == read([query](const Snapshot& snapshot) { return snapshot.assistants().count(query); }));
    for (std::uint8_t number = 1; number <= 3; ++number) {
      const AssistantReader reader = query.reader;
      const auto one =
          read([=](const Snapshot& snapshot) { return snapshot.assistants().find(reader, id<AssistantId>(number)); });
      const bool is_listed = std::ranges::find(found, "Assistant " + std::to_string(number)) != found.end();
      CHECK(one.has_value() == is_listed);
    }
    return found;
  };
  using Names = std::vector<std::string>;
  CHECK(seen({}) == Names{"Assistant 1"});
  CHECK(seen({{R"({"team":"mail"})"}}) == Names{"Assistant 1", "Assistant 2"});
  CHECK(seen({{R"({"team":"x"})"}, {R"({"level":2})"}}) == Names{"Assistant 1", "Assistant 2"});
  CHECK(seen({{R"({"team":"mail","level":3})"}}) == Names{"Assistant 1"});
  CHECK(seen({{R"({"team":"it's \"quoted\""})"}}) == Names{"Assistant 1"});
}

TEST_CASE_METHOD(AssistantsFixture, "Assistants are sorted and paged, and the total ignores the page") {
  for (std::uint8_t number = 1; number <= 5; ++number) insert(assistant(number));
  AssistantQuery query = of_alice();
  query.page = Page{2, 1};
  CHECK(names(query) == std::vector<std::string>{"Assistant 4", "Assistant 3"});
  CHECK(search(query).total == 5);
  query.sort_by = AssistantSort::updated_at;
  CHECK(names(query) == std::vector<std::string>{"Assistant 2", "Assistant 3"});
  query.sort_by = GENERATE(AssistantSort::name, AssistantSort::graph_id, AssistantSort::assistant_id);
  query.order = SortOrder::ascending;
  CHECK(names(query) == std::vector<std::string>{"Assistant 2", "Assistant 3"});
}

TEST_CASE_METHOD(AssistantsFixture, "A new version gets the highest number plus one, whichever is current") {
  insert(assistant(1));
  auto change = [](Transaction& transaction) {
    Assistant next = assistant(1);
    next.name = "second";
    next.metadata_json = R"({"kept":true})";
    next.updated_at = at(200);
    const Assistant second = transaction.assistants().add_version(next);
    const Assistant first_again = transaction.assistants().make_current(id<AssistantId>(1), 1, at(300));
    next.name = "third";
    const Assistant third = transaction.assistants().add_version(next);
    return std::vector<std::int64_t>{second.version, first_again.version, third.version};
  };
  CHECK(commit(change) == std::vector<std::int64_t>{2, 1, 3});
  CHECK(find(kAlice, 1)->name == "third");
  CHECK(find(kAlice, 1)->created_at == at(1));

  auto versions = [](const Snapshot& snapshot) {
    return snapshot.assistants().versions(id<AssistantId>(1), Containment{}, Page{});
  };
  const std::vector<Assistant> all = read(versions);
  REQUIRE(all.size() == 3);
  CHECK(all[0].version == 3);
  CHECK(all[2].name == "Assistant 1");
  CHECK(all[1].created_at == at(200));

  auto filtered = [](const Snapshot& snapshot) {
    return snapshot.assistants().versions(id<AssistantId>(1), Containment{R"({"kept":true})"}, Page{1, 1});
  };
  const std::vector<Assistant> page = read(filtered);
  REQUIRE(page.size() == 1);
  CHECK(page[0].name == "second");
}

TEST_CASE_METHOD(AssistantsFixture, "Making a version current brings back all of its fields") {
  insert(assistant(1));
  auto change = [](Transaction& transaction) {
    Assistant next = assistant(1);
    next.graph_id = "other";
    next.description = std::nullopt;
    transaction.assistants().add_version(next);
    return transaction.assistants().make_current(id<AssistantId>(1), 1, at(300));
  };
  const Assistant current = commit(change);
  CHECK(current.graph_id == "agent");
  CHECK(current.description == "for tests");
  CHECK(current.updated_at == at(300));
  CHECK(find(kAlice, 1)->version == 1);
}

TEST_CASE_METHOD(AssistantsFixture, "A version that does not exist is not found and cannot become current") {
  insert(assistant(1));
  auto find_seventh = [](const Snapshot& snapshot) {
    return snapshot.assistants().find_version(id<AssistantId>(1), 7).has_value();
  };
  CHECK_FALSE(read(find_seventh));
  auto make_current = [](Transaction& transaction) {
    transaction.assistants().make_current(id<AssistantId>(1), 7, at(300));
  };
  CHECK_THROWS_AS(commit(make_current), StorageError);
}

TEST_CASE_METHOD(AssistantsFixture, "An erased assistant leaves no version behind") {
  insert(assistant(1));
  commit([](Transaction& transaction) { transaction.assistants().erase(id<AssistantId>(1)); });
  CHECK_FALSE(find(kAlice, 1));
  CHECK(insert(assistant(1)));
}

}  // namespace heddle::storage::test
