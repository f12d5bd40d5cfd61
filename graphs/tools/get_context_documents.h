#pragma once
// Finds documents that the user may read (auth0-token-vault.md 9).

#include <memory>

#include "graphs/fga.h"
#include "graphs/tool.h"
#include "runtime/store.h"

namespace heddle::graphs {

// `get_context_documents` {question}: the texts of up to four documents that have words of the question and that the
// authenticated user `can_view`, the best first, with a blank line between them. A document is an item of the run's
// store below `name_space`: its text is the value's `text`, `content` or `pageContent`, its object in FGA is
// "doc:" and the value's `documentId`, or else the item's key. Without a user "There is no user logged in.", and a text
// that says so if nothing was found.
//
// Words are compared as they are written, but for the case of ASCII letters; no embeddings. Bounds: the 200 items that
// were updated last, 64 KiB of each compared, 8 KiB of each told.
ToolPointer get_context_documents_tool(std::shared_ptr<Fga> fga, runtime::StoreNamespace name_space);

}  // namespace heddle::graphs
