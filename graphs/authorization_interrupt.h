#pragma once
// The question that a page turns into a consent dialogue (auth0-token-vault.md 3).

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graphs/tool.h"
#include "graphs/vault_connection.h"

namespace heddle::graphs {

// The scopes of an answer, as the reference reads them: split at each comma and blank, so that none is one empty text.
std::vector<std::string> held_scopes(std::string_view scope);
// Those of `wanted` that are not in `held`, in the wanted order.
std::vector<std::string> missing_scopes(const std::vector<std::string>& wanted, const std::vector<std::string>& held);

// The value of the interrupt. `held`: the scopes of a token that were not enough; nothing: there is no token. Holds no
// secret.
boost::json::object authorization_question(const VaultConnection& connection,
                                           const std::optional<std::vector<std::string>>& held);

// Ends the task with a question that no answer settles: when the run goes on, the call is made again and looks for
// itself whether it may. It has an id of its own (32 hex digits, the same each time `what` is asked by the task) and no
// number among the questions of the task, so that an answer to it can never reach the question of another tool.
// `awaited`: what the answer is learned by if the user gives it elsewhere; null: whoever lets the run go on looks anew.
[[noreturn]] void ask_to_authorize(ToolContext& context, std::string_view what, boost::json::value question,
                                   std::shared_ptr<const runtime::Awaited> awaited = nullptr);

}  // namespace heddle::graphs
