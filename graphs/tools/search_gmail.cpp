#include "graphs/tools/search_gmail.h"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "graphs/google_api.h"
#include "graphs/mail.h"
#include "runtime/json.h"
#include "runtime/schema.h"
#include "runtime/wtf8.h"

namespace heddle::graphs {
namespace {

namespace asio = boost::asio;

constexpr std::int64_t kResultsDefault = 10;
constexpr std::int64_t kResultsMax = 500;
constexpr std::size_t kFetchesMax = 10;               // at a time; each holds an answer of up to 4 MiB
constexpr std::size_t kTextMax = 64UL * 1024;         // bytes of one mail's text
constexpr std::size_t kTextsMax = 512UL * 1024;       // bytes of all mails' texts
constexpr std::size_t kLineMax = 4UL * 1024;          // bytes of a snippet or of a header's value
constexpr std::size_t kListBytesMax = 1024UL * 1024;  // 500 hits take about 30 KiB
constexpr const char* kTooLarge = "(this mail is too large to be read here)";

struct Search {
  std::string query;
  std::int64_t results_max = kResultsDefault;
  bool threads = false;
};

Search search_of(const json::object& arguments) {
  Search search;
  search.query = runtime::find_text(arguments, "query").value_or("");
  if (const json::value* number = runtime::find_given(arguments, "maxResults"); number && number->is_number()) {
    const double wanted = number->to_number<double>();
    const double bounded = wanted > 0 ? std::min(wanted, static_cast<double>(kResultsMax)) : 1;
    search.results_max = std::max<std::int64_t>(1, static_cast<std::int64_t>(bounded));
  }
  const std::string_view resource = runtime::find_text(arguments, "resource").value_or("messages");
  if (resource != "messages" && resource != "threads") {
    throw std::invalid_argument("resource must be \"messages\" or \"threads\"");
  }
  search.threads = resource == "threads";
  return search;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80U) {
      ++at;
      continue;
    }
    const runtime::Utf8 found = runtime::utf8_at(text, at);
    if (found.kind != runtime::Utf8::Kind::character) return false;
    at += found.length;
  }
  return true;
}

std::string data_of(const json::value& part) {
  const json::value* body = runtime::find_member(part, "body");
  return body == nullptr ? std::string() : mail_text(runtime::find_text(*body, "data").value_or(""));
}

// Parts inside of parts are not looked at, as in the sample.
std::string body_of(const json::value& payload) {
  const json::array* parts = payload.is_object() ? runtime::find_array(payload.get_object(), "parts") : nullptr;
  if (parts == nullptr) return data_of(payload);
  std::string text;
  for (const json::value& part : *parts) {
    if (runtime::find_text(part, "mimeType") == "text/plain") text += data_of(part);
  }
  return text;
}

const json::value* header_of(const json::value& payload, std::string_view name) {
  const json::array* headers = payload.is_object() ? runtime::find_array(payload.get_object(), "headers") : nullptr;
  if (headers == nullptr) return nullptr;
  auto is_it = [&](const json::value& header) { return runtime::find_text(header, "name") == name; };
  const auto found = std::ranges::find_if(*headers, is_it);
  return found == headers->end() ? nullptr : &*found;
}

// One search under way. Its fetches run on one executor.
class Searching {
 public:
  Searching(HttpClient& client, const std::string& base_url, const ThirdPartyToken& token, Search search)
      : client_(client), mailbox_(base_url + "/gmail/v1/users/me/"), token_(token), search_(std::move(search)) {}

  asio::awaitable<std::string> run() {
    GoogleCall call;
    call.url =
        mailbox_ + "messages?q=" + url_encoded(search_.query) + "&maxResults=" + std::to_string(search_.results_max);
    call.answer_bytes_max = kListBytesMax;
    const json::value found = co_await call_google(client_, token_, std::move(call));
    take_hits(found);
    co_await fetch_all();
    co_return result();
  }

