#include "graphs/async_authorization.h"

#include <algorithm>
#include <array>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "graphs/authorization_interrupt.h"
#include "runtime/error.h"
#include "runtime/json.h"

namespace heddle::graphs {

namespace asio = boost::asio;
using runtime::GraphError;
using std::chrono::milliseconds;

namespace {

constexpr const char* kNote = "async authorization";  // {"request": {...}} or {"allowed": true}
constexpr std::size_t kFoundMax = 10'000;             // answers on their way to an execution; the oldest one goes
constexpr milliseconds kSlower{5'000};                // after slow_down; OpenID CIBA 11, RFC 8628 3.5

double number_or(const json::value& body, const char* key, double otherwise) {
  const json::value* number = runtime::find_member(body, key);
  return number != nullptr && number->is_number() ? number->to_number<double>() : otherwise;
}

milliseconds as_duration(double seconds) {
  return milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

std::string id_of(const json::value& request) {
  return std::string(runtime::find_text(request, "id").value_or(""));
}

bool is_over(const json::value& request, double now) {
  return now - number_or(request, "requestedAt", 0) >= number_or(request, "expiresIn", 0);
}

// Those that a later poll may change.
bool is_open(PermissionState state) {
  return state == PermissionState::pending || state == PermissionState::slow_down || state == PermissionState::troubled;
}

// Another tool behind a permission.
class PermittedTool final : public Tool {
 public:
  PermittedTool(std::shared_ptr<const AsyncAuthorization> authorization, PermissionWanted wanted, ToolPointer tool)
      : authorization_(std::move(authorization)), wanted_(std::move(wanted)), tool_(std::move(tool)) {}

  const ToolDeclaration& declaration() const override { return tool_->declaration(); }

  asio::awaitable<ToolResult> call(ToolContext& context, json::object arguments) const override {
    const std::optional<json::object> refused = co_await authorization_->ask(context, wanted_, arguments);
    if (refused) co_return runtime::to_text(*refused);
    ToolResult result = co_await tool_->call(context, std::move(arguments));
    co_return result;
  }

  std::optional<runtime::Probe> probe() const override {
    return [authorization = authorization_](json::value subject) { return authorization->look(std::move(subject)); };
  }

 private:
  std::shared_ptr<const AsyncAuthorization> authorization_;
  PermissionWanted wanted_;
  ToolPointer tool_;
};

}  // namespace

// A mutex, because the server looks on one thread, and executions are on others; never held while something waits.
class AsyncAuthorization::Found {
 public:
  void put(const std::string& id, PermissionAnswer answer) {
    const std::lock_guard lock(mutex_);
    if (answers_.insert_or_assign(id, answer).second) order_.push_back(id);
    while (order_.size() > kFoundMax) {
      answers_.erase(order_.front());
      order_.pop_front();
    }
  }
  bool has(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    return answers_.contains(id);
  }
  bool is_looked_for(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    return looking_.contains(id);
  }
  // While it lives, look() asks for `id`.
  class Looking {
   public:
    Looking(Found& found, const std::string& id) : found_(found) {
      const std::lock_guard lock(found_.mutex_);
      place_ = found_.looking_.insert(id);
    }
    ~Looking() {
      const std::lock_guard lock(found_.mutex_);
      found_.looking_.erase(place_);
    }
    Looking(const Looking&) = delete;
    Looking& operator=(const Looking&) = delete;

   private:
    Found& found_;
    std::multiset<std::string>::iterator place_;
  };

  std::optional<PermissionAnswer> take(const std::string& id) {
    const std::lock_guard lock(mutex_);
    const auto found = answers_.find(id);
    if (found == answers_.end()) return std::nullopt;
    const PermissionAnswer answer = found->second;
    answers_.erase(found);
    std::erase(order_, id);
    return answer;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, PermissionAnswer> answers_;
  std::multiset<std::string> looking_;
  std::deque<std::string> order_;  // oldest first
};

AsyncAuthorization::AsyncAuthorization(const runtime::Clock& clock)
    : clock_(clock), found_(std::make_unique<Found>()) {}
AsyncAuthorization::~AsyncAuthorization() = default;

double AsyncAuthorization::now() const {
  return std::chrono::duration<double>(clock_.now().time_since_epoch()).count();
}

// What the call has asked for, or asks for now; null if the user has no device.
asio::awaitable<json::value> AsyncAuthorization::request_of(ToolContext& context, const PermissionWanted& wanted,
                                                            const json::object& arguments) const {
  const std::optional<json::value> note = context.node().finished_call(kNote);
  const json::value* kept = note ? runtime::find_member(*note, "request") : nullptr;
  // One that the process before this one has asked for may be lost; then the user is asked anew.
  if (kept != nullptr && (is_over(*kept, now()) || knows(id_of(*kept)))) co_return *kept;
  if (kept == nullptr && wanted.before) co_await wanted.before(context);
  std::optional<json::object> started = co_await start(context, wanted, arguments);
  json::value request;
  if (!started) co_return request;
  request = std::move(*started);
  context.node().keep_finished_call(kNote, json::object{{"request", request}});
  co_return request;
}

asio::awaitable<PermissionAnswer> AsyncAuthorization::answer_to(const json::value& request) const {
  const std::optional<PermissionAnswer> found = found_->take(id_of(request));
  if (found) co_return *found;
  PermissionAnswer answer;
  answer.state = PermissionState::expired;
  if (is_over(request, now())) co_return answer;
  const std::string id = id_of(request);
  answer = co_await poll(id);
  // A yes is told once, and look() may have got it just now.
  const bool may_be_told = answer.state == PermissionState::invalid_grant;
  if (may_be_told && found_->is_looked_for(id)) answer.state = PermissionState::troubled;
  if (!may_be_told) co_return answer;
  const std::optional<PermissionAnswer> told_to_look = found_->take(id);
  co_return told_to_look.value_or(answer);
}

void AsyncAuthorization::interrupt(ToolContext& context, const PermissionAnswer& answer, VaultGeneration generation,
                                   const json::value& request) const {
  const bool is_slower = answer.state == PermissionState::slow_down;
  json::object question = told(is_slower ? PermissionState::slow_down : PermissionState::pending, generation, &request);
  const bool has_pause = is_slower && answer.retry_after && generation == VaultGeneration::token_vault;
  if (has_pause) question["retryAfter"] = std::chrono::duration<double>(*answer.retry_after).count();

  auto awaited = std::make_shared<runtime::Awaited>();
  awaited->probe = context.name();
  awaited->subject = json::object{{"id", id_of(request)}};
  awaited->interval = as_duration(number_or(request, "interval", 0));
  if (is_slower) awaited->interval += std::max(kSlower, answer.retry_after.value_or(kSlower));
  const double end = number_or(request, "requestedAt", 0) + number_or(request, "expiresIn", 0);
  awaited->until = storage::Timestamp(as_duration(end));
  ask_to_authorize(context, "device of the user for " + context.idempotency_key(), std::move(question),
                   std::move(awaited));
}

asio::awaitable<std::optional<json::object>> AsyncAuthorization::ask(ToolContext& context,
                                                                     const PermissionWanted& wanted,
                                                                     const json::object& arguments) const {
  check_configuration();
  std::optional<json::object> refused;
  const std::optional<json::value> note = context.node().finished_call(kNote);
  if (note && runtime::find_member(*note, "allowed") != nullptr) co_return refused;
  const json::value request = co_await request_of(context, wanted, arguments);
  if (request.is_null()) {
    refused = told(PermissionState::no_device, wanted.generation, nullptr);
    co_return refused;
  }
  const PermissionAnswer answer = co_await answer_to(request);
  if (answer.state == PermissionState::allowed) {
    context.node().keep_finished_call(kNote, json::object{{"allowed", true}});
    co_return refused;
  }
  if (answer.state == PermissionState::misconfigured) {
    throw GraphError("auth0_async_authorization_misconfigured",
                     "the Auth0 tenant refused to tell what the user said with " + std::to_string(answer.status) +
                         "; check the client and that it may use the grant");
  }
  if (is_open(answer.state)) interrupt(context, answer, wanted.generation, request);
  // The note goes with an end that is not a yes: a further call asks anew.
  context.node().keep_finished_call(kNote, nullptr);
  refused = told(answer.state, wanted.generation, answer.state == PermissionState::no_device ? nullptr : &request);
  co_return refused;
}

asio::awaitable<runtime::Sign> AsyncAuthorization::look(json::value subject) const {
  runtime::Sign sign;
  const std::string id = id_of(subject);
  sign.has_come = !knows(id) || found_->has(id);  // the execution asks anew, or finds it
  if (sign.has_come) co_return sign;
  const Found::Looking looking(*found_, id);
  const PermissionAnswer answer = co_await poll(id);
  sign.has_come = !is_open(answer.state);
  if (sign.has_come) found_->put(id, answer);
  if (answer.state == PermissionState::slow_down) {
    sign.longer_by = std::max(kSlower, answer.retry_after.value_or(kSlower));
  }
  co_return sign;
}

ToolPointer with_async_authorization(std::shared_ptr<const AsyncAuthorization> authorization, PermissionWanted wanted,
                                     ToolPointer tool) {
  return std::make_shared<const PermittedTool>(std::move(authorization), std::move(wanted), std::move(tool));
}

}  // namespace heddle::graphs
