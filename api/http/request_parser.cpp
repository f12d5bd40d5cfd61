#include "api/http/request_parser.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/verb.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "api/http/target.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t kBodyReserveBytesMax = std::size_t{1} << 20;  // a client can announce more than it sends

Verb verb_from(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Verb::get;
    case http::verb::head:
      return Verb::head;
    case http::verb::post:
      return Verb::post;
    case http::verb::put:
      return Verb::put;
    case http::verb::patch:
      return Verb::patch;
    case http::verb::delete_:
      return Verb::delete_;
    case http::verb::options:
      return Verb::options;
    default:
      return Verb::other;
  }
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

class BeastParser : public http::basic_parser<true> {
 public:
  explicit BeastParser(const HttpLimits& limits) : header_bytes_left_(limits.header_bytes_max) {
    const std::size_t most = std::numeric_limits<std::uint32_t>::max();
    header_limit(static_cast<std::uint32_t>(std::min(limits.header_bytes_max, most)));
    body_limit(limits.body_bytes_max);
    eager(true);
  }

  const Request& request() const { return request_; }
  bool expects_continue() const { return is_http11_ && expects_continue_; }
  // What is known of a request that is given up.
  Request take_head() {
    request_.body.clear();
    return std::move(request_);
  }
  // Once is_done().
  Exchange take() { return {std::move(request_), keep_alive(), is_http11_}; }

 private:
  using View = boost::beast::string_view;

  void on_request_impl(http::verb verb, View, View target, int version, error_code& error) override {
    count_header_bytes(target.size(), error);
    request_.verb = verb_from(verb);
    request_.target.assign(target);
    is_http11_ = version == 11;
  }

  void on_field_impl(http::field field, View name, View value, error_code& error) override {
    if (is_header_read_) return;  // trailers of a chunked body mean nothing here
    // The parser's own limit holds for what it is given at once, not for a header sent in small pieces.
    count_header_bytes(name.size() + value.size() + 3, error);
    if (field == http::field::expect && lower_case(value) == "100-continue") expects_continue_ = true;
    if (field == http::field::transfer_encoding) has_transfer_encoding_ = true;
    request_.headers.add(lower_case(name), as_utf8(std::string(value)));
  }

  void on_header_impl(error_code& error) override {
    is_header_read_ = true;
    // Where the body of another coding ends cannot be known.
    if (has_transfer_encoding_ && !chunked()) error = http::error::bad_transfer_encoding;
    Target parsed = split_target(request_.target);
    request_.segments = std::move(parsed.segments);
    request_.trailing_slash = parsed.trailing_slash;
    request_.query = Query(parsed.query);
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    const std::uint64_t announced = length.value_or(0);
    request_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(announced, kBodyReserveBytesMax)));
  }

  std::size_t on_body_impl(View bytes, error_code&) override {
    request_.body.append(bytes);
    return bytes.size();
  }

  std::size_t on_chunk_body_impl(std::uint64_t, View bytes, error_code&) override {
    request_.body.append(bytes);
    return bytes.size();
  }

  void on_response_impl(int, View, int, error_code&) override {}
  void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
  void on_finish_impl(error_code&) override {}

  void count_header_bytes(std::size_t bytes, error_code& error) {
    if (bytes > header_bytes_left_) {
      error = http::error::header_limit;
    } else {
      header_bytes_left_ -= bytes;
    }
  }

  Request request_;
  std::size_t header_bytes_left_;
  bool is_http11_ = false;
  bool is_header_read_ = false;
  bool expects_continue_ = false;
  bool has_transfer_encoding_ = false;
};

Refusal refusal_for(const error_code& error, const HttpLimits& limits, Request seen) {
  if (error == http::error::header_limit) {
    return {431, "Request header larger than " + std::to_string(limits.header_bytes_max) + " bytes", std::move(seen)};
  }
  if (error == http::error::body_limit) {
    return {413, "Request body larger than " + std::to_string(limits.body_bytes_max) + " bytes", std::move(seen)};
  }
  return {400, "Malformed HTTP request: " + error.message(), std::move(seen)};
}

}  // namespace

class RequestParser::State {
 public:
  explicit State(const HttpLimits& given) : limits(given), parser(given) {}

  const HttpLimits& limits;
  BeastParser parser;
  std::optional<Refusal> refusal;
};

RequestParser::RequestParser(const HttpLimits& limits) : state_(std::make_unique<State>(limits)) {}

RequestParser::~RequestParser() = default;

std::size_t RequestParser::put(std::string_view bytes) {
  error_code error;
  const std::size_t taken = state_->parser.put(asio::buffer(bytes), error);
  if (error && error != http::error::need_more) {
    state_->refusal = refusal_for(error, state_->limits, state_->parser.take_head());
  }
  return taken;
}

bool RequestParser::is_refused() const {
  return state_->refusal.has_value();
}

bool RequestParser::is_done() const {
  return state_->parser.is_done();
}

bool RequestParser::is_header_done() const {
  return state_->parser.is_header_done();
}

bool RequestParser::waits_for_continue() const {
  return state_->parser.expects_continue() && state_->parser.request().body.empty();
}

Refusal RequestParser::take_refusal() {
  return std::move(*state_->refusal);
}

Refusal RequestParser::refuse_framing() {
  return refusal_for(http::error::bad_chunk_extension, state_->limits, state_->parser.take_head());
}

Refusal RequestParser::refuse(int status, std::string detail) {
  return {status, std::move(detail), state_->parser.take_head()};
}

Exchange RequestParser::take() {
  return state_->parser.take();
}

}  // namespace heddle::api
