#include "graphs/sse_reader.h"

#include <catch2/catch.hpp>

#include "graphs/answer_reader.h"

using namespace heddle::graphs;

TEST_CASE("Events end with any kind of line, and comments and other fields are passed over") {
  SseReader reader;
  CHECK(reader.read(": ping\r\n\r\nevent: x\r\ndata: one\r\ndata:two\r\n\r\ndata: three\r\rid: 1\n\ndata\n\n") ==
        std::vector<std::string>{"one\ntwo", "three", ""});
}

TEST_CASE("An endless event is refused") {
  SseReader reader;
  CHECK_THROWS_AS(reader.read("data: " + std::string(5UL * 1024 * 1024, 'x')), AnswerError);
}