 private:
  struct Hit {
    std::string id;
    std::string thread_id;
    std::optional<json::object> mail;  // nothing: it has been deleted since it was found
  };

  // Without hits there is no `messages` at all.
  void take_hits(const json::value& found) {
    const json::array* hits = found.is_object() ? runtime::find_array(found.get_object(), "messages") : nullptr;
    if (hits == nullptr) return;
    for (const json::value& hit : *hits) {
      if (hits_.size() == static_cast<std::size_t>(kResultsMax)) break;
      const std::string id(runtime::find_text(hit, "id").value_or(""));
      const std::string thread_id(runtime::find_text(hit, "threadId").value_or(""));
      if (!(search_.threads ? thread_id : id).empty()) hits_.push_back({id, thread_id, std::nullopt});
    }
  }

  asio::awaitable<void> fetch_all() {
    const auto executor = co_await asio::this_coro::executor;
    using Operation = decltype(asio::co_spawn(executor, fetch_some(), asio::deferred));
    std::vector<Operation> fetchers;
    const std::size_t count = std::min(kFetchesMax, hits_.size());
    if (count == 0) co_return;
    fetchers.reserve(count);
    for (std::size_t i = 0; i < count; ++i) fetchers.push_back(asio::co_spawn(executor, fetch_some(), asio::deferred));
    auto group = asio::experimental::make_parallel_group(std::move(fetchers));
    const auto ended = co_await group.async_wait(asio::experimental::wait_for_one_error(), asio::use_awaitable);
    // In the order in which they ended: the ones behind the first failure were cancelled by it.
    const auto& failures = std::get<1>(ended);
    for (const std::size_t index : std::get<0>(ended)) {
      if (failures[index] != nullptr) std::rethrow_exception(failures[index]);
    }
  }

  // Takes hits until there are no more.
  asio::awaitable<void> fetch_some() {
    while (next_ < hits_.size()) {
      Hit& hit = hits_[next_++];
      co_await fetch(hit);
    }
  }

  asio::awaitable<void> fetch(Hit& hit) {
    GoogleCall call;
    call.url =
        mailbox_ + (search_.threads ? "threads/" + url_encoded(hit.thread_id) : "messages/" + url_encoded(hit.id));
    call.url += "?format=full";
    try {
      const json::value answer = co_await call_google(client_, token_, std::move(call));
      hit.mail = search_.threads ? first_of_thread(answer, hit.thread_id) : mail_of(answer);
    } catch (const GoogleError& error) {
      if (error.status() != 404) throw;
    } catch (const HttpError& error) {
      if (error.kind() != HttpFailure::too_large) throw;
      hit.mail = too_large(hit);
    }
  }

  static json::object first_of_thread(const json::value& thread, const std::string& id) {
    const json::array* messages = thread.is_object() ? runtime::find_array(thread.get_object(), "messages") : nullptr;
    json::object mail;
    mail["id"] = id;
    if (messages == nullptr || messages->empty()) return mail;
    const json::object first = mail_of(messages->front());
    for (const char* key : {"snippet", "body", "subject", "sender"}) {
      if (const json::value* value = first.if_contains(key)) mail[key] = *value;
    }
    return mail;
  }

  json::object too_large(const Hit& hit) const {
    json::object mail;
    mail["id"] = search_.threads ? hit.thread_id : hit.id;
    if (!search_.threads) mail["threadId"] = hit.thread_id;
    mail["body"] = kTooLarge;
    return mail;
  }

  static void shorten(json::value* line) {
    if (line == nullptr || !line->is_string() || line->get_string().size() <= kLineMax) return;
    const std::string text = shortened(std::string(line->get_string()), kLineMax);
    *line = text;
  }

