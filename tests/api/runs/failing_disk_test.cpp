// A disk that takes what is written and does not make it durable.

#include <catch2/catch.hpp>
#include <string>

#include "tests/api/runs/server_fixture.h"
#include "tests/support/syncs.h"

using namespace heddle;
using namespace heddle::test;

TEST_CASE_METHOD(ServerFixture,
                 "What a failing disk made of a request nobody claims to know, and nothing comes behind it") {
  auto server = start();
  const std::string thread = "/threads/" + new_thread(*server);
  Syncs::seen().let_fail(settings().storage.path + "-wal");
  const std::string uncertain = ask(*server, "POST", "/threads", "{}");
  Syncs::seen().release();
  CHECK(uncertain.starts_with("HTTP/1.1 503"));
  CHECK(uncertain.find("when the server has been started again") != std::string::npos);
  CHECK(uncertain.find("Nothing was changed") == std::string::npos);

  const std::string refused = ask(*server, "POST", "/threads", "{}");
  CHECK(refused.starts_with("HTTP/1.1 503"));
  CHECK(refused.find("Nothing was changed") != std::string::npos);
  const std::string ready = ask(*server, "GET", "/ready");
  CHECK(ready.starts_with("HTTP/1.1 503"));
  CHECK(ready.find(R"("stuck":["database"])") != std::string::npos);
  CHECK(ask(*server, "GET", thread).starts_with("HTTP/1.1 200"));

  server->stop();
  server.reset();
  server = start();
  CHECK(ask(*server, "GET", thread).starts_with("HTTP/1.1 200"));
  CHECK(ask(*server, "POST", "/threads", "{}").starts_with("HTTP/1.1 200"));
  CHECK(ask(*server, "GET", "/ready").starts_with("HTTP/1.1 200"));
}
