#include "bench/load/frame_counter.h"

#include <catch2/catch.hpp>
#include <string>

using heddle::load::FrameCounter;

TEST_CASE("Events and heartbeats are counted wherever the stream is cut") {
  const std::string stream =
      "event: metadata\ndata: {}\nid: 1\n\n: heartbeat\n\ndata: {\"a\":\": no comment\"}\r\n\r\n:\n\nevent: end\n";
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    INFO("pieces of " << size << " bytes");
    FrameCounter counter;
    for (std::size_t at = 0; at < stream.size(); at += size) counter.take(std::string_view(stream).substr(at, size));
    CHECK(counter.events() == 2);
    CHECK(counter.comments() == 2);
    CHECK(counter.bytes() == stream.size());
  }
}

TEST_CASE("An event counts when its empty line has come") {
  FrameCounter counter;
  counter.take("data: 1\n");
  CHECK(counter.events() == 0);
  counter.take("\n");
  CHECK(counter.events() == 1);
}
