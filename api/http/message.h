#pragma once
// Requests and responses as the rest of the server sees them: without Beast, without sockets.

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::api {

enum class Verb { get, head, post, put, patch, delete_, options, other };

// Field names are kept in lower case, in the order in which they came; a name may come twice.
class Headers {
 public:
  void add(std::string name, std::string value);
  void set(std::string name, std::string value);  // takes the place of all of that name
  // The first of that name; `name` in lower case.
  std::optional<std::string_view> find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// Query parameters, percent-decoded, in order. A parameter with an empty value counts as absent
// (http-api.md 2.3).
class Query {
 public:
  Query() = default;
  explicit Query(std::string_view encoded);
  std::optional<std::string> find(std::string_view name) const;
  // `true`, `1`, `yes` in any case are true, everything else is false; absent: `otherwise`.
  bool flag(std::string_view name, bool otherwise) const;
  // The three forms of lists: repeated, one JSON array as text, comma-separated. Absent: empty.
  std::vector<std::string> list(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

struct Request {
  Verb verb = Verb::get;
  std::string target;                 // as it came: path and query
  std::vector<std::string> segments;  // of the path, percent-decoded, doubled slashes folded
  bool trailing_slash = false;
  Query query;
  Headers headers;
  std::string body;
  std::map<std::string, std::string> params;  // filled by the router from `{name}` segments
  std::string request_id;                     // `x-request-id`, or a new UUID
  std::string peer;                           // address of the other end of the connection, empty if unknown
};

// Where the body of a streamed response goes. Belongs to the connection.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  // Sends `bytes`, as one chunk where there are chunks, at once. Returns when the socket has taken them; throws
  // boost::system::system_error when the client is gone.
  virtual boost::asio::awaitable<void> write(std::string_view bytes) = 0;
};

// Produces the body of a response that takes time. It runs after the header block was sent and is
// cancelled (terminal) when the client goes away; it must let that cancellation through.
using BodyStream = std::function<boost::asio::awaitable<void>(BodyWriter&)>;

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  BodyStream stream;  // if set, `body` is not used
  // How much the stream writes in all, if that is known; otherwise the answer is chunked.
  std::optional<std::size_t> stream_bytes;
};

// Answers one request. Exceptions that leave it are answered by the connection with 500.
using Handler = std::function<boost::asio::awaitable<Response>(Request)>;

}  // namespace heddle::api
