#pragma once
// What the call at the end of a run says (http-api.md 16).

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <string>

#include "runtime/compiled_graph.h"
#include "storage/runs.h"
#include "storage/storage.h"
#include "storage/webhooks.h"

namespace heddle::api {

// Whom the run wants to be called, from its `kwargs`; empty: nobody.
std::string webhook_url(const boost::json::object& kwargs);

// The call that a run owes which ended as its record says, at `updated_at`. `values`: JSON text; none: the call has
// none.
storage::Webhook webhook_call(const storage::Run& ended, std::string url, const std::optional<std::string>& values);

// The body as it is sent at that time.
std::string sent_body(const storage::Webhook& call, storage::Timestamp sent_at);

// The values of the thread's newest root checkpoint, as JSON text; nothing if there is no checkpoint, or no graph
// (null) to read it with. The coroutine's executor runs one thing at a time.
boost::asio::awaitable<std::optional<std::string>> newest_values(storage::Storage& storage, storage::ThreadId thread_id,
                                                                 std::shared_ptr<const runtime::CompiledGraph> graph);

}  // namespace heddle::api
