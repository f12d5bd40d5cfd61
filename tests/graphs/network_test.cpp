#include "graphs/network.h"

#include <catch2/catch.hpp>

using namespace heddle::graphs;

namespace {

Address address(const std::string& text) {
  return Network::parse(text).value().bytes;
}

}  // namespace

TEST_CASE("A network is an address, or the first one of a range") {
  CHECK(Network::parse("10.0.0.0/8")->contains(address("10.255.0.1")));
  CHECK_FALSE(Network::parse("10.0.0.0/8")->contains(address("11.0.0.0")));
  CHECK(Network::parse("10.0.0.1")->contains(address("10.0.0.1")));
  CHECK_FALSE(Network::parse("10.0.0.1")->contains(address("10.0.0.2")));
  CHECK(Network::parse("::/0")->contains(address("8.8.8.8")));
  for (const char* wrong : {"", "10", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "fd00::/129", "fd00::1/8",
                            "10.0.0.0/8x", "10.0.0.0/-1", "example.com"}) {
    INFO(wrong);
    CHECK_FALSE(Network::parse(wrong));
  }
}

TEST_CASE("Addresses of this machine, of private networks and for special uses are not public") {
  for (const char* text :
       {"127.0.0.1", "::1", "10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "240.0.0.1", "fd00::1", "fe80::1", "64:ff9b::7f00:1", "2001:db8::1"}) {
    INFO(text);
    CHECK_FALSE(is_public(address(text)));
  }
  for (const char* text : {"8.8.8.8", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808"}) {
    INFO(text);
    CHECK(is_public(address(text)));
  }
}

TEST_CASE("A pattern is for the names below it, and a host for itself") {
  CHECK(fits_host("*.example.com", "a.b.example.com"));
  CHECK_FALSE(fits_host("*.example.com", "example.com"));
  CHECK_FALSE(fits_host("*.example.com", "xexample.com"));
  CHECK(fits_host("example.com", "example.com"));
  CHECK_FALSE(fits_host("example.com", "a.example.com"));
}
