#include "graphs/tools/send_mail.h"

#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "graphs/google_api.h"
#include "graphs/mail.h"
#include "runtime/json.h"
#include "runtime/schema.h"

namespace heddle::graphs {
namespace {

namespace asio = boost::asio;

constexpr const char* kNote = "send_mail under way";
constexpr const char* kUncertain =
    "It is not known whether this mail was sent: the connection or the server ended while it was under way. It was not "
    "sent again; let the user look into the folder of sent mails before anything else is tried.";

std::vector<std::string> addresses_of(const json::object& arguments, std::string_view key) {
  std::vector<std::string> addresses;
  const json::array* list = runtime::find_array(arguments, key);
  if (list == nullptr) return addresses;
  for (const json::value& one : *list) {
    if (!one.is_string()) throw std::invalid_argument(std::string(key) + ": must be a list of addresses");
    addresses.emplace_back(one.get_string());
  }
  return addresses;
}

Mail mail_from(const json::object& arguments, const std::string& idempotency_key) {
  Mail mail;
  mail.to = addresses_of(arguments, "to");
  mail.cc = addresses_of(arguments, "cc");
  mail.subject = std::string(runtime::find_text(arguments, "subject").value_or(""));
  mail.body = std::string(runtime::find_text(arguments, "body").value_or(""));
  mail.message_id = idempotency_key + "@heddle.invalid";
  return mail;
}

GoogleCall sending(const std::string& base_url, const json::object& arguments, const std::string& idempotency_key) {
  const Mail mail = mail_from(arguments, idempotency_key);
  const json::object body{{"raw", base64url(message_text(mail))}};
  GoogleCall call;
  call.method = "POST";
  call.url = base_url + "/gmail/v1/users/me/messages/send";
  call.body = runtime::to_text(body);
  call.idempotency_key = idempotency_key;
  return call;
}

std::string sent_text(const json::object& arguments, const json::value& answer) {
  std::string text = "The mail was sent to ";
  bool first = true;
  for (const char* key : {"to", "cc"}) {
    for (const std::string& address : addresses_of(arguments, key)) {
      text += (first ? "" : ", ") + address;
      first = false;
    }
  }
  const std::string_view id = runtime::find_text(answer, "id").value_or("");
  if (!id.empty() && id.size() <= 64) text.append(" (Gmail's id of it: ").append(id).append(")");
  return text + ".";
}

// No mail has left: Gmail said so, or nothing was given to it.
bool is_unsent(const HttpError& error) {
  return error.kind() == HttpFailure::certificate || error.kind() == HttpFailure::request ||
         error.kind() == HttpFailure::refused;
}

asio::awaitable<ToolResult> send_mail(HttpClient& client, const std::string& base_url, ToolContext& context,
                                      json::object arguments) {
  const std::optional<json::value> note = context.node().finished_call(kNote);
  if (note && *note == true) throw std::runtime_error(kUncertain);
  GoogleCall call = sending(base_url, arguments, context.idempotency_key());
  context.node().keep_finished_call(kNote, true);
  json::value answer;
  std::string failure;
  bool unsent = false;
  try {
    answer = co_await call_google(client, context.token(), std::move(call));
  } catch (const ThirdPartyRefusal&) {
    context.node().keep_finished_call(kNote, false);
    throw;
  } catch (const GoogleError& error) {
    const bool taken = error.status() < 300;  // with an answer that is no JSON
    unsent = !taken && error.status() < 500;
    if (!taken) failure = error.what();
  } catch (const HttpError& error) {
    unsent = is_unsent(error);
    failure = error.what();
  }
  if (failure.empty()) co_return sent_text(arguments, answer);
  if (unsent) context.node().keep_finished_call(kNote, false);
  throw std::runtime_error("Error while sending the mail: " + failure + (unsent ? "" : std::string(". ") + kUncertain));
}

json::object address_list(std::string description) {
  return described(runtime::schema::list(runtime::schema::text()), std::move(description));
}

}  // namespace

ToolPointer send_mail_tool(HttpClient& client, std::string base_url) {
  while (base_url.ends_with('/')) base_url.pop_back();
  json::object schema =
      parameters({{"to", address_list("Plain addresses like name@example.com, at most 50.")},
                  {"subject", described(runtime::schema::text(), "One line.")},
                  {"body", described(runtime::schema::text(), "The whole text of the mail, plain, with greeting.")}});
  schema["properties"].as_object()["cc"] = address_list("Who gets a copy, as plain addresses. May be left out.");
  schema["additionalProperties"] = false;
  ToolDeclaration declaration{
      "send_mail",
      "Sends a mail from the user's Gmail account. The user is asked for approval before it leaves, and may change it "
      "or refuse; do not ask for it yourself.",
      std::move(schema)};
  auto body = [&client, base_url = std::move(base_url)](ToolContext& context, json::object arguments) {
    return send_mail(client, base_url, context, std::move(arguments));
  };
  return make_waiting_tool(std::move(declaration), std::move(body));
}

}  // namespace heddle::graphs
