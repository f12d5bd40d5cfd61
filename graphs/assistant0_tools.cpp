#include "graphs/assistant0_tools.h"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "graphs/approval.h"
#include "graphs/async_authorization.h"
#include "graphs/ciba.h"
#include "graphs/device_flow.h"
#include "graphs/tools/ask_human.h"
#include "graphs/tools/calculator.h"
#include "graphs/tools/current_time.h"
#include "graphs/tools/fetch_url.h"
#include "graphs/tools/get_context_documents.h"
#include "graphs/tools/list_calendar_events.h"
#include "graphs/tools/search_gmail.h"
#include "graphs/tools/send_mail.h"
#include "graphs/tools/user_profile.h"
#include "runtime/json.h"

namespace heddle::graphs {
namespace {

// For the user's device, which shows 64 characters: who gets the mail.
std::string mail_in_short(const json::object& arguments) {
  std::string text = "Send a mail to ";
  const json::array* to = runtime::find_array(arguments, "to");
  if (to == nullptr || to->empty() || !to->front().is_string()) return text + "nobody";
  text += std::string_view(to->front().get_string());
  if (to->size() > 1) text += " and others";
  return text;
}

// Consent is asked for before approval: nobody shall approve of a mail that then cannot leave.
ToolPointer send_mail(const Assistant0Settings& settings, ToolServices services) {
  const VaultConnection google = google_connection(settings.generation, {kGmailSendScope});
  ToolPointer tool = with_token_vault(services.vault, google, send_mail_tool(services.client, settings.gmail_url));
  auto consent = [&vault = services.vault, google](ToolContext& context) { return vault.check(context, google); };
  if (settings.send_mail_approval == ApprovalBy::page) return with_approval(std::move(tool), {std::move(consent)});

  PermissionWanted wanted;
  wanted.audience = settings.audience;
  wanted.binding_message = mail_in_short;
  wanted.generation = settings.generation;
  wanted.before = std::move(consent);
  if (settings.send_mail_approval == ApprovalBy::device) {
    auto device = std::make_shared<const DeviceFlow>(services.client, services.clock, settings.device);
    return with_async_authorization(std::move(device), std::move(wanted), std::move(tool));
  }
  CibaSettings ciba{settings.phone.tenant, settings.phone.client_id, settings.phone.client_secret.clone()};
  auto phone = std::make_shared<const Ciba>(services.client, services.clock, std::move(ciba));
  return with_async_authorization(std::move(phone), std::move(wanted), std::move(tool));
}

// No tool without FGA: nobody could say who may read what.
ToolPointer get_context_documents(const Assistant0Settings& settings, ToolServices services) {
  if (!missing_for_fga(settings.fga).empty()) return nullptr;
  FgaSettings fga;
  fga.api_url = settings.fga.api_url;
  fga.issuer_url = settings.fga.issuer_url;
  fga.audience = settings.fga.audience;
  fga.store_id = settings.fga.store_id;
  fga.client_id = settings.fga.client_id;
  fga.client_secret = settings.fga.client_secret.clone();
  auto access = std::make_shared<Fga>(services.client, services.clock, std::move(fga));
  return get_context_documents_tool(std::move(access), settings.documents_namespace);
}

}  // namespace

std::vector<ToolPointer> assistant0_tools(const Assistant0Settings& settings, ToolServices services) {
  auto search_gmail = [&] {
    VaultConnection google = google_connection(settings.generation, {"https://www.googleapis.com/auth/gmail.readonly"});
    return with_token_vault(services.vault, std::move(google), search_gmail_tool(services.client, settings.gmail_url));
  };
  auto list_calendar_events = [&] {
    VaultConnection google = google_connection(settings.generation, {kCalendarScope});
    return with_token_vault(services.vault, std::move(google),
                            list_calendar_events_tool(services.client, services.clock, settings.calendar_url));
  };
  const std::map<std::string, std::function<ToolPointer()>> makers = {
      {"calculator", calculator_tool},
      {"search_gmail", search_gmail},
      {"list_calendar_events", list_calendar_events},
      {"send_mail", [&] { return send_mail(settings, services); }},
      {"get_context_documents", [&] { return get_context_documents(settings, services); }},
      {"user_profile", user_profile_tool},
      {"current_time", [&] { return current_time_tool(services.clock); }},
      {"ask_human", ask_human_tool},
      {"fetch_url", [&] { return fetch_url_tool(settings.fetch_url); }},
  };
  std::vector<ToolPointer> tools;
  std::set<std::string> names;
  for (const std::string& name : settings.tools) {
    const auto maker = makers.find(name);
    if (maker == makers.end()) {
      std::string known;
      for (const auto& [one, make] : makers) known += (known.empty() ? "" : ", ") + one;
      throw std::runtime_error("ASSISTANT0_TOOLS: no tool \"" + name + "\"; there are " + known);
    }
    if (!names.insert(name).second) throw std::runtime_error("ASSISTANT0_TOOLS: \"" + name + "\" comes twice");
    ToolPointer tool = maker->second();
    if (tool != nullptr) tools.push_back(std::move(tool));
  }
  return tools;
}

}  // namespace heddle::graphs
