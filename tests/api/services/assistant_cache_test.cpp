#include "api/services/assistant_cache.h"

#include <catch2/catch.hpp>

#include "runtime/uuid.h"

using heddle::api::AssistantCache;
using namespace heddle;

namespace {

storage::Assistant assistant_named(const std::string& name) {
  storage::Assistant assistant;
  assistant.assistant_id = storage::AssistantId{runtime::uuid5(runtime::kAssistantNamespace, name)};
  assistant.name = name;
  return assistant;
}

const storage::Owner kAnna{"anna"};
const storage::Owner kBert{"bert"};

}  // namespace

TEST_CASE("An assistant is kept for the owner who asked, and for nobody else") {
  AssistantCache cache;
  const storage::Assistant agent = assistant_named("agent");
  cache.keep(kAnna, agent, cache.moment());
  REQUIRE(cache.find(kAnna, agent.assistant_id));
  CHECK(cache.find(kAnna, agent.assistant_id)->name == "agent");
  CHECK_FALSE(cache.find(kBert, agent.assistant_id));
}

TEST_CASE("A change makes the cache forget, before and behind its commit") {
  AssistantCache cache;
  const storage::Assistant agent = assistant_named("agent");
  cache.keep(kAnna, agent, cache.moment());
  {
    const AssistantCache::Change change(cache);
    CHECK_FALSE(cache.find(kAnna, agent.assistant_id));
    cache.keep(kAnna, agent, cache.moment());
    CHECK_FALSE(cache.find(kAnna, agent.assistant_id));
  }
  CHECK_FALSE(cache.find(kAnna, agent.assistant_id));
}

TEST_CASE("What was read before a change is not kept behind it") {
  AssistantCache cache;
  const storage::Assistant agent = assistant_named("agent");
  const std::uint64_t asked_at = cache.moment();
  {
    const AssistantCache::Change change(cache);
  }
  cache.keep(kAnna, agent, asked_at);
  CHECK_FALSE(cache.find(kAnna, agent.assistant_id));
}

TEST_CASE("The cache does not grow beyond its limit") {
  AssistantCache cache;
  const storage::Assistant first = assistant_named("first");
  cache.keep(kAnna, first, cache.moment());
  for (std::size_t i = 0; i < AssistantCache::kKeptMax; ++i) {
    cache.keep(kAnna, assistant_named(std::to_string(i)), cache.moment());
  }
  CHECK_FALSE(cache.find(kAnna, first.assistant_id));
}
