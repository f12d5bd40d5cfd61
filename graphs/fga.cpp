#include "graphs/fga.h"

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <utility>

#include "graphs/google_api.h"
#include "runtime/error.h"
#include "runtime/json.h"
#include "runtime/uuid.h"

namespace heddle::graphs {

namespace asio = boost::asio;
using runtime::GraphError;

struct Fga::Token {
  runtime::Secret text;
  storage::Timestamp renew_at;
};

namespace {

constexpr std::size_t kBatchMax = 50;                  // FGA's own
constexpr std::size_t kAnswerBytesMax = 256UL * 1024;  // fifty results take 5
constexpr double kTokenSecondsMax = 24 * 3600;         // then it is renewed, whatever the issuer says
constexpr std::chrono::seconds kRenewEarly{30};
constexpr const char* kConsistency = "HIGHER_CONSISTENCY";

json::object tuple_of(const FgaCheck& check) {
  json::object tuple;
  tuple["user"] = check.user;
  tuple["relation"] = check.relation;
  tuple["object"] = check.object;
  return tuple;
}

bool is_allowed(const json::value& result) {
  const json::value* allowed = runtime::find_member(result, "allowed");
  return allowed != nullptr && allowed->is_bool() && allowed->get_bool();
}

GraphError failure_of(const char* whom, int status) {
  const bool set_up = status >= 400 && status < 500 && status != 429;
  return GraphError(set_up ? "fga_misconfigured" : "fga_failed",
                    std::string(whom) + " answered " + std::to_string(status) +
                        (set_up ? "; check FGA_STORE_ID, FGA_CLIENT_ID, FGA_CLIENT_SECRET and the store's model"
                                : "; try again later"));
}

GraphError no_answer(const HttpError& error) {
  return GraphError("fga_failed", std::string("FGA cannot be reached: ") + error.what());
}

json::value parsed(const char* whom, const std::string& body) {
  try {
    return runtime::parse_json(body);
  } catch (const runtime::JsonError&) {
    throw GraphError("fga_failed", std::string(whom) + " answered with something that is no JSON");
  }
}

// Another tool for those who may.
class GuardedTool final : public Tool {
 public:
  GuardedTool(std::shared_ptr<Fga> fga, FgaCheckOf check_of, ToolPointer tool)
      : fga_(std::move(fga)), check_of_(std::move(check_of)), tool_(std::move(tool)) {}

  const ToolDeclaration& declaration() const override { return tool_->declaration(); }

  asio::awaitable<ToolResult> call(ToolContext& context, json::object arguments) const override {
    std::optional<FgaCheck> needed = check_of_(context, arguments);
    bool may = false;
    if (needed) may = co_await fga_->check(std::move(*needed));
    if (!may) co_return "The user is not allowed to perform the action.";
    ToolResult result = co_await tool_->call(context, std::move(arguments));
    co_return result;
  }

