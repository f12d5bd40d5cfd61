#pragma once
// The bytes of one request to a Request, within the limits. Beast does the grammar; nobody else sees it.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "api/http/listener.h"
#include "api/http/message.h"

namespace heddle::api {

struct Exchange {
  Request request;
  bool keeps_alive = true;
  bool knows_chunks = true;  // HTTP/1.1
};

// A request that was not read to its end; the connection ends with this answer.
struct Refusal {
  int status = 400;
  std::string detail;
  Request seen;  // without its body
};

// For one request. Belongs to the connection; `limits` outlives it.
class RequestParser {
 public:
  explicit RequestParser(const HttpLimits& limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Takes what it can use and says how many bytes that were. What it leaves is to be given again, with what has come
  // behind it, or belongs to the next request. Not to be called once the request is done or refused.
  std::size_t put(std::string_view bytes);

  bool is_done() const;
  bool is_header_done() const;
  // Whether the peer sends no body before it has read `100 Continue`, as far as it has sent none yet.
  bool waits_for_continue() const;
  // Whether what was put cannot be read any further; take_refusal() says why. Called once.
  bool is_refused() const;
  Refusal take_refusal();

  // Gives the request up: for the framing of a chunked body that is longer than a header may be, or for a reason of
  // the caller's. Nothing but destroying follows.
  Refusal refuse_framing();
  Refusal refuse(int status, std::string detail);
  // Once is_done().
  Exchange take();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace heddle::api
