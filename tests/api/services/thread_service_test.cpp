#include "api/services/thread_service.h"

#include <catch2/catch.hpp>

#include "tests/api/services/service_fixture.h"

namespace heddle::api {
namespace {

namespace json = boost::json;
using test::ServiceFixture;

class ThreadFixture : public ServiceFixture {
 public:
  storage::ThreadId made(const std::string& metadata = "{}") {
    NewThread wanted;
    wanted.metadata = object(metadata);
    clock.advance(std::chrono::seconds{1});
    return get(threads.create(ann, wanted)).thread.thread_id;
  }

  // A thread of the graph `echo` with one checkpoint.
  storage::ThreadId made_with_values(const std::string& values) {
    NewThread wanted;
    wanted.metadata = object(R"({"graph_id":"echo"})");
    wanted.supersteps = {{{runtime::parse_json(values), "keep"}}};
    clock.advance(std::chrono::seconds{1});
    return get(threads.create(ann, wanted)).thread.thread_id;
  }

  void change(storage::ThreadId id, const std::function<void(storage::Thread&)>& edit) {
    get(storage->commit([this, id, edit](storage::Transaction& tx) {
      storage::Thread thread = *tx.threads().find(ann, id);
      edit(thread);
      tx.threads().update(thread);
    }));
  }

  ThreadSearch all() const {
    ThreadSearch search;
    search.query.owner = ann;
    return search;
  }

  static std::vector<storage::ThreadId> ids_of(const storage::Found<storage::Thread>& found) {
    std::vector<storage::ThreadId> ids;
    for (const storage::Thread& thread : found.records) ids.push_back(thread.thread_id);
    return ids;
  }