 private:
  std::shared_ptr<Fga> fga_;
  FgaCheckOf check_of_;
  ToolPointer tool_;
};

}  // namespace

Fga::Fga(HttpClient& client, const runtime::Clock& clock, FgaSettings settings)
    : client_(client), clock_(clock), settings_(std::move(settings)) {}

asio::awaitable<std::shared_ptr<const Fga::Token>> Fga::token() {
  std::shared_ptr<const Token> kept;
  {
    const std::lock_guard lock(mutex_);
    kept = token_;
  }
  if (kept != nullptr && clock_.now() < kept->renew_at) co_return kept;
  HttpRequest request;
  request.method = "POST";
  request.url = settings_.issuer_url + "/oauth/token";
  request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  request.body = "client_id=" + url_encoded(settings_.client_id) +
                 "&client_secret=" + url_encoded(settings_.client_secret.reveal()) +
                 "&audience=" + url_encoded(settings_.audience) + "&grant_type=client_credentials";
  request.total_timeout = settings_.timeout;
  request.body_bytes_max = kAnswerBytesMax;
  const storage::Timestamp asked_at = clock_.now();
  HttpAnswer answer;
  try {
    answer = co_await client_.fetch(std::move(request));
  } catch (const HttpError& error) {
    throw no_answer(error);
  }
  if (answer.head.status < 200 || answer.head.status > 299)
    throw failure_of("the issuer of FGA's tokens", answer.head.status);
  json::value body = parsed("the issuer of FGA's tokens", answer.body);
  runtime::wipe(answer.body);
  std::string text(runtime::find_text(body, "access_token").value_or(""));
  const json::value* seconds = runtime::find_member(body, "expires_in");
  const double given = seconds != nullptr && seconds->is_number() ? seconds->to_number<double>() : 0;
  runtime::wipe(body);
  if (text.empty()) throw GraphError("fga_failed", "the issuer of FGA's tokens answered without one");
  const std::chrono::seconds lives(static_cast<std::int64_t>(std::clamp(given, 0.0, kTokenSecondsMax)));
  const auto made =
      std::make_shared<const Token>(Token{runtime::Secret(std::move(text)), asked_at + lives - kRenewEarly});
  {
    const std::lock_guard lock(mutex_);
    token_ = made;
  }
  co_return made;
}

asio::awaitable<json::value> Fga::ask(std::string path, json::object body) {
  const std::string text = runtime::to_text(body);
  for (int attempt = 1;; ++attempt) {
    const std::shared_ptr<const Token> held = co_await token();
    HttpRequest request;
    request.method = "POST";
    request.url = settings_.api_url + "/stores/" + url_encoded(settings_.store_id) + path;
    request.headers.push_back({"Content-Type", "application/json"});
    request.secret_headers.push_back({"Authorization", "Bearer ", held->text.clone()});
    request.body = text;
    request.total_timeout = settings_.timeout;
    request.body_bytes_max = kAnswerBytesMax;
    HttpAnswer answer;
    try {
      answer = co_await client_.fetch(std::move(request));
    } catch (const HttpError& error) {
      throw no_answer(error);
    }
    const int status = answer.head.status;
    if (status >= 200 && status <= 299) co_return parsed("FGA", answer.body);
    if (status == 401) {
      const std::lock_guard lock(mutex_);
      if (token_ == held) token_ = nullptr;
    }
    // A key may have been changed since the token was made.
    if (status != 401 || attempt == 2) throw failure_of("FGA", status);
  }
}

asio::awaitable<std::vector<bool>> Fga::allowed(std::vector<FgaCheck> checks) {
  std::map<FgaCheck, bool> answers;
  for (const FgaCheck& check : checks) answers.emplace(check, false);
  for (auto next = answers.begin(); next != answers.end();) {
    std::map<std::string, bool*> asked;
    json::array list;
    for (; next != answers.end() && asked.size() < kBatchMax; ++next) {
      const std::string id = runtime::uuid4().text();
      asked.emplace(id, &next->second);
      list.push_back({{"tuple_key", tuple_of(next->first)}, {"correlation_id", id}});
    }
    json::object body;
    body["checks"] = std::move(list);
    body["consistency"] = kConsistency;
    const json::value answer = co_await ask("/batch-check", std::move(body));
    const json::value* results = runtime::find_member(answer, "result");
    if (results == nullptr) continue;
    for (const auto& [id, allowed] : asked) {
      const json::value* result = runtime::find_member(*results, id);
      *allowed = result != nullptr && is_allowed(*result);
    }
  }
  std::vector<bool> found;
  found.reserve(checks.size());
  for (const FgaCheck& check : checks) found.push_back(answers.at(check));
  co_return found;
}

asio::awaitable<bool> Fga::check(FgaCheck check) {
  json::object body;
  body["tuple_key"] = tuple_of(check);
  body["contextual_tuples"] = json::object{{"tuple_keys", json::array{}}};
  body["consistency"] = kConsistency;
  const json::value answer = co_await ask("/check", std::move(body));
  co_return is_allowed(answer);
}

std::optional<std::string> fga_user(const runtime::RunConfig& config) {
  if (config.secrets == nullptr) return std::nullopt;
  const auto user = config.secrets->find("langgraph_auth_user");
  if (user == config.secrets->end()) return std::nullopt;
  const runtime::SecretJson* email = user->second.find("email");
  const runtime::Secret* address = email == nullptr ? nullptr : email->text();
  if (address == nullptr || address->empty()) return std::nullopt;
  // Anybody can sign up with the address of somebody else.
  const runtime::SecretJson* verified = user->second.find("email_verified");
  if (verified != nullptr && verified->reveal() != json::value(true)) return std::nullopt;
  return "user:" + std::string(address->reveal());
}

ToolPointer with_fga(std::shared_ptr<Fga> fga, FgaCheckOf check_of, ToolPointer tool) {
  return std::make_shared<const GuardedTool>(std::move(fga), std::move(check_of), std::move(tool));
}

}  // namespace heddle::graphs
