#pragma once
// Sends a mail in the user's name, at Gmail.

#include <string>

#include "graphs/http_client.h"
#include "graphs/tool.h"
#include "graphs/tools/search_gmail.h"

namespace heddle::graphs {

inline constexpr const char* kGmailSendScope = "https://www.googleapis.com/auth/gmail.send";

// `send_mail` {to, subject, body, cc}. Wants a token with gmail.send (ToolContext::token()) and should be behind
// with_approval(). The client outlives the tool.
//
// A mail is sent at most once. Before the request the call leaves a note with its task, which only a refusal of Gmail
// takes away: a call that finds the note (the process ended, or the run was cancelled, while the mail was under way)
// sends nothing and fails with a text that says so. For a server that recognises repeated requests, the call's
// idempotency key is the Message-ID and the header X-Idempotency-Key.
ToolPointer send_mail_tool(HttpClient& client, std::string base_url = kGmailUrl);

}  // namespace heddle::graphs
