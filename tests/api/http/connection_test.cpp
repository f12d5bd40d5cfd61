#include <catch2/catch.hpp>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "tests/api/http/loopback.h"

using namespace heddle;
using api::Request;
using api::Response;
using test::Answer;
using test::Client;
using test::Loopback;
namespace asio = boost::asio;

TEST_CASE_METHOD(Loopback, "A request reaches the handler taken apart") {
  Request seen;
  serve([&seen](Request request) -> asio::awaitable<Response> {
    seen = std::move(request);
    co_return Response{};
  });
  client().ask(
      "PATCH //threads/a%20b//x/?limit=5 HTTP/1.1\r\nHost: here\r\nX-Name:  caf\xE9 \r\n"
      "Content-Length: 2\r\n\r\n{}");
  CHECK(seen.verb == api::Verb::patch);
  CHECK(seen.target == "//threads/a%20b//x/?limit=5");
  CHECK(seen.segments == std::vector<std::string>{"threads", "a b", "x"});
  CHECK(seen.trailing_slash);
  CHECK(seen.query.find("limit") == "5");
  CHECK(seen.headers.find("x-name") == "caf\xEF\xBF\xBD");
  CHECK(seen.body == "{}");
}

TEST_CASE_METHOD(Loopback, "A connection serves one request after the other and says how long it stays open") {
  serve(test::echo);
  Client client = this->client();
  const Answer first = client.ask("GET /a HTTP/1.1\r\n\r\n");
  CHECK(first.status == 200);
  CHECK(first.body == "/a|");
  CHECK(first.headers.at("content-length") == "3");
  CHECK(first.headers.at("connection") == "keep-alive");
  CHECK(first.headers.at("keep-alive") == "timeout=65");
  CHECK(client.ask("POST /b HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody").body == "/b|body");
  CHECK(listener->open_connections() == 1);
}

TEST_CASE_METHOD(Loopback, "Pipelined requests are answered in their order") {
  serve(test::echo);
  Client client = this->client();
  client.send("GET /a HTTP/1.1\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 1\r\n\r\n1\r\n\r\nGET /c HTTP/1.1\r\n\r\n");
  CHECK(client.read_answer().body == "/a|");
  CHECK(client.read_answer().body == "/b|1");
  CHECK(client.read_answer().body == "/c|");
}

TEST_CASE_METHOD(Loopback, "A request is read the same way wherever the network cuts it") {
  serve(test::echo);
  Client client = this->client();
  const std::string request =
      "POST /a HTTP/1.1\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-T: u\r\n\r\n";
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    INFO("cut after " << cut << " bytes");
    client.send(request.substr(0, cut));
    wait_until([turns = 4]() mutable { return turns-- == 0; });
    REQUIRE(client.ask(request.substr(cut)).body == "/a|abcde");
  }
}

TEST_CASE_METHOD(Loopback, "A client that leaves anywhere in its request leaves nothing behind") {
  serve(test::echo);
  const std::string request = "POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody";
  for (std::size_t sent = 0; sent < request.size(); ++sent) {
    INFO("leaves after " << sent << " bytes");
    {
      Client client = this->client();
      client.send(request.substr(0, sent));
      wait_until([this] { return listener->open_connections() == 1; });
    }
    wait_until([this] { return listener->open_connections() == 0; });
  }
  CHECK(logged.empty());
}

TEST_CASE_METHOD(Loopback, "A client that only closes its sending side still gets its answer") {
  serve(test::echo);
  Client client = this->client();
  client.send("GET /a HTTP/1.1\r\n\r\n");
  client.socket().shutdown(asio::ip::tcp::socket::shutdown_send);
  CHECK(client.read_answer().body == "/a|");
  CHECK(client.read_to_end().empty());
}

TEST_CASE_METHOD(Loopback, "Connection: close is honoured") {
  serve(test::echo);
  Client client = this->client();
  const Answer answer = client.ask("GET /a HTTP/1.1\r\nConnection: close\r\n\r\n");
  CHECK(answer.headers.at("connection") == "close");
  CHECK_FALSE(answer.headers.contains("keep-alive"));
  CHECK(client.read_to_end().empty());
}