  std::string result() {
    json::array mails;
    std::size_t left = kTextsMax;
    for (Hit& hit : hits_) {
      if (!hit.mail) continue;
      json::object mail = std::move(*hit.mail);
      if (json::value* body = mail.if_contains("body")) {
        std::string text = shortened(std::string(body->as_string()), std::min(left, kTextMax));
        left -= std::min(left, text.size());
        *body = text;
      }
      shorten(mail.if_contains("snippet"));
      for (const char* key : {"subject", "sender"}) {
        json::value* header = mail.if_contains(key);
        if (header != nullptr && header->is_object()) shorten(header->get_object().if_contains("value"));
      }
      mails.push_back(std::move(mail));
    }
    return "Result for the query " + search_.query + ":\n" + runtime::to_text(mails);
  }

  HttpClient& client_;
  std::string mailbox_;
  const ThirdPartyToken& token_;
  Search search_;
  std::vector<Hit> hits_;
  std::size_t next_ = 0;
};

asio::awaitable<ToolResult> search_gmail(HttpClient& client, const std::string& base_url, ToolContext& context,
                                         json::object arguments) {
  std::string failure;
  try {
    Searching searching(client, base_url, context.token(), search_of(arguments));
    std::string text = co_await searching.run();
    co_return text;
  } catch (const GoogleError& error) {
    failure = error.what();
  } catch (const HttpError& error) {
    failure = error.what();
  }
  throw std::runtime_error("Error while searching Gmail: " + failure);
}

}  // namespace

std::string mail_text(std::string_view data) {
  const std::optional<std::string> bytes = from_base64url(data);
  if (!bytes) return std::string(data);
  if (is_utf8(*bytes)) return *bytes;
  std::string text;
  for (const char c : *bytes) runtime::append_wtf8(text, static_cast<unsigned char>(c));
  return text;
}

std::string shortened(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text + " (cut here)";
}

json::object mail_of(const json::value& message) {
  json::object mail;
  for (const char* key : {"id", "threadId", "snippet"}) {
    if (const json::value* value = runtime::find_member(message, key)) mail[key] = *value;
  }
  const json::value* payload = runtime::find_member(message, "payload");
  const json::value none;
  if (payload == nullptr) payload = &none;
  mail["body"] = body_of(*payload);
  if (const json::value* subject = header_of(*payload, "Subject")) mail["subject"] = *subject;
  if (const json::value* sender = header_of(*payload, "From")) mail["sender"] = *sender;
  return mail;
}

ToolPointer search_gmail_tool(HttpClient& client, std::string base_url) {
  while (base_url.ends_with('/')) base_url.pop_back();
  json::object resource = runtime::schema::text();
  resource["enum"] = json::array{"messages", "threads"};
  json::object properties;
  properties["query"] = runtime::schema::text();
  properties["maxResults"] = runtime::schema::number();
  properties["resource"] = std::move(resource);
  json::object schema;
  schema["type"] = "object";
  schema["properties"] = std::move(properties);
  schema["required"] = json::array{"query"};
  schema["additionalProperties"] = false;
  schema["$schema"] = "http://json-schema.org/draft-07/schema#";
  ToolDeclaration declaration{
      "search_gmail",
      "Searches the user's Gmail mailbox and returns the mails that match, with sender, subject, snippet and body, as "
      "a "
      "JSON list that is empty when nothing matches. `query` takes the operators of Gmail's search box: in:inbox, "
      "is:unread, is:starred, from:NAME, to:NAME, subject:WORD, label:NAME, has:attachment, filename:NAME, "
      "after:2026/11/20, before:2026/11/27, newer_than:2d, older_than:1y, \"an exact phrase\"; operators beside each "
      "other must all match, OR between them lets one suffice, a minus in front excludes. `maxResults` is how many "
      "mails "
      "to return at most, 10 if it is left out. `resource` is messages (the default) or threads, which returns the "
      "first "
      "mail of each conversation.",
      std::move(schema)};
  auto body = [&client, base_url = std::move(base_url)](ToolContext& context, json::object arguments) {
    return search_gmail(client, base_url, context, std::move(arguments));
  };
  return make_waiting_tool(std::move(declaration), std::move(body));
}

}  // namespace heddle::graphs
