#include "tests/api/auth/auth_server.h"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "runtime/json.h"
#include "runtime/secret.h"
#include "runtime/state_graph.h"
#include "tests/fixtures/fixtures.h"
#include "tests/fixtures/sleep.h"

namespace heddle::test {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr auto kAlgorithm = api::JwtAlgorithm::es256;

asio::awaitable<runtime::NodeResult> report(runtime::NodeContext& context) {
  co_await fixtures::sleep_ms(context.state().number("ms", 0));
  const runtime::RunConfig& config = context.config();
  json::object told{{"user_id", nullptr}, {"permissions", nullptr}, {"claims", json::array{}}, {"token_bytes", 0}};
  for (const auto& [key, value] : config.configurable) {
    if (key.starts_with("langgraph_auth")) told["claimed"] = key;
  }
  if (config.secrets) {
    for (const auto& [key, value] : *config.secrets) {
      if (key == "langgraph_auth_user_id") told["user_id"] = value.reveal();
      if (key == "langgraph_auth_permissions") told["permissions"] = value.reveal();
      if (key == "langgraph_auth_token") told["token_bytes"] = value.text()->reveal().size();
      if (key != "langgraph_auth_user") continue;
      const std::vector<std::string> names = value.keys();
      told["claims"] = json::array(names.begin(), names.end());
    }
  }
  co_return runtime::Update{{"report", std::move(told)}};
}

fixtures::GraphPointer whoami() {
  return runtime::StateGraph("whoami")
      .last("ms", runtime::schema::number())
      .last("report")
      .node("look", report)
      .edge(runtime::kStart, "look")
      .edge("look", runtime::kEnd)
      .compile();
}

void publish_keys(TinyConnection& connection, const std::string&) {
  const std::string body = key_set(TestKey::for_algorithm(kAlgorithm).jwk("k1"));
  connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

}  // namespace

std::string Reply::header(const std::string& name) const {
  const std::size_t end = text.find("\r\n\r\n");
  std::string head = text.substr(0, end + 2);
  std::ranges::transform(head, head.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const std::size_t value = at + name.size() + 4;
  return text.substr(value, text.find("\r\n", value) - value);
}

std::string Reply::body() const {
  const std::size_t end = text.find("\r\n\r\n");
  return end == std::string::npos ? "" : text.substr(end + 4);
}

json::value Reply::json() const {
  const std::string all = body();
  const std::size_t start = all.find_first_of("{[");
  const std::size_t end = all.find_last_of("}]");
  if (start == std::string::npos) throw std::runtime_error("no JSON in: " + text);
  return runtime::parse_json(std::string_view(all).substr(start, end - start + 1));
}

AuthServer::AuthServer()
    : log_(clock_, runtime::LogLevel::debug, [this](std::string_view line) { logged_ += line; }),
      issuer_(publish_keys) {
  settings.hosts = {"127.0.0.1"};
  settings.port = 0;
  settings.storage.path = (folder_.path() / "heddle.db").string();
  settings.drain = std::chrono::milliseconds{200};
  settings.auth.emplace();
  settings.auth->tokens.issuer = "https://issuer.example/";
  settings.auth->tokens.audience = "api";
  settings.auth->jwks_url = issuer_.url("/.well-known/jwks.json");
}

void AuthServer::start() {
  graphs::Registry registry;
  fixtures::add_fixture_graphs(registry);
  registry.add("whoami", whoami());
  server_ = std::make_unique<api::Server>(settings, std::move(registry), log_);
}

std::string AuthServer::token(const std::string& subject, const std::string& more) const {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch()).count();
  const std::string claims = R"({"iss":"https://issuer.example/","aud":"api","sub":")" + subject + R"(","exp":)" +
                             std::to_string(now + 3600) + more + "}";
  return test::token(TestKey::for_algorithm(kAlgorithm), kAlgorithm, R"({"alg":"ES256","kid":"k1"})", claims);
}

Reply AuthServer::ask(const std::string& method, const std::string& path, const std::string& token,
                      const std::string& body, const std::string& headers) const {
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  socket.connect({asio::ip::make_address("127.0.0.1"), server_->addresses().at(0).port});
  std::string request = method + " " + path + " HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
  request += "content-length: " + std::to_string(body.size()) + "\r\n";
  if (!token.empty()) request += shown_as + token + "\r\n";
  request += headers + "\r\n" + body;
  asio::write(socket, asio::buffer(request));
  Reply reply;
  boost::system::error_code ignored;
  asio::read(socket, asio::dynamic_buffer(reply.text), ignored);
  if (reply.text.size() > 12) reply.status = std::stoi(reply.text.substr(9, 3));
  return reply;
}

std::string AuthServer::made(const std::string& path, const std::string& token, const std::string& body,
                             const std::string& key) const {
  const Reply reply = ask("POST", path, token, body);
  if (reply.status != 200) throw std::runtime_error("nothing was made: " + reply.text);
  return std::string(reply.json().at(key).as_string());
}

bool AuthServer::some_file_holds(const std::string& needle) const {
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    if (bytes.str().find(needle) != std::string::npos) return true;
  }
  return false;
}

std::vector<std::string> disguises_of(const std::string& text) {
  std::vector<std::string> found{text};
  std::string hex;
  for (const char c : text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15U];
  }
  found.push_back(hex);
  for (std::size_t offset = 0; offset < 3; ++offset) {
    const std::string encoded = base64url(std::string(offset, 'x') + text + "xxx");
    // Without the characters at both ends, which the neighbours share.
    const std::size_t start = (offset * 8 + 5) / 6;
    found.push_back(encoded.substr(start, text.size() * 8 / 6 - 1));
  }
  return found;
}

}  // namespace heddle::test
