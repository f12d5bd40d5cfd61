#include "bench/load/response_reader.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

using heddle::load::BadAnswer;
using heddle::load::ResponseReader;

namespace {

struct Read {
  std::string body;
  std::size_t taken = 0;
  bool is_done = false;
  int status = 0;
  bool keeps_alive = false;
};

// Hands over `bytes` in pieces of `size`.
Read read(const std::string& bytes, std::size_t size) {
  Read read;
  ResponseReader reader([&](std::string_view part) { read.body += part; });
  while (read.taken < bytes.size() && !reader.is_done()) {
    const std::size_t taken = reader.take(std::string_view(bytes).substr(read.taken, size));
    if (taken == 0) break;
    read.taken += taken;
  }
  read.is_done = reader.is_done();
  read.status = reader.status();
  read.keeps_alive = reader.keeps_alive();
  return read;
}

}  // namespace

TEST_CASE("An answer is read the same wherever it is cut") {
  const std::vector<std::string> answers = {
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2;ext=1\r\nlo\r\n0\r\ntrailer: x\r\n\r\n"};
  for (const std::string& answer : answers) {
    for (std::size_t size = 1; size <= answer.size(); ++size) {
      INFO("pieces of " << size << " bytes of " << answer);
      const Read got = read(answer, size);
      CHECK(got.body == "hello");
      CHECK(got.is_done);
      CHECK(got.taken == answer.size());
      CHECK(got.status == 200);
      CHECK(got.keeps_alive);
    }
  }
}

TEST_CASE("What comes behind an answer is not taken") {
  CHECK(read("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1", 1'000).taken == 40);
  CHECK(read("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nmore", 1'000).taken == 38);
}

TEST_CASE("An answer without content ends with its head") {
  const Read got = read("HTTP/1.1 204 No Content\r\n\r\n", 1'000);
  CHECK(got.is_done);
  CHECK(got.body.empty());
}

TEST_CASE("An answer of unknown length ends with the connection") {
  std::string body;
  ResponseReader reader([&](std::string_view part) { body += part; });
  reader.take("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nall ");
  reader.take("there is");
  CHECK_FALSE(reader.is_done());
  reader.closed();
  CHECK(reader.is_done());
  CHECK(body == "all there is");
  CHECK_FALSE(reader.keeps_alive());
}

TEST_CASE("A connection that closes within an answer is an error") {
  ResponseReader reader([](std::string_view) {});
  reader.take("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel");
  CHECK_THROWS_AS(reader.closed(), BadAnswer);
}

TEST_CASE("What is no answer is refused") {
  for (const char* bytes : {"SSH-2.0-server\r\n\r\n", "HTTP/1.1 xyz\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                            "HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
                            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
                            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabc\r\n"}) {
    INFO(bytes);
    CHECK_THROWS_AS(read(bytes, 1'000), BadAnswer);
  }
  CHECK_THROWS_AS(read("HTTP/1.1 200 OK\r\n" + std::string(100'000, 'x'), 10'000), BadAnswer);
}
