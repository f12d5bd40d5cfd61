#include "graphs/tools/fetch_url.h"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/graphs/fake_context.h"
#include "tests/graphs/tiny_server.h"
#include "tests/graphs/tool_call.h"
#include "tests/graphs/vault_fixture.h"
#include "tests/support/run.h"

using namespace heddle;
using namespace heddle::graphs;
using heddle::test::http_answer;
using heddle::test::Scripted;

namespace {

const std::string kText = "Content-Type: text/plain\r\n";

// Calls of the tool with servers of the loopback, which have to be allowed as a network.
struct Fetching {
  boost::asio::io_context io;
  FetchUrlSettings settings;

  Fetching() { settings.networks = {Network::parse("127.0.0.0/8").value(), Network::parse("::1").value()}; }

  void allow(const std::string& entry) { settings.allowed.push_back(AllowedOrigin::parse(entry)); }

  // The text, or "fails " and why. The run has credentials, which must not go out.
  std::string fetch(const std::string& url) {
    test::FakeTask task;
    test::FakeContext node(task, runtime::State{});
    node.run_config.secrets = test::secrets_of({.refresh_token = "r3fresh", .access_token = "acc3ss", .user = "u"});
    ToolContext context(node, "fetch_url", "call-1", "key-1");
    try {
      return test::run(io, test::text_of_call(fetch_url_tool(settings), context, {{"url", url}}));
    } catch (const std::runtime_error& error) {
      return std::string("fails ") + error.what();
    }
  }
};

std::string at_localhost(const Scripted& server, const std::string& path = "/") {
  return "http://localhost" + server.url().substr(std::string("http://127.0.0.1").size()) + path;
}

}  // namespace

TEST_CASE_METHOD(Fetching,
                 "The text of an allowed page is given with its address, and nothing of the caller goes out") {
  const Scripted server({http_answer("200 OK", "Grüße", kText + "Set-Cookie: a=b\r\n")});
  allow(server.url());
  CHECK(fetch(server.url() + "/a?b=c#d") == "Text of " + server.url() + "/a?b=c#d (text/plain):\n\nGrüße");
  fetch(server.url() + "/again");
  REQUIRE(server.asked() == 2);
  for (const std::string& request : server.server().requests()) {
    CHECK(request.starts_with("GET /a"));
    std::vector<std::string> names;
    for (std::size_t at = request.find("\r\n") + 2; at + 2 < request.size(); at = request.find("\r\n", at) + 2) {
      names.push_back(request.substr(at, request.find(':', at) - at));
    }
    CHECK(names == std::vector<std::string>{"Host", "User-Agent", "Accept"});
  }
}

TEST_CASE_METHOD(Fetching, "What the list does not name is refused before anything is asked") {
  const Scripted server({http_answer("200 OK", "x", kText)});
  allow("docs.example.com");
  allow("*.example.org:8443");
  for (const std::string& url :
       {server.url(), std::string("http://docs.example.com/"), std::string("https://docs.example.com:444/"),
        std::string("https://docs.example.com.evil.example/"), std::string("https://example.org:8443/"),
        std::string("https://a.example.org/"), std::string("https://docs.example.com\\@evil.example/"),
        std::string("ftp://docs.example.com/"), std::string("file:///etc/passwd"), std::string("docs.example.com"),
        std::string()}) {
    INFO(url);
    CHECK(fetch(url).starts_with("fails the URL "));
  }
  CHECK(fetch("https://evil.example/s3cret") ==
        "fails the URL names a server that may not be asked; allowed are https://docs.example.com, "
        "https://*.example.org:8443");
  CHECK(fetch("https://me:w0rd@docs.example.com/") == "fails the URL must not have a user or a password in it");
  CHECK(server.asked() == 0);
}

TEST_CASE_METHOD(Fetching, "A name that leads to this machine or to a private network is not connected to") {
  const Scripted server({http_answer("200 OK", "x", kText)});
  settings.networks.clear();
  allow(at_localhost(server, ""));
  allow("http://10.255.255.1");
  CHECK(fetch(at_localhost(server)).ends_with("the host has an address that may not be called"));
  CHECK(fetch("http://10.255.255.1/").ends_with("the host has an address that may not be called"));
  CHECK(server.asked() == 0);

  const Scripted leading({http_answer("302 Found", "", "Location: http://10.255.255.1/\r\n")});
  settings.networks = {Network::parse("127.0.0.0/8").value()};
  allow(leading.url());
  CHECK(fetch(leading.url()).ends_with("the host has an address that may not be called"));
}

TEST_CASE_METHOD(Fetching, "Redirects are followed within the list, and each is checked as the first URL is") {
  const Scripted server(
      {http_answer("302 Found", "", "Location: /moved?x=1#y\r\n"), http_answer("200 OK", "here", kText)});
  allow(server.url());
  CHECK(fetch(server.url() + "/old").starts_with("Text of " + server.url() + "/moved?x=1 (text/plain):\n\nhere"));

  const Scripted outside({http_answer("200 OK", "secret", kText)});
  const Scripted leading({http_answer("307 Temporary Redirect", "", "Location: " + outside.url() + "\r\n")});
  allow(leading.url());
  CHECK(
      fetch(leading.url()).starts_with("fails the server redirects, and the URL it names names a server that may not"));
  CHECK(outside.asked() == 0);
}