TEST_CASE_METHOD(Loopback, "HTTP/1.0 is answered once, or longer on request") {
  serve(test::echo);
  Client once = client();
  CHECK(once.ask("GET /a HTTP/1.0\r\n\r\n").headers.at("connection") == "close");
  CHECK(once.read_to_end().empty());
  Client longer = client();
  CHECK(longer.ask("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").headers.at("connection") == "keep-alive");
  CHECK(longer.ask("GET /b HTTP/1.0\r\n\r\n").body == "/b|");
}

TEST_CASE_METHOD(Loopback, "A client that expects 100 is told to go on before it sends the body") {
  serve(test::echo);
  Client client = this->client();
  client.send("POST /a HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(client.ask("body").body == "/a|body");
  CHECK(client.ask("POST /b HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\nx").body == "/b|x");
}

TEST_CASE_METHOD(Loopback, "A body that announces itself as too large is refused before it is sent") {
  limits.body_bytes_max = 10;
  serve(test::echo);
  Client client = this->client();
  const Answer answer = client.ask("POST /a HTTP/1.1\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
  CHECK(answer.status == 413);
  CHECK(answer.body == R"({"detail":"Request body larger than 10 bytes"})");
  CHECK(answer.headers.at("content-type") == "application/json");
  CHECK(answer.headers.at("connection") == "close");
  CHECK(client.read_to_end().empty());
}

TEST_CASE_METHOD(Loopback, "A body that grows too large chunk by chunk is refused") {
  limits.body_bytes_max = 10;
  serve(test::echo);
  CHECK(client().ask("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n5\r\n").status == 413);
  CHECK(client()
            .ask("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n4\r\nghij\r\n0\r\n\r\n")
            .status == 200);
}

TEST_CASE_METHOD(Loopback, "The answer to a body that is too large survives that the client still sends") {
  limits.body_bytes_max = 10;
  serve(test::echo);
  Client client = this->client();
  client.send("POST /a HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x'));
  CHECK(client.read_answer().status == 413);
}

TEST_CASE_METHOD(Loopback, "A body of many megabytes arrives whole") {
  limits.body_bytes_max = std::size_t{32} << 20;
  std::size_t received = 0;
  serve([&received](Request request) -> asio::awaitable<Response> {
    received = request.body.size();
    co_return Response{};
  });
  const std::string body(limits.body_bytes_max, 'x');
  Client client = this->client();
  client.send("POST /a HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  CHECK(client.read_answer().status == 200);
  CHECK(received == body.size());
}

TEST_CASE_METHOD(Loopback, "A header that is too large is refused, whether it comes at once or field by field") {
  limits.header_bytes_max = 1000;
  serve(test::echo);
  const std::string field = "X-Field: " + std::string(89, 'x') + "\r\n";
  const std::string start = "GET /a HTTP/1.1\r\n";
  Answer answer;
  SECTION("at once") {
    std::string request = start;
    for (int i = 0; i < 11; ++i) request += field;
    answer = client().ask(request + "\r\n");
  }
  SECTION("field by field") {
    // Cut one byte into the next field: the parser then forgets what it has seen and its own limit with it.
    Client client = this->client();
    client.send(start + field.front());
    for (int i = 0; i < 11; ++i) {
      client.send(field.substr(1) + field.front());
      wait_until([turns = 4]() mutable { return turns-- == 0; });
    }
    answer = client.read_answer();
  }
  SECTION("in the target") {
    answer = client().ask("GET /" + std::string(1000, 'a') + " HTTP/1.1\r\n\r\n");
  }
  SECTION("without an end") {
    answer = client().ask(std::string(1100, 'A'));
  }
  CHECK(answer.status == 431);
  CHECK(answer.body == R"({"detail":"Request header larger than 1000 bytes"})");
  CHECK(answer.headers.at("connection") == "close");
}

TEST_CASE_METHOD(Loopback, "A header just below the limit is read") {
  limits.header_bytes_max = 1000;
  serve(test::echo);
  const std::string head = "GET /a HTTP/1.1\r\nX-Field: ";
  CHECK(client().ask(head + std::string(1000 - head.size() - 4, 'x') + "\r\n\r\n").status == 200);
}

TEST_CASE_METHOD(Loopback, "What is no HTTP request is refused") {
  serve(test::echo);
  for (const char* text : {
           "NONSENSE\r\n\r\n",
           "GET /a HTTP/2.0\r\n\r\n",
           "GET /a b HTTP/1.1\r\n\r\n",
           "GET /a HTTP/1.1\r\nNo colon\r\n\r\n",
           "GET /a HTTP/1.1\r\nX : y\r\n\r\n",
           "POST /a HTTP/1.1\r\nContent-Length: x\r\n\r\n",
           "POST /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
           "POST /a HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
           "POST /a HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
           "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
           "\x16\x03\x01\x02\x01\x01\r\n\r\n",
       }) {
    INFO(text);
    Client client = this->client();
    const Answer answer = client.ask(text);
    CHECK(answer.status == 400);
    CHECK(answer.body.starts_with(R"({"detail":"Malformed HTTP request)"));
    CHECK(client.read_to_end().empty());
  }
}

TEST_CASE_METHOD(Loopback, "The framing of a chunked body cannot grow without end") {
  limits.header_bytes_max = 1000;
  serve(test::echo);
  const std::string start = "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK(client().ask(start + "1;" + std::string(2000, 'x')).status == 400);
  CHECK(client().ask(start + "0\r\nX-Trailer: " + std::string(2000, 'x')).status == 400);
}

TEST_CASE_METHOD(Loopback, "HEAD is answered like GET without the body") {
  serve(test::echo);
  Client client = this->client();
  client.send("HEAD /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n");
  CHECK(client.read_head().headers.at("content-length") == "3");
  CHECK(client.read_answer().body == "/b|");
}

TEST_CASE_METHOD(Loopback, "Answers without content have neither body nor content type") {
  Response response;
  response.headers.add("content-type", "application/json");
  response.body = "ignored";
  SECTION("204") {
    response.status = 204;
  }
  SECTION("304") {
    response.status = 304;
  }
  SECTION("202") {
    response.status = 202;
  }
  serve(test::always(response));
  Client client = this->client();
  for (int i = 0; i < 2; ++i) {
    const Answer answer = client.ask("GET / HTTP/1.1\r\n\r\n");
    CHECK(answer.status == response.status);
    CHECK_FALSE(answer.headers.contains("content-type"));
    CHECK(answer.headers.contains("content-length") == (response.status == 202));
    CHECK(answer.body.empty());
  }
}

TEST_CASE_METHOD(Loopback, "A handler cannot set the headers that belong to the connection") {
  Response response;
  response.headers.add("content-length", "99");
  response.headers.add("connection", "close");
  response.headers.add("content-location", "/runs/1");
  serve(test::always(response));
  const Answer answer = client().ask("GET / HTTP/1.1\r\n\r\n");
  CHECK(answer.headers.at("content-length") == "0");
  CHECK(answer.headers.at("connection") == "keep-alive");
  CHECK(answer.headers.at("content-location") == "/runs/1");
}

TEST_CASE_METHOD(Loopback, "Every answer has a request id, the client's own if it is a sensible one") {
  std::string seen;
  serve([&seen](Request request) -> asio::awaitable<Response> {
    seen = request.request_id;
    co_return Response{};
  });
  Client client = this->client();
  const auto id_for = [&client](const std::string& header) {
    return client.ask("GET / HTTP/1.1\r\n" + header + "\r\n").headers.at("x-request-id");
  };
  CHECK(id_for("X-Request-Id: abc-1\r\n") == "abc-1");
  CHECK(seen == "abc-1");
  CHECK(id_for("X-Request-Id: " + std::string(128, 'a') + "\r\n") == std::string(128, 'a'));

  const std::string made = id_for("");
  CHECK(seen == made);
  CHECK(made != id_for(""));
  for (const std::string& bad : {std::string(129, 'a'), std::string("a b"), std::string("caf\xC3\xA9")}) {
    const std::string id = id_for("X-Request-Id: " + bad + "\r\n");
    CHECK(id.size() == 36);
    CHECK(id.at(14) == '4');
    CHECK(std::string("89ab").find(id.at(19)) != std::string::npos);
  }
  CHECK(this->client().ask("NONSENSE\r\n\r\n").headers.at("x-request-id").size() == 36);
}

TEST_CASE_METHOD(Loopback, "A handler that throws is answered with 500 and logged, and the connection goes on") {
  serve([](Request request) -> asio::awaitable<Response> {
    if (request.segments.at(0) == "bad") throw std::runtime_error("the disk is full");
    co_return Response{};
  });
  Client client = this->client();
  const Answer answer = client.ask("GET /bad?token=1 HTTP/1.1\r\nX-Request-Id: id-1\r\n\r\n");
  CHECK(answer.status == 500);
  CHECK(answer.body == R"({"detail":"Internal Server Error"})");
  CHECK(answer.headers.at("content-type") == "application/json");
  CHECK(logged == std::vector<std::string>{"handler of /bad (id-1): the disk is full"});
  CHECK(client.ask("GET /good HTTP/1.1\r\n\r\n").status == 200);
}

TEST_CASE_METHOD(Loopback, "An answer that would break the connection's framing is not sent") {
  Response response;
  SECTION("line break in a header") {
    response.headers.add("location", "/a\r\nset-cookie: b");
  }
  SECTION("impossible status") {
    response.status = 100;
  }
  serve(test::always(response));
  const Answer answer = client().ask("GET / HTTP/1.1\r\n\r\n");
  CHECK(answer.status == 500);
  CHECK_FALSE(answer.headers.contains("set-cookie"));
  CHECK(logged.size() == 1);
}

TEST_CASE_METHOD(Loopback, "Answers that no handler gave are completed by the hook") {
  hooks.complete_own_answer = [](const Request& request, api::Headers& headers) {
    headers.set("x-origin", std::string(request.headers.find("origin").value_or("none")));
  };
  limits.body_bytes_max = 1;
  serve([](Request) -> asio::awaitable<Response> {
    throw std::runtime_error("no");
    co_return Response{};
  });
  CHECK(client().ask("GET / HTTP/1.1\r\nOrigin: http://a\r\n\r\n").headers.at("x-origin") == "http://a");
  CHECK(client().ask("POST / HTTP/1.1\r\nOrigin: http://b\r\nContent-Length: 2\r\n\r\n").headers.at("x-origin") ==
        "http://b");
  CHECK(client().ask("NONSENSE\r\n\r\n").headers.at("x-origin") == "none");
}

TEST_CASE_METHOD(Loopback, "A request that does not come to its end is answered with 408") {
  limits.header_timeout = std::chrono::seconds{1};
  limits.body_timeout = std::chrono::seconds{1};
  serve(test::echo);
  Client client = this->client();
  SECTION("in the header") {
    client.send("GET /a HT");
  }
  SECTION("in the body") {
    client.send("POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\nbo");
  }
  CHECK(client.read_answer().status == 408);
  CHECK(client.read_to_end().empty());
}

// Takes the 1.8 seconds of six bytes, each of them well within the limit.
TEST_CASE_METHOD(Loopback, "A body that drips is given up like one that stops") {
  limits.body_timeout = std::chrono::seconds{1};
  serve(test::echo);
  Client client = this->client();
  client.send("POST /a HTTP/1.1\r\nContent-Length: 6\r\n\r\n");
  for (int count = 0; count < 6; ++count) {
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    client.send("x");
  }
  CHECK(client.read_answer().status == 408);
}

TEST_CASE_METHOD(Loopback, "An idle connection is closed without an answer ten seconds after what was announced") {
  limits.keep_alive = std::chrono::seconds{-10};
  serve(test::echo);
  CHECK(client().read_to_end().empty());
}

TEST_CASE_METHOD(Loopback, "A client that does not take its answer is given up") {
  limits.write_timeout = std::chrono::seconds{1};
  Response large;
  large.body.assign(std::size_t{64} << 20, 'x');
  serve(test::always(large));
  Client client = this->client();
  client.send("GET / HTTP/1.1\r\n\r\n");
  wait_until([this] { return listener->open_connections() == 1; });
  wait_until([this] { return listener->open_connections() == 0; });
}
