#include "api/outgoing/url_policy.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "graphs/http_client.h"
#include "tests/graphs/tiny_server.h"
#include "tests/support/run.h"

using namespace heddle;
using api::UrlPolicy;
using graphs::Network;

namespace {

bool allows(const UrlPolicy& policy, const std::string& url) {
  return !api::refusal_of(policy, url);
}

graphs::PeerAddress peer(const std::string& address) {
  return {Network::parse(address).value().bytes, 443};
}

bool connects(const UrlPolicy& policy, const std::string& address) {
  return api::may_connect(policy, peer(address));
}

}  // namespace

TEST_CASE("Only http and https URLs with a host are webhooks") {
  const UrlPolicy policy;
  for (const char* url : {"https://hooks.example/a?b=c", "http://hooks.example:8080", "HTTPS://Hooks.Example/",
                          "https://8.8.8.8/", "https://[2606:4700::1111]:444/"}) {
    INFO(url);
    CHECK(allows(policy, url));
  }
  for (const char* url : {"", "hooks.example/a", "ftp://hooks.example/", "file:///etc/passwd", "gopher://x/", "http://",
                          "https://a b/", "javascript:1", "https://hooks.example:99999/"}) {
    INFO(url);
    CHECK_FALSE(allows(policy, url));
  }
  CHECK_FALSE(allows(policy, std::string("https://hooks.example/\0@x", 25)));
}

TEST_CASE("This machine and networks that are not public are refused in every notation") {
  const UrlPolicy policy;
  for (const char* host : {"localhost",
                           "LOCALHOST",
                           "localhost.",
                           "a.localhost",
                           "127.0.0.1",
                           "127.0.0.1.",
                           "127.1",
                           "2130706433",
                           "0x7f000001",
                           "0177.0.0.1",
                           "0x7f.1",
                           "017700000001",
                           "127.255.255.254",
                           "0.0.0.0",
                           "0",
                           "10.0.0.1",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.1.1",
                           "169.254.169.254",
                           "100.64.0.1",
                           "224.0.0.1",
                           "255.255.255.255",
                           "192.0.2.1",
                           "[::1]",
                           "[::]",
                           "[::ffff:127.0.0.1]",
                           "[::ffff:7f00:1]",
                           "[::ffff:10.0.0.1]",
                           "[::127.0.0.1]",
                           "[fe80::1]",
                           "[fe80::1%25eth0]",
                           "[fec0::1]",
                           "[fc00::1]",
                           "[fd12:3456::1]",
                           "[ff02::1]",
                           "[64:ff9b::10.0.0.1]",
                           "[64:ff9b:1::1]",
                           "[2002:7f00:1::]",
                           "[2001:db8::1]",
                           "[2001::1]",
                           "user:word@127.0.0.1",
                           "%6cocalhost",
                           "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1",
                           "\xe2\x93\x9bocalhost"}) {
    INFO(host);
    CHECK_FALSE(allows(policy, "http://" + std::string(host) + ":2024/hook"));
  }
  for (const char* host : {"172.15.0.1", "172.32.0.1", "100.128.0.1", "11.0.0.1", "[64:ff9b::8.8.8.8]",
                           "127.0.0.1.example", "localhost.example", "notlocalhost"}) {
    INFO(host);
    CHECK(allows(policy, "http://" + std::string(host) + "/hook"));
  }
}

TEST_CASE("The address that is connected to is judged by the same rules as one in the text") {
  const UrlPolicy policy;
  for (const char* address : {"127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3", "169.254.169.254", "0.0.0.0",
                              "fd00::1", "fe80::1", "64:ff9b::7f00:1", "ff05::2", "240.0.0.1"}) {
    INFO(address);
    CHECK_FALSE(connects(policy, address));
  }
  CHECK(connects(policy, "8.8.8.8"));
  CHECK(connects(policy, "2606:4700::1111"));
}