TEST_CASE_METHOD(Fetching, "Redirects without end are given up") {
  const Scripted server({http_answer("301 Moved Permanently", "", "Location: /again\r\n")});
  allow(server.url());
  CHECK(fetch(server.url()) == "fails the server redirects too often");
  CHECK(server.asked() == 4);
}

TEST_CASE_METHOD(Fetching, "A long text is cut between characters, and its rest is not read") {
  std::atomic<std::size_t> sent{0};
  const test::TinyServer server([&](test::TinyConnection& connection, const std::string&) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Length: 1000000000\r\n\r\n");
    std::string part;
    for (int i = 0; i < 10'000; ++i) part += "ü";
    while (sent < 1'000'000'000 && connection.send(part)) sent += part.size();
  });
  allow(server.url(""));
  settings.characters_max = 5;
  CHECK(fetch(server.url()) ==
        "Text of " + server.url() + " (text/html):\n\nüüüüü\n\n(Cut: only the first 5 characters are shown.)");
  CHECK(sent < 100'000'000);
}

TEST_CASE_METHOD(Fetching, "Only texts are given, in character sets that can be read") {
  const auto answer = [&](const std::string& headers, const std::string& body = "abc") {
    const Scripted server({http_answer("200 OK", body, headers)});
    settings.allowed.clear();
    allow(server.url());
    const std::string text = fetch(server.url());
    const std::size_t end = text.find("\n\n");
    return end == std::string::npos ? text : text.substr(end + 2);
  };
  for (const char* type : {"application/json", "application/ld+json", "image/svg+xml", "TEXT/HTML;charset=\"utf-8\"",
                           "text/csv; charset=us-ascii", "application/xml"}) {
    INFO(type);
    CHECK(answer(std::string("Content-Type: ") + type + "\r\n") == "abc");
  }
  for (const char* type : {"image/png", "application/octet-stream", "application/pdf", "application/zip", ""}) {
    INFO(type);
    CHECK(answer(std::string("Content-Type: ") + type + "\r\n") == "fails the answer is no text, by its content type");
  }
  CHECK(answer("").starts_with("fails the answer is no text"));
  CHECK(answer(kText, std::string("a\0b", 3)) == "fails the answer is no text, by its bytes");
  CHECK(answer(kText + "Content-Encoding: gzip\r\n").starts_with("fails the answer is compressed"));
  CHECK(answer("Content-Type: text/plain; charset=iso-8859-1\r\n",
               "Gr\xfc\xdf"
               "e") == "Grüße");
  CHECK(answer("Content-Type: text/plain; charset=utf-16\r\n").starts_with("fails the answer has a character set"));
  CHECK(answer(kText,
               "a\xff"
               "b\xc3") ==
        "a\xEF\xBF\xBD"
        "b\xEF\xBF\xBD");
}

TEST_CASE_METHOD(Fetching, "A server that takes too long is given up, redirects included") {
  const test::TinyServer server([](test::TinyConnection& connection, const std::string& request) {
    if (request.starts_with("GET /slow")) {
      connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nabc");
      connection.wait_until_closed();
    }
    connection.send(http_answer("302 Found", "", "Location: /slow\r\n"));
  });
  allow(server.url(""));
  settings.timeout = std::chrono::milliseconds(150);
  CHECK(fetch(server.url("/first")).find("timed out") != std::string::npos);
}

TEST_CASE_METHOD(Fetching, "A refusal is told by host and status, without path and body") {
  const Scripted server({http_answer("404 Not Found", "private words", kText)});
  allow(server.url());
  CHECK(fetch(server.url() + "/s3cret") == "fails " + server.url() + " answered 404");
}

TEST_CASE("A tool that may ask nobody is not made") {
  CHECK_THROWS_WITH(fetch_url_tool({}), Catch::StartsWith("fetch_url: no server is listed"));
}

TEST_CASE("An entry of the list is a host, with a pattern, a port and http if it says so") {
  const auto text = [](const std::string& entry) {
    const AllowedOrigin origin = AllowedOrigin::parse(entry);
    return origin.scheme + " " + origin.host + " " + std::to_string(origin.port);
  };
  CHECK(text("Docs.Example.com") == "https docs.example.com 443");
  CHECK(text("https://docs.example.com.") == "https docs.example.com 443");
  CHECK(text("*.example.com:8443") == "https *.example.com 8443");
  CHECK(text("http://wiki.example.com") == "http wiki.example.com 80");
  CHECK(text("http://*.example.com:8080") == "http *.example.com 8080");
  CHECK(text("[2606:4700::1111]") == "https [2606:4700::1111] 443");
  for (const char* wrong : {"", "*", "*.", "https://", "a.example/x", "a.example/", "ftp://a.example", "me@a.example",
                            "a b", "*.8.8.8.8", "a.*.example", "a.example:99999", "\xc3\xbc.example"}) {
    INFO(wrong);
    CHECK_THROWS_AS(AllowedOrigin::parse(wrong), std::invalid_argument);
  }
}
