#include "graphs/sse_reader.h"

#include <catch2/catch.hpp>

#include "graphs/answer_reader.h"

using namespace heddle::graphs;

TEST_CASE("Events end with any kind of line, and comments and other fields are passed over") {
  SseReader reader;
  CHECK(reader.read(": ping\r\n\r\nevent: x\r\ndata: one\r\ndata:two\r\n\r\ndata: three\r\rid: 1\n\ndata\n\n") ==
        std::vector<std::string>{"one\ntwo", "three", ""});
}

TEST_CASE("Events are the same wherever their bytes are cut") {
  const std::string bytes = "data: one\r\ndata:two\r\n\r\n: ping\n\ndata: three\r\rdata: four\n\n";
  const std::vector<std::string> wanted{"one\ntwo", "three", "four"};
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    SseReader reader;
    std::vector<std::string> events = reader.read(std::string_view(bytes).substr(0, cut));
    for (std::string& event : reader.read(std::string_view(bytes).substr(cut))) events.push_back(std::move(event));
    CHECK(events == wanted);
  }
  SseReader reader;
  std::vector<std::string> events;
  for (const char byte : bytes) {
    for (std::string& event : reader.read(std::string_view(&byte, 1))) events.push_back(std::move(event));
  }
  CHECK(events == wanted);
}

TEST_CASE("An endless event is refused") {
  SseReader reader;
  CHECK_THROWS_AS(reader.read("data: " + std::string(5UL * 1024 * 1024, 'x')), AnswerError);
}
