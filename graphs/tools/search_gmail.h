#pragma once
// Looks for mails of the user (auth0-token-vault.md 10).

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "graphs/http_client.h"
#include "graphs/tool.h"

namespace heddle::graphs {

inline constexpr const char* kGmailUrl = "https://gmail.googleapis.com";

// `search_gmail` {query, maxResults, resource}: the text "Result for the query <query>:" and the mails as a JSON list,
// empty if there are none. Wants a token with gmail.readonly (ToolContext::token()). Fails with "Error while searching
// Gmail: ..." for anything that a token does not mend. The client outlives the tool.
//
// Bounds: 500 mails (Gmail's own), 10 fetched at a time, 4 MiB of each read; of a text 64 KiB are kept, of all texts
// together 512 KiB, which is more than models read.
ToolPointer search_gmail_tool(HttpClient& client, std::string base_url = kGmailUrl);

// {id, threadId, snippet, body, subject, sender} of a message in Gmail's full format; what the message has not is left
// out. `subject` and `sender` are whole headers {name, value}.
boost::json::object mail_of(const boost::json::value& message);

// The text in Gmail's base64url: UTF-8; each byte one character where it is none; the data itself if it is no
// base64url.
std::string mail_text(std::string_view data);

// Cuts behind a whole character, and says so.
std::string shortened(std::string text, std::size_t bytes_max);

}  // namespace heddle::graphs
