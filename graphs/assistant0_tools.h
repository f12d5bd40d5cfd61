#pragma once
// The tools that assistant0 may have, by name.

#include <vector>

#include "graphs/assistant0_settings.h"
#include "graphs/http_client.h"
#include "graphs/token_vault.h"
#include "graphs/tool.h"
#include "runtime/clock.h"

namespace heddle::graphs {

// What tools work with. All of it outlives them.
struct ToolServices {
  HttpClient& client;
  const runtime::Clock& clock;
  TokenVault& vault;
};

// The tools that `settings` name, in their order: calculator, search_gmail, list_calendar_events (both in the vault),
// send_mail (in the vault; the user consents first and then approves of the mail, in the page or on their device),
// get_context_documents (left out if FGA is not configured), user_profile, current_time,
// ask_human, fetch_url. Throws std::runtime_error for a name that there is not, or that comes twice.
std::vector<ToolPointer> assistant0_tools(const Assistant0Settings& settings, ToolServices services);

}  // namespace heddle::graphs