TEST_CASE("Loopback and networks that are not public can be allowed, each by itself") {
  UrlPolicy loopback;
  loopback.disable_loopback = false;
  CHECK(allows(loopback, "http://localhost:1/"));
  CHECK(allows(loopback, "http://127.0.0.1:1/"));
  CHECK(connects(loopback, "::1"));
  CHECK_FALSE(allows(loopback, "http://10.0.0.1/"));
  CHECK_FALSE(connects(loopback, "169.254.169.254"));

  UrlPolicy inside;
  inside.allowed_networks = {Network::parse("10.1.0.0/16").value(), Network::parse("fd00:1::/32").value()};
  CHECK(allows(inside, "http://10.1.255.1/"));
  CHECK(connects(inside, "fd00:1::5"));
  CHECK_FALSE(allows(inside, "http://10.2.0.1/"));
  CHECK_FALSE(connects(inside, "127.0.0.1"));
  CHECK_FALSE(connects(inside, "fd00:2::5"));
}

TEST_CASE("Domains, ports, the scheme and the length can be narrowed") {
  UrlPolicy policy;
  policy.allowed_domains = {"hooks.example", "*.corp.example"};
  CHECK(allows(policy, "https://hooks.example/"));
  CHECK(allows(policy, "https://Hooks.Example./"));
  CHECK(allows(policy, "https://a.b.corp.example/"));
  for (const char* url : {"https://corp.example/", "https://a.hooks.example/", "https://xcorp.example/",
                          "https://hooks.example@evil.example/", "https://evil.example/?hooks.example",
                          "https://evil.example#hooks.example", "https://evil.example\\@hooks.example/x",
                          "https://evil.example\xef\xbc\x8f.corp.example/"}) {
    INFO(url);
    CHECK_FALSE(allows(policy, url));
  }
  policy = {};
  policy.allowed_ports = {443, 8443};
  CHECK(allows(policy, "https://a.example/"));
  CHECK(allows(policy, "http://a.example:8443/"));
  CHECK_FALSE(allows(policy, "http://a.example/"));
  policy = {};
  policy.require_https = true;
  CHECK(allows(policy, "https://a.example/"));
  CHECK(api::refusal_of(policy, "http://a.example/") == "must begin with https://");
  policy = {};
  policy.max_url_length = 20;
  CHECK(allows(policy, "https://a.example/ab"));
  CHECK(api::refusal_of(policy, "https://a.example/abc") == "must have at most 20 characters");
}

TEST_CASE("A path is a route of this server, which has to be allowed") {
  UrlPolicy policy;
  CHECK_FALSE(allows(policy, "/hooks/run"));
  policy.disable_loopback = false;
  policy.require_https = true;
  policy.allowed_domains = {"hooks.example"};
  CHECK(allows(policy, "/hooks/run?a=b"));
  CHECK_FALSE(allows(policy, "/hooks/ru\nn"));
}

TEST_CASE("A refusal does not repeat the URL") {
  UrlPolicy policy;
  policy.allowed_domains = {"a.example"};
  for (const char* url : {"https://b.example/s3cret", "http://127.0.0.1/s3cret", "s3cret", "/s3cret"}) {
    CHECK(api::refusal_of(policy, url).value().find("s3cret") == std::string::npos);
  }
}

TEST_CASE("A name that leads to this machine is not called, although its text says nothing of it") {
  boost::asio::io_context io;
  test::TinyServer server([](test::TinyConnection& connection, const std::string&) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  const std::string url = "http://localhost" + server.url().substr(std::string("http://127.0.0.1").size());
  const auto call = [&](const UrlPolicy& policy) {
    graphs::HttpClient client(api::client_settings(policy, "http://192.0.2.7:1"));
    graphs::HttpRequest request;
    request.url = url;
    return test::run(io, client.fetch(std::move(request))).head.status;
  };
  UrlPolicy policy;
  try {
    call(policy);
    FAIL("it was called");
  } catch (const graphs::HttpError& error) {
    CHECK(error.kind() == graphs::HttpFailure::refused);
  }
  CHECK(server.requests().empty());
  policy.disable_loopback = false;
  CHECK(call(policy) == 200);
}

TEST_CASE("The address that this server listens on may be called only if loopback is allowed") {
  const auto may = [](bool disable_loopback, const std::string& address, std::uint16_t port) {
    UrlPolicy policy;
    policy.disable_loopback = disable_loopback;
    return api::client_settings(policy, "http://10.0.0.5:2024/api").may_connect({peer(address).bytes, port});
  };
  CHECK(may(false, "10.0.0.5", 2024));
  CHECK_FALSE(may(false, "10.0.0.5", 22));
  CHECK_FALSE(may(false, "10.0.0.6", 2024));
  CHECK_FALSE(may(true, "10.0.0.5", 2024));
}
