#pragma once
// The whole API in memory: requests go through the dispatcher, streams are read to their end, and the database can be
// looked at from outside.

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/dispatcher.h"
#include "api/http/target.h"
#include "api/openapi/document.h"
#include "api/runs/run_queue.h"
#include "api/runs/webhooks.h"
#include "api/services/services.h"
#include "runtime/clock.h"
#include "runtime/json.h"
#include "tests/fixtures/fixtures.h"
#include "tests/support/folder.h"
#include "tests/support/run.h"

namespace heddle::test {

struct ApiAnswer {
  int status = 0;
  api::Headers headers;
  std::string body;

  boost::json::value json() const { return runtime::parse_json(body); }
  std::string text(std::string_view key) const { return std::string(json().at(key).as_string()); }
};

class ApiFixture {
 public:
  explicit ApiFixture(api::ServerSettings chosen = {}) : settings(std::move(chosen)) {
    settings.storage.path = (folder_.path() / "heddle.db").string();
    settings.storage.synchronous = storage::Synchronous::normal;
    fixtures::add_fixture_graphs(graphs);
    storage = storage::open(settings.storage);
    webhooks = std::make_unique<api::Webhooks>(io.get_executor(), *storage, clock, log, settings.webhooks);
    queue = std::make_unique<api::RunQueue>(io.get_executor(), engines, *storage, clock, checkpoint_ids, log, settings,
                                            *webhooks);
    services = std::make_unique<api::Services>(
        api::ServiceParts{settings, *storage, clock, graphs, checkpoint_ids, log, *queue, shown});
    dispatcher = std::make_unique<api::Dispatcher>(*services, nullptr);
    run(io, services->assistants.make_defaults());
    looking_ = std::make_unique<SQLite::Database>(settings.storage.path, SQLite::OPEN_READONLY);
  }
  ~ApiFixture() { run(io, queue->drain(std::chrono::milliseconds{0})); }
  ApiFixture(const ApiFixture&) = delete;
  ApiFixture& operator=(const ApiFixture&) = delete;

  ApiAnswer ask(std::string_view method, const std::string& target, std::string body = "",
                const std::map<std::string, std::string>& headers = {}) {
    api::Request request;
    request.verb = verb_of(method);
    request.target = target;
    api::Target parts = api::split_target(request.target);
    request.segments = std::move(parts.segments);
    request.trailing_slash = parts.trailing_slash;
    request.query = api::Query(parts.query);
    request.body = std::move(body);
    for (const auto& [name, value] : headers) request.headers.add(name, value);
    api::Response response = run(io, dispatcher->answer(std::move(request)));
    ApiAnswer answer{response.status, response.headers, response.body};
    if (response.stream) {
      Collector collector;
      run(io, response.stream(collector));
      answer.body = std::move(collector.bytes);
    }
    return answer;
  }

  // Another number when anything was stored in between, and only then.
  std::int64_t database_version() { return looking_->execAndGet("PRAGMA data_version").getInt64(); }

  // Every row of every table.
  std::string database_dump() {
    std::string dump;
    SQLite::Statement tables(*looking_, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    while (tables.executeStep()) {
      const std::string table = tables.getColumn(0).getString();
      dump += "== " + table + "\n";
      SQLite::Statement rows(*looking_, "SELECT * FROM \"" + table + "\"");
      while (rows.executeStep()) {
        for (int i = 0; i < rows.getColumnCount(); ++i) dump += rows.getColumn(i).getString() + "|";
        dump += "\n";
      }
    }
    return dump;
  }

 private:
  class Collector : public api::BodyWriter {
   public:
    boost::asio::awaitable<void> write(std::string_view chunk) override {
      bytes += chunk;
      co_return;
    }
    std::string bytes;
  };

  static api::Verb verb_of(std::string_view method) {
    using enum api::Verb;
    for (const api::Verb verb : {get, head, post, put, patch, delete_, options}) {
      if (api::openapi::method_of(verb) == method) return verb;
    }
    return other;
  }

  Folder folder_;

 public:
  boost::asio::io_context io;
  runtime::SystemClock clock;
  std::string logged;  // errors only
  runtime::Log log{clock, runtime::LogLevel::error, [this](std::string_view line) { logged += line; }};
  api::ServerSettings settings;
  graphs::Registry graphs;
  runtime::CheckpointIds checkpoint_ids;
  api::EngineThreads engines{1};
  runtime::PartCache shown{std::size_t{1} << 20};
  std::unique_ptr<storage::Storage> storage;
  std::unique_ptr<api::Webhooks> webhooks;
  std::unique_ptr<api::RunQueue> queue;
  std::unique_ptr<api::Services> services;
  std::unique_ptr<api::Dispatcher> dispatcher;

 private:
  std::unique_ptr<SQLite::Database> looking_;
};

}  // namespace heddle::test
