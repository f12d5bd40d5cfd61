#pragma once
// A whole server with authentication, an issuer of tokens, and clients of it, all on the loopback.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/server.h"
#include "runtime/clock.h"
#include "tests/api/auth/test_key.h"
#include "tests/graphs/tiny_server.h"
#include "tests/support/folder.h"

namespace heddle::test {

// What came back, taken apart as far as tests want.
struct Reply {
  std::string text;  // everything, as it came
  int status = 0;
  std::string header(const std::string& name) const;  // in lower case; empty if it is not there
  std::string body() const;                           // with the coding of chunks, if it has one
  boost::json::value json() const;
};

// The fixture graphs, and `whoami`: sleeps `ms`, then puts into `report` who its secrets say is calling.
class AuthServer {
 public:
  AuthServer();

  api::ServerSettings settings;
  // What stands before a credential in the header block of a request.
  std::string shown_as = "authorization: Bearer ";
  void start();
  void stop() { server_.reset(); }

  // A good token for the subject. `more`: further claims, like `,"email":"x"`.
  std::string token(const std::string& subject, const std::string& more = "") const;

  // One request on a connection of its own. `token`: empty for none. `headers`: lines with CRLF.
  Reply ask(const std::string& method, const std::string& path, const std::string& token, const std::string& body = "",
            const std::string& headers = "") const;
  // The text of member `key` of the answer, which must be one.
  std::string made(const std::string& path, const std::string& token, const std::string& body,
                   const std::string& key) const;

  // Whether any file of the server holds these bytes.
  bool some_file_holds(const std::string& needle) const;
  const std::string& logged() const { return logged_; }
  std::size_t key_requests() const { return issuer_.requests().size(); }

 private:
  Folder folder_;
  runtime::SystemClock clock_;
  std::string logged_;
  runtime::Log log_;
  TinyServer issuer_;
  std::unique_ptr<api::Server> server_;
};

// The text itself, in hex, and in base64 at each of three offsets: how it would look inside something else.
std::vector<std::string> disguises_of(const std::string& text);

}  // namespace heddle::test
