#pragma once
// Questions to a provider of models over HTTP: attempts, pauses, limits, and errors with the names that clients know.
// What a question and an answer look like is the business of the provider's wire format.

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graphs/answer_reader.h"
#include "graphs/chat_model.h"
#include "graphs/http_client.h"
#include "runtime/message.h"
#include "runtime/node.h"

namespace heddle::graphs {

// Whose temperature is sent.
enum class TemperatureOf {
  agent,     // that of ModelOptions; the settings' if there is none
  settings,  // that of the settings, and none if they have none: the user has decided, or the provider takes none
};

struct ModelTemperature {
  std::optional<double> value;  // empty: the provider's
  TemperatureOf of = TemperatureOf::agent;
};

struct ProviderLimits {
  // With the first; before the first piece of an answer only. Six repetitions, as LangChain has them
  // (auth0-token-vault.md 11), last up to half a minute.
  int attempts_max = 7;
  std::chrono::milliseconds backoff{500};  // before the second attempt, then doubled, with up to a quarter of jitter
  std::chrono::milliseconds backoff_max{8'000};
  std::chrono::milliseconds retry_after_max{60'000};  // a longer Retry-After of the provider ends the call at once
  // No further attempt begins later than this after the first: with a provider that never says anything, seven idle
  // timeouts would be more than half an hour.
  std::chrono::milliseconds retry_time_max{300'000};
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds idle_timeout{300'000};  // reasoning models are silent for minutes before their first piece
};

// Where the questions go. Moved, not copied, because of its secrets.
struct ProviderEndpoint {
  std::string url;  // whole
  std::vector<HttpHeader> headers;
  std::vector<SecretHeader> secret_headers;  // the key, and what the user gives
  bool has_key = false;                      // among the secret headers; models on the own machine want none
  boost::json::object body;                  // members of every question: they replace its own, null takes one out
  Refusal (*refusal)(std::string_view body) = nullptr;  // reads the body of an error answer
};

struct ProviderQuestion {
  runtime::ModelCall call;
  boost::json::object body;
  std::function<std::unique_ptr<AnswerReader>()> new_reader;  // one for each attempt
};

// What is tried again: network errors, time-outs, answers that end before their first piece, and every refusal but 400
// to 407, 409, 413, redirects and an exhausted quota (auth0-token-vault.md 11). Fails with a GraphError that is called
// APIConnectionError, APIConnectionTimeoutError, AuthenticationError, PermissionDeniedError, NotFoundError,
// RateLimitError, BadRequestError, InternalServerError or APIError; its text holds no secret of the endpoint.
//
// Immutable: any number of tasks may ask at a time.
class ProviderClient {
 public:
  // The HTTP client outlives this.
  ProviderClient(HttpClient& client, ProviderEndpoint endpoint, ProviderLimits limits);

  // Sends the pieces to `context` as they come and gives the finished message. `messages` are those that were asked
  // with. Cancellable: the connection is closed.
  boost::asio::awaitable<runtime::Message> ask(runtime::NodeContext& context, const runtime::ItemList& messages,
                                               ProviderQuestion question) const;

 private:
  struct Failure;
  struct Asking;
  boost::asio::awaitable<std::optional<Failure>> try_once(Asking& asking) const;
  boost::asio::awaitable<std::optional<Failure>> read_answer(HttpStream& stream, Asking& asking) const;
  HttpRequest request(const std::string& body) const;
  Failure refused(int status, const std::string& body, const HttpHead& head) const;
  std::string without_secrets(std::string text) const;
  std::optional<std::chrono::milliseconds> pause_after(int attempt, const Failure& failure,
                                                       std::chrono::milliseconds elapsed) const;

  HttpClient& client_;
  ProviderEndpoint endpoint_;
  ProviderLimits limits_;
  std::string host_;
};

// Whether there is a header of this name, in any case.
bool has_header(const std::vector<SecretHeader>& headers, std::string_view name);

// Gives the endpoint a key, which may be empty, unless the user's headers have one of its name or of `or_given`.
void add_key(ProviderEndpoint& endpoint, SecretHeader key, std::string_view or_given = {});

// The question but for its body and reader. `call`: class and ls_metadata of the provider, without the temperature,
// which is put into `options` too.
ProviderQuestion question_with(runtime::ModelCall call, ModelOptions& options, const ModelTemperature& temperature);

// Host and port of a URL, without the user, which may be secret.
std::string host_of(const std::string& url);

}  // namespace heddle::graphs
