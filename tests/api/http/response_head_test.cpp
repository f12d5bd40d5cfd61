#include "api/http/response_head.h"

#include <catch2/catch.hpp>
#include <stdexcept>

using namespace heddle::api;

namespace {

ResponseHead head_of(int status, Framing framing) {
  ResponseHead head;
  head.status = status;
  head.framing = framing;
  head.body_bytes = 2;
  head.keep_alive = std::chrono::seconds{65};
  head.request_id = "id-1";
  return head;
}

}  // namespace

TEST_CASE("A header block has the handler's fields first and then those of the connection") {
  Headers headers;
  headers.add("content-type", "application/json");
  headers.add("vary", "Origin");
  headers.add("vary", "Accept");
  CHECK(head_text(head_of(200, Framing::length), headers) ==
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nvary: Origin\r\nvary: Accept\r\n"
        "x-request-id: id-1\r\ncontent-length: 2\r\nconnection: keep-alive\r\nkeep-alive: timeout=65\r\n\r\n");
}

TEST_CASE("A header block without a body says neither type nor length") {
  Headers headers;
  headers.add("content-type", "application/json");
  headers.add("location", "/a");
  ResponseHead head = head_of(204, Framing::nothing);
  head.keeps_alive = false;
  CHECK(head_text(head, headers) ==
        "HTTP/1.1 204 No Content\r\nlocation: /a\r\nx-request-id: id-1\r\nconnection: close\r\n\r\n");
}

TEST_CASE("A status without a known phrase is sent without one") {
  CHECK(head_text(head_of(299, Framing::chunked), {}).starts_with("HTTP/1.1 299 \r\n"));
}

TEST_CASE("An answer is refused if its status is not final or a header is no single line") {
  Response response;
  CHECK_NOTHROW(check(response));
  for (const int status : {0, 101, 199, 600}) {
    response.status = status;
    CHECK_THROWS_AS(check(response), std::logic_error);
  }
  for (const std::string& value : {std::string("a\nb"), std::string("a\rb"), std::string("a\0b", 3)}) {
    response = {};
    response.headers.add("location", value);
    CHECK_THROWS_AS(check(response), std::logic_error);
  }
  response = {};
  response.headers.add("", "a");
  CHECK_THROWS_AS(check(response), std::logic_error);
}
