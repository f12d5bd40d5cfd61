#pragma once
// What a client asked for and cannot have: a status and a text that is part of the contract (http-api.md 2.6).

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "api/http/message.h"
#include "api/settings.h"

namespace heddle::api {

// One field that does not fit. `path` like {"config", "tags", "0"}.
struct FieldIssue {
  std::vector<std::string> path;
  std::string message;
};

// Thrown by services and by the readers of bodies and paths; answered by the router.
class ApiError : public std::runtime_error {
 public:
  ApiError(int status, const std::string& message) : std::runtime_error(message), status_(status) {}

  static ApiError bad_request(const std::string& message) { return {400, message}; }
  static ApiError not_found(const std::string& message) { return {404, message}; }
  static ApiError conflict(const std::string& message) { return {409, message}; }
  static ApiError unprocessable(const std::string& message) { return {422, message}; }
  static ApiError unavailable(const std::string& message) { return {503, message}; }
  // The request does not fit its schema: 400, or 422 in `compat: platform` (C1).
  static ApiError invalid(FieldIssue issue);
  static ApiError invalid(std::vector<std::string> path, std::string message) {
    return invalid(FieldIssue{std::move(path), std::move(message)});
  }

  // For the answer, beside those that every answer has: `www-authenticate`, `retry-after`.
  void add_header(std::string name, std::string value) { headers_.set(std::move(name), std::move(value)); }

  int status() const { return status_; }
  const Headers& headers() const { return headers_; }
  bool is_validation() const { return !issues_.empty(); }
  const std::vector<FieldIssue>& issues() const { return issues_; }

 private:
  int status_;
  Headers headers_;
  std::vector<FieldIssue> issues_;
};

// The answer in the chosen form.
Response error_response(const ApiError& error, ErrorForm form, Compat compat);

// A run or cron names an assistant that is not there.
ApiError no_assistant_found(const std::string& id);

// Busy thread and strategy `reject` (C2: 422 or 409).
ApiError thread_is_busy(Compat compat);

}  // namespace heddle::api