  ThreadService& threads = services.threads;
};

TEST_CASE_METHOD(ThreadFixture, "A new thread is idle and shows neither values nor interrupts") {
  const ThreadView thread = get(threads.get(ann, made(R"({"a":1})")));
  CHECK(thread.thread.status == storage::ThreadStatus::idle);
  CHECK(thread.thread.metadata_json == R"({"a":1})");
  CHECK(thread.thread.config_json == "{}");
  CHECK(thread.thread.created_at == thread.thread.updated_at);
  CHECK_FALSE(thread.values_json);
  CHECK_FALSE(thread.thread.interrupts_json);
}

TEST_CASE_METHOD(ThreadFixture, "A thread id that is taken is a conflict, or brings the thread that has it") {
  NewThread again;
  again.thread_id = made(R"({"n":1})");
  again.metadata = object(R"({"n":2})");
  CHECK(refusal(threads.create(ann, again)).status() == 409);
  again.if_exists = IfExists::do_nothing;
  CHECK(get(threads.create(ann, again)).thread.metadata_json == R"({"n":1})");
  CHECK(std::string(refusal(threads.create(ben, again)).what()) == "Thread already exists");
}

TEST_CASE_METHOD(ThreadFixture, "A thread of somebody else is not there") {
  const storage::ThreadId id = made();
  CHECK(std::string(refusal(threads.get(ben, id)).what()) == "Thread with ID " + id.text() + " not found");
  CHECK(std::string(refusal(threads.patch(ben, id, {})).what()) == "Thread not found");
  CHECK(refusal(threads.copy(ben, id)).status() == 409);
  CHECK_THROWS_AS(get(threads.erase(ben, id)), ApiError);
  CHECK(get(threads.prune(ben, {id}, PruneStrategy::delete_thread)) == 0);
  CHECK(get(threads.get(ann, id)).thread.thread_id == id);
}

TEST_CASE_METHOD(ThreadFixture, "Supersteps without a graph are refused before anything is created") {
  NewThread wanted;
  wanted.supersteps = {{{object(R"({"text":"x"})"), "keep"}}};
  const ApiError error = refusal(threads.create(ann, wanted));
  CHECK(error.status() == 400);
  CHECK(std::string(error.what()).ends_with(" has no graph ID"));
  CHECK(get(threads.count(all())) == 0);
}

TEST_CASE_METHOD(ThreadFixture, "A thread whose supersteps fail is not created") {
  NewThread wanted;
  wanted.metadata = object(R"({"graph_id":"echo"})");
  wanted.supersteps = {{{object(R"({"text":"x"})"), "no such node"}}};
  CHECK(refusal(threads.create(ann, wanted)).status() == 400);
  CHECK(get(threads.count(all())) == 0);
}

TEST_CASE_METHOD(ThreadFixture, "Each superstep is one checkpoint, and the values are those of the last") {
  NewThread wanted;
  wanted.metadata = object(R"({"graph_id":"echo"})");
  const json::value input = object(R"({"text":"x","log":["a"]})");
  wanted.supersteps = {{{input, "__input__"}}, {{input, "__start__"}}, {{object(R"({"log":["b"]})"), "keep"}}};
  const ThreadView created = get(threads.create(ann, wanted));
  REQUIRE(created.values_json);
  CHECK(*created.values_json == R"({"text":"x","log":["a","b"]})");
  const auto checkpoints = [id = created.thread.thread_id](const storage::Snapshot& now) {
    return now.checkpoints().list({id, "", {}, {}, "{}", 10}).size();
  };
  CHECK(get(storage->read(checkpoints)) == 3);
}

TEST_CASE_METHOD(ThreadFixture, "A patch merges metadata one level deep and keeps a null") {
  const storage::ThreadId id = made(R"({"a":{"x":1},"b":2})");
  clock.advance(std::chrono::seconds{1});
  ThreadChange change;
  change.metadata = object(R"({"a":{"y":1},"b":null})");
  const ThreadView patched = get(threads.patch(ann, id, change));
  CHECK(patched.thread.metadata_json == R"({"a":{"y":1},"b":null})");
  CHECK(patched.thread.updated_at == clock.now());
  CHECK(patched.thread.created_at < clock.now());
}

TEST_CASE_METHOD(ThreadFixture, "A time to live is kept with the time at which it ends") {
  ThreadChange change;
  change.ttl = ThreadTtl{2, PruneStrategy::keep_latest};
  const ThreadView patched = get(threads.patch(ann, made(), change));
  CHECK(patched.thread.ttl_json == R"({"strategy":"keep_latest","ttl_minutes":2})");
  CHECK(patched.thread.expires_at == clock.now() + std::chrono::minutes{2});
}

TEST_CASE_METHOD(ThreadFixture, "A deleted thread is gone with its history") {
  const storage::ThreadId id = made_with_values(R"({"text":"x"})");
  get(threads.erase(ann, id));
  CHECK(refusal(threads.get(ann, id)).status() == 404);
  CHECK_THROWS_AS(get(threads.erase(ann, id)), ApiError);
  const auto newest = [id](const storage::Snapshot& now) { return now.checkpoints().newest(id, "").has_value(); };
  CHECK_FALSE(get(storage->read(newest)));
}

TEST_CASE_METHOD(ThreadFixture,
                 "An update of a thread that is deleted meanwhile is refused, and nothing of it is stored") {
  const storage::ThreadId id = made_with_values(R"({"text":"x"})");
  const storage::Thread found = get(threads.get(ann, id)).thread;
  get(threads.erase(ann, id));
  const std::vector<std::vector<runtime::StateUpdate>> update{{{runtime::parse_json(R"({"text":"y"})"), "keep"}}};
  const ApiError refused = refusal(services.states.update(found, {}, update));
  CHECK(refused.status() == 409);
  CHECK(std::string(refused.what()).find("deleted meanwhile") != std::string::npos);
  const auto newest = [id](const storage::Snapshot& now) { return now.checkpoints().newest(id, "").has_value(); };
  CHECK_FALSE(get(storage->read(newest)));
}

TEST_CASE_METHOD(ThreadFixture, "A run leaves its state in memory for the next one, until the thread is deleted") {
  get(services.assistants.make_defaults());
  const storage::ThreadId id = made();
  RunOrigin origin;
  origin.thread_id = id;
  const Headers no_headers;
  RunRequest request =
      run_request_from(object(R"({"assistant_id":"echo","input":{"text":"x"}})"), no_headers, settings);
  const std::shared_ptr<ActiveRun> run = get(services.runs.create(Caller{ann}, origin, std::move(request)));
  get(run->ended());
  CHECK(run->record.status == storage::RunStatus::success);
  CHECK(queue.states().find(id));
  get(threads.erase(ann, id));
  CHECK_FALSE(queue.states().find(id));
}

TEST_CASE_METHOD(ThreadFixture, "What was shown of a thread stays in memory until the thread is deleted or pruned") {
  const std::string text = R"({"text":")" + std::string(100'000, 'x') + R"("})";
  const storage::ThreadId first = made_with_values(text);
  const storage::ThreadId second = made_with_values(text);
  const auto kept = [&] {
    get(threads.get(ann, first));
    const std::size_t one = shown.bytes();
    get(threads.get(ann, second));
    CHECK(shown.bytes() == 2 * one);
    return one;
  };
  shown.clear();
  const std::size_t one = kept();
  CHECK(one > 100'000);
  get(threads.prune(ann, {second}, PruneStrategy::keep_latest));
  CHECK(shown.bytes() == one);
  get(threads.erase(ann, second));
  CHECK(shown.bytes() == one);
  get(threads.erase(ann, first));
  CHECK(shown.bytes() == 0);
}

TEST_CASE_METHOD(ThreadFixture, "A search for values leaves in memory what was shown, and nothing of its own") {
  const std::string text = R"({"text":")" + std::string(100'000, 'x') + R"("})";
  const storage::ThreadId seen = made_with_values(text);
  for (int i = 0; i < 12; ++i) made_with_values(text);  // more than there is room for
  shown.clear();
  get(threads.get(ann, seen));
  const std::size_t bytes = shown.bytes();
  CHECK(bytes > 100'000);
  ThreadSearch search = all();
  search.values = object(text);
  CHECK(get(threads.count(search)) == 13);
  CHECK(shown.bytes() == bytes);
}

TEST_CASE_METHOD(ThreadFixture, "A copy has the history and the metadata but not the settings") {
  const storage::ThreadId id = made_with_values(R"({"text":"x"})");
  change(id, [](storage::Thread& thread) {
    thread.config_json = R"({"tags":["t"]})";
    thread.interrupts_json = "{}";
    thread.status = storage::ThreadStatus::interrupted;
  });
  const ThreadView copy = get(threads.copy(ann, id));
  CHECK(copy.thread.thread_id != id);
  CHECK(copy.thread.metadata_json == R"({"graph_id":"echo"})");
  CHECK(copy.thread.config_json == "{}");
  CHECK(copy.thread.status == storage::ThreadStatus::idle);
  CHECK_FALSE(copy.values_json);
  CHECK_FALSE(copy.thread.interrupts_json);
  const auto newest = [copy_id = copy.thread.thread_id](const storage::Snapshot& now) {
    return now.checkpoints().newest(copy_id, "").has_value();
  };
  CHECK(get(storage->read(newest)));
}

TEST_CASE_METHOD(ThreadFixture, "On the platform a copy shows values, interrupts and status, but is not busy") {
  settings.compat = Compat::platform;
  const storage::ThreadId id = made_with_values(R"({"text":"x"})");
  change(id, [](storage::Thread& thread) { thread.status = storage::ThreadStatus::interrupted; });
  CHECK(get(threads.copy(ann, id)).thread.status == storage::ThreadStatus::interrupted);
  CHECK(get(threads.copy(ann, id)).values_json == R"({"text":"x","log":[]})");
  change(id, [](storage::Thread& thread) { thread.status = storage::ThreadStatus::busy; });
  CHECK(get(threads.copy(ann, id)).thread.status == storage::ThreadStatus::idle);
}

TEST_CASE_METHOD(ThreadFixture, "A filter on values finds threads that hold it, and counts them all") {
  made();
  const storage::ThreadId first = made_with_values(R"({"text":"x"})");
  made_with_values(R"({"text":"y"})");
  const storage::ThreadId second = made_with_values(R"({"text":"x"})");
  ThreadSearch search = all();
  search.values = object(R"({"text":"x"})");
  search.query.page = {1, 0};
  const storage::Found<storage::Thread> page = get(threads.search(search));
  CHECK(ids_of(page) == std::vector<storage::ThreadId>{second});
  CHECK(page.total == 2);
  search.query.page = {10, 1};
  CHECK(ids_of(get(threads.search(search))) == std::vector<storage::ThreadId>{first});
  CHECK(get(threads.count(search)) == 2);
}

TEST_CASE_METHOD(ThreadFixture, "A search finds threads without their values, which are read one by one") {
  made_with_values(R"({"text":"x"})");
  const storage::Thread found = get(threads.search(all())).records.front();
  CHECK(get(threads.with_values(found)).values_json == R"({"text":"x","log":[]})");
}

TEST_CASE_METHOD(ThreadFixture, "Pruning deletes threads, each once") {
  const storage::ThreadId id = made();
  const storage::ThreadId unknown{runtime::uuid4()};
  CHECK(get(threads.prune(ann, {id, unknown, id}, PruneStrategy::delete_thread)) == 1);
  CHECK(get(threads.count(all())) == 0);
}

TEST_CASE_METHOD(ThreadFixture, "Pruning to the latest keeps one checkpoint and the values") {
  const storage::ThreadId id = made_with_values(R"({"text":"x"})");
  const storage::Thread thread = get(threads.get(ann, id)).thread;
  get(services.states.update(thread, {}, {{{object(R"({"text":"y"})"), "keep"}}}));
  CHECK(get(threads.prune(ann, {id, id}, PruneStrategy::keep_latest)) == 1);
  const auto checkpoints = [id](const storage::Snapshot& now) {
    return now.checkpoints().list({id, "", {}, {}, "{}", 10}).size();
  };
  CHECK(get(storage->read(checkpoints)) == 1);
  CHECK(get(threads.get(ann, id)).values_json == R"({"text":"y","log":[]})");
}

TEST_CASE_METHOD(ThreadFixture, "A thread with a run in flight is not pruned to the latest") {
  const storage::ThreadId id = made();
  storage::Run run;
  run.run_id = {runtime::uuid7(clock.now())};
  run.thread_id = id;
  run.owner = ann;
  get(storage->commit([run](storage::Transaction& tx) { tx.runs().insert(run); }));
  CHECK(get(threads.prune(ann, {id}, PruneStrategy::keep_latest)) == 0);
}

}  // namespace
}  // namespace heddle::api
