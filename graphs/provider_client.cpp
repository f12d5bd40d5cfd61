#include "graphs/provider_client.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>
#include <utility>

#include "graphs/model_stream.h"
#include "graphs/retry_after.h"
#include "runtime/error.h"
#include "runtime/json.h"
#include "runtime/uuid.h"

namespace heddle::graphs {

namespace asio = boost::asio;
namespace json = boost::json;
using runtime::GraphError;
using runtime::Message;
using runtime::Value;
using std::chrono::milliseconds;

// Why an attempt gave no answer.
struct ProviderClient::Failure {
  std::string name;
  std::string text;
  bool may_retry = false;
  std::optional<milliseconds> retry_after;
};

// One call of ask() and what its attempts share.
struct ProviderClient::Asking {
  ModelStream stream;
  std::string body;
  const runtime::ItemList& messages;
  std::string id;  // of the answer if the provider gives none
  std::function<std::unique_ptr<AnswerReader>()> new_reader;
};

namespace {

constexpr std::size_t kRefusalMax = 64UL * 1024;        // bytes of an error answer that are looked at
constexpr std::size_t kAnswerMax = 16UL * 1024 * 1024;  // bytes of an answer that is not streamed
// Bytes of a streamed answer. The longest answers have 128,000 tokens with some 250 bytes of JSON around each.
constexpr std::size_t kStreamMax = 256UL * 1024 * 1024;
constexpr std::size_t kReasonMax = 400;  // bytes of the provider's reason that are shown

void replace_all(std::string& text, std::string_view wanted, std::string_view by) {
  for (std::size_t at = text.find(wanted); !wanted.empty() && at != std::string::npos; at = text.find(wanted, at)) {
    text.replace(at, wanted.size(), by);
    at += by.size();
  }
}

std::string error_name(int status) {
  switch (status) {
    case 400:
      return "BadRequestError";
    case 401:
      return "AuthenticationError";
    case 403:
      return "PermissionDeniedError";
    case 404:
      return "NotFoundError";
    case 408:
      return "APITimeoutError";
    case 429:
      return "RateLimitError";
    default:
      return status >= 500 ? "InternalServerError" : "APIError";
  }
}

// auth0-token-vault.md 11. 0 stands for an error that is none of HTTP's.
bool may_help_to_ask_again(int status) {
  if (status < 400) return false;
  const bool is_final = (status <= 407) || status == 409 || status == 413;
  return !is_final;
}

bool has_message(const runtime::ItemList& messages, std::string_view id) {
  auto is_it = [&](const Value::Item& message) { return runtime::message_id(*message) == id; };
  return std::ranges::any_of(messages, is_it);
}

double random_fraction() {
  thread_local std::minstd_rand generator(std::random_device{}());
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

// The pieces of one attempt, on their way to the streams.
void send(ModelStream& stream, const runtime::ItemList& messages, const std::string& own_id, Message piece) {
  const std::string_view id = runtime::message_id(piece);
  // A new answer with the id of an earlier message would take its place in the state (runtime.md 5.5).
  const bool must_change = !stream.has_pieces() && (id.empty() || has_message(messages, id));
  if (must_change) piece["id"] = own_id;
  stream.piece(std::move(piece));
}

}  // namespace

bool has_header(const std::vector<SecretHeader>& headers, std::string_view name) {
  return std::ranges::any_of(headers, [&](const SecretHeader& header) { return same_name(header.name, name); });
}

void add_key(ProviderEndpoint& endpoint, SecretHeader key, std::string_view or_given) {
  const bool is_given = has_header(endpoint.secret_headers, key.name) || has_header(endpoint.secret_headers, or_given);
  endpoint.has_key = is_given || !key.value.empty();
  if (!is_given && !key.value.empty()) endpoint.secret_headers.push_back(std::move(key));
}

ProviderQuestion question_with(runtime::ModelCall call, ModelOptions& options, const ModelTemperature& temperature) {
  if (temperature.of == TemperatureOf::settings || !options.temperature) options.temperature = temperature.value;
  ProviderQuestion question;
  question.call = std::move(call);
  question.call.run_id = runtime::uuid4().text();
  if (options.temperature) question.call.ls_metadata["ls_temperature"] = *options.temperature;
  question.call.tags = options.tags;
  return question;
}

std::string host_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  const std::string authority = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  const std::size_t user = authority.rfind('@');
  return user == std::string::npos ? authority : authority.substr(user + 1);
}

ProviderClient::ProviderClient(HttpClient& client, ProviderEndpoint endpoint, ProviderLimits limits)
    : client_(client), endpoint_(std::move(endpoint)), limits_(limits), host_(host_of(endpoint_.url)) {}

HttpRequest ProviderClient::request(const std::string& body) const {
  HttpRequest request;
  request.method = "POST";
  request.url = endpoint_.url;
  request.headers = endpoint_.headers;
  request.headers.push_back({"Content-Type", "application/json"});
  request.headers.push_back({"Accept", "text/event-stream"});
  for (const SecretHeader& header : endpoint_.secret_headers) {
    request.secret_headers.push_back({header.name, header.prefix, header.value.clone()});
  }
  request.body = body;
  request.connect_timeout = limits_.connect_timeout;
  request.idle_timeout = limits_.idle_timeout;
  return request;
}

// Providers quote what they were sent, sometimes with a part of the key. Texts end in logs.
std::string ProviderClient::without_secrets(std::string text) const {
  constexpr std::size_t kShort = 8;  // bytes; what is shorter is no secret, and may be a part of any word
  for (const SecretHeader& header : endpoint_.secret_headers) {
    const std::string_view value = header.value.reveal();
    if (value.size() >= kShort) replace_all(text, value, "<key>");
  }
  for (std::size_t at = text.find("sk-"); at != std::string::npos; at = text.find("sk-", at)) {
    std::size_t end = at;
    while (end < text.size() && text[end] != ' ' && text[end] != '"' && text[end] != '\'' && text[end] != ',') ++end;
    text.replace(at, end - at, "<key>");
  }
  std::size_t end = std::min(text.size(), kReasonMax);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text;
}

ProviderClient::Failure ProviderClient::refused(int status, const std::string& body, const HttpHead& head) const {
  Failure failure;
  failure.name = error_name(status);
  failure.text = host_ + " answered " + std::to_string(status);
  failure.retry_after = retry_after_of(head);
  if (status == 401 || status == 403) {
    // The provider's own text may quote the key, so it is not repeated.
    failure.text += endpoint_.has_key ? ": it does not accept the API key; check the key and what it may use"
                                      : ": it wants an API key, and none is set";
    return failure;
  }
  const Refusal refusal = endpoint_.refusal(body);
  if (!refusal.message.empty()) failure.text += ": " + without_secrets(refusal.message);
  failure.may_retry = !refusal.out_of_quota && may_help_to_ask_again(status);
  return failure;
}

// Sends the pieces of an answer on. A failure after the first piece is final: the pieces cannot be taken back.
asio::awaitable<std::optional<ProviderClient::Failure>> ProviderClient::read_answer(HttpStream& stream,
                                                                                    Asking& asking) const {
  const std::unique_ptr<AnswerReader> answer = asking.new_reader();
  const std::string_view content_type = stream.head().find("content-type").value_or("");
  const bool whole = content_type.starts_with("application/json");
  std::string body;
  std::size_t size = 0;
  for (;;) {
    const std::optional<std::string> bytes = co_await stream.next();
    if (!bytes) break;
    size += bytes->size();
    if (size > (whole ? kAnswerMax : kStreamMax)) throw AnswerError("the answer is too large");
    if (whole) {
      body += *bytes;
      continue;
    }
    std::vector<Message> pieces = answer->read(*bytes);
    for (Message& piece : pieces) send(asking.stream, asking.messages, asking.id, std::move(piece));
  }
  if (whole) {
    std::vector<Message> pieces = answer->read_whole(runtime::parse_json(body));
    for (Message& piece : pieces) send(asking.stream, asking.messages, asking.id, std::move(piece));
  }
  std::optional<Message> last = answer->finish();
  if (last) send(asking.stream, asking.messages, asking.id, std::move(*last));
  if (answer->is_complete()) co_return std::nullopt;
  Failure cut;
  cut.name = "APIConnectionError";
  cut.text = host_ + " ended the answer before it was complete";
  cut.may_retry = true;
  co_return cut;
}

asio::awaitable<std::optional<ProviderClient::Failure>> ProviderClient::try_once(Asking& asking) const {
  Failure failure;
  try {
    HttpRequest wanted = request(asking.body);
    HttpStream stream = co_await client_.open(std::move(wanted));
    if (stream.head().status == 200) {
      std::optional<Failure> outcome = co_await read_answer(stream, asking);
      co_return outcome;
    }
    std::string body;
    while (body.size() < kRefusalMax) {
      const std::optional<std::string> bytes = co_await stream.next();
      if (!bytes) break;
      body += *bytes;
    }
    co_return refused(stream.head().status, body, stream.head());
  } catch (const HttpError& error) {
    const bool timeout = error.kind() == HttpFailure::timeout;
    failure.name = timeout ? "APIConnectionTimeoutError" : "APIConnectionError";
    failure.text = error.what();
    failure.may_retry = timeout || error.kind() == HttpFailure::connection;
  } catch (const AnswerError& error) {
    failure.name = error_name(error.status());
    failure.text = host_ + ": " + without_secrets(error.what());
    failure.may_retry = may_help_to_ask_again(error.status());
  } catch (const runtime::JsonError& error) {
    failure.name = "APIError";
    failure.text = host_ + " did not answer with JSON: " + error.what();
  }
  co_return failure;
}

// How long to wait before the attempt after this one; nothing if there is to be none. `elapsed`: since the first began.
std::optional<milliseconds> ProviderClient::pause_after(int attempt, const Failure& failure,
                                                        milliseconds elapsed) const {
  if (!failure.may_retry || attempt >= limits_.attempts_max) return std::nullopt;
  milliseconds pause = limits_.backoff;
  for (int i = 1; i < attempt && pause < limits_.backoff_max; ++i) pause *= 2;
  pause = std::min(pause, limits_.backoff_max);
  pause -= milliseconds(static_cast<std::int64_t>(static_cast<double>(pause.count()) * random_fraction() / 4));
  if (failure.retry_after) pause = *failure.retry_after;
  if (pause > limits_.retry_after_max || elapsed + pause > limits_.retry_time_max) return std::nullopt;
  return pause;
}

asio::awaitable<Message> ProviderClient::ask(runtime::NodeContext& context, const runtime::ItemList& messages,
                                             ProviderQuestion question) const {
  const std::string own_id = "run-" + question.call.run_id;
  for (const json::key_value_pair& member : endpoint_.body) {
    if (member.value().is_null()) {
      question.body.erase(member.key());
    } else {
      question.body[member.key()] = member.value();
    }
  }
  std::string body = runtime::to_text(question.body);
  Asking asking{ModelStream(context, std::move(question.call), messages), std::move(body), messages, own_id,
                std::move(question.new_reader)};
  const auto began = std::chrono::steady_clock::now();
  for (int attempt = 1;; ++attempt) {
    const std::optional<Failure> failure = co_await try_once(asking);
    if (!failure) break;
    const auto elapsed = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
    const std::optional<milliseconds> pause = pause_after(attempt, *failure, elapsed);
    if (asking.stream.has_pieces() || !pause) throw GraphError(failure->name, failure->text);
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, *pause);
    co_await timer.async_wait(asio::use_awaitable);
  }
  co_return asking.stream.end();
}

}  // namespace heddle::graphs
