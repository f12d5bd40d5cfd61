#include "api/routes/route_table.h"

#include "api/routes/a2a_routes.h"
#include "api/routes/assistant_routes.h"
#include "api/routes/cron_routes.h"
#include "api/routes/document_routes.h"
#include "api/routes/mcp_routes.h"
#include "api/routes/meta_routes.h"
#include "api/routes/refused_routes.h"
#include "api/routes/run_routes.h"
#include "api/routes/state_routes.h"
#include "api/routes/store_routes.h"
#include "api/routes/testing_routes.h"
#include "api/routes/thread_routes.h"
#include "api/routes/thread_stream_routes.h"
#include "api/settings.h"

namespace heddle::api {

const std::vector<Route>& route_table() {
  using enum RouteGroup;
  static const std::vector<Route> table = {
      {Verb::get, "/ok", get_health, Policy{"meta", "read"}, health, Shape{"get_health", "", "Ok", {"check_db"}},
       Access::everybody},
      {Verb::get, "/ready", get_readiness, Policy{"meta", "read"}, health, Shape{"get_readiness", "", "Ready"},
       Access::everybody},
      {Verb::get, "/", get_root, Policy{"meta", "read"}, meta, Shape{"get_root", "", "Ok"}},
      {Verb::get, "/info", get_info, Policy{"meta", "read"}, meta, Shape{"get_info", "", "Info"}, Access::everybody},
      {Verb::get, "/metrics", get_metrics, Policy{"meta", "metrics"}, meta,
       Shape{"get_metrics", "", "Text", {"format"}}},
      {Verb::get, "/openapi.json", get_document, Policy{"meta", "documents"}, meta,
       Shape{"get_document", "", "OpenApi"}},
      {Verb::get, "/docs", get_docs, Policy{"meta", "documents"}, meta, Shape{"get_docs", "", "Page"}},
      {Verb::post, "/internal/truncate", truncate_tables, Policy{"meta", "truncate"}, testing,
       Shape{"truncate", "Truncation", "Ok"}},
      {Verb::post, "/ui/{assistant_id}", refuse_ui, Policy{"meta", "read"}, meta, Shape{"refuse_ui", "", "NotOffered"}},
      {Verb::get, "/ui/{assistant_id}/{file}", refuse_ui, Policy{"meta", "read"}, meta,
       Shape{"refuse_ui_file", "", "NotOffered"}},

      {Verb::post, "/assistants", create_assistant, Policy{"assistants", "create"}, assistants,
       Shape{"create_assistant", "AssistantCreate", "Assistant"}},
      {Verb::post, "/assistants/search", search_assistants, Policy{"assistants", "search"}, assistants,
       Shape{"search_assistants", "AssistantSearch", "Assistants"}},
      {Verb::post, "/assistants/count", count_assistants, Policy{"assistants", "search"}, assistants,
       Shape{"count_assistants", "AssistantCount", "Count"}},
      {Verb::get, "/assistants/{assistant_id}", get_assistant, Policy{"assistants", "read"}, assistants,
       Shape{"get_assistant", "", "Assistant"}},
      {Verb::patch, "/assistants/{assistant_id}", patch_assistant, Policy{"assistants", "update"}, assistants,
       Shape{"patch_assistant", "AssistantPatch", "Assistant"}},
      {Verb::delete_, "/assistants/{assistant_id}", delete_assistant, Policy{"assistants", "delete"}, assistants,
       Shape{"delete_assistant", "", "AssistantIds", {"delete_threads"}}},
      {Verb::post, "/assistants/{assistant_id}/latest", set_latest_version, Policy{"assistants", "update"}, assistants,
       Shape{"set_latest_version", "VersionChoice", "Assistant", {"version"}}},
      {Verb::post, "/assistants/{assistant_id}/versions", list_versions, Policy{"assistants", "read"}, assistants,
       Shape{"list_versions", "VersionSearch", "AssistantVersions"}},
      {Verb::get, "/assistants/{assistant_id}/graph", get_drawing, Policy{"assistants", "read"}, assistants,
       Shape{"get_drawing", "", "Drawing", {"xray"}}},
      {Verb::get, "/assistants/{assistant_id}/schemas", get_schemas, Policy{"assistants", "read"}, assistants,
       Shape{"get_schemas", "", "GraphSchemas"}},
      {Verb::get, "/assistants/{assistant_id}/subgraphs", get_subgraphs, Policy{"assistants", "read"}, assistants,
       Shape{"get_subgraphs", "", "SubgraphSchemas", {"recurse"}}},
      {Verb::get, "/assistants/{assistant_id}/subgraphs/{namespace}", get_subgraphs, Policy{"assistants", "read"},
       assistants, Shape{"get_subgraph", "", "SubgraphSchemas", {"recurse"}}},

      {Verb::post, "/threads", create_thread, Policy{"threads", "create"}, threads,
       Shape{"create_thread", "ThreadCreate", "Thread"}},
      {Verb::post, "/threads/search", search_threads, Policy{"threads", "search"}, threads,
       Shape{"search_threads", "ThreadSearch", "Threads"}},
      {Verb::post, "/threads/count", count_threads, Policy{"threads", "search"}, threads,
       Shape{"count_threads", "ThreadCount", "Count"}},
      {Verb::post, "/threads/prune", prune_threads, Policy{"threads", "delete"}, threads,
       Shape{"prune_threads", "ThreadPrune", "Pruned"}},
      {Verb::get, "/threads/{thread_id}", get_thread, Policy{"threads", "read"}, threads,
       Shape{"get_thread", "", "Thread", {"include"}}},
      {Verb::patch, "/threads/{thread_id}", patch_thread, Policy{"threads", "update"}, threads,
       Shape{"patch_thread", "ThreadPatch", "Thread"}},
      {Verb::delete_, "/threads/{thread_id}", delete_thread, Policy{"threads", "delete"}, threads,
       Shape{"delete_thread", "", "Nothing"}},
      {Verb::post, "/threads/{thread_id}/copy", copy_thread, Policy{"threads", "read", "create"}, threads,
       Shape{"copy_thread", "", "Thread"}},

      {Verb::get, "/threads/{thread_id}/storage", get_storage, Policy{"threads", "read"}, threads,
       Shape{"get_storage", "", "ThreadStorage"}},
      {Verb::get, "/threads/{thread_id}/stream", stream_thread, Policy{"threads", "read"}, threads,
       Shape{"stream_thread", "", "EventStream", {"stream_modes"}}},
      {Verb::post, "/threads/{thread_id}/commands", refuse_protocol_v2, Policy{"threads", "read"}, threads,
       Shape{"refuse_commands", "", "NotOffered"}},
      {Verb::post, "/threads/{thread_id}/stream/events", refuse_protocol_v2, Policy{"threads", "read"}, threads,
       Shape{"refuse_events", "", "NotOffered"}},
      {Verb::get, "/threads/{thread_id}/stream/events", refuse_protocol_v2, Policy{"threads", "read"}, threads,
       Shape{"refuse_events_socket", "", "NotOffered"}},

      {Verb::get, "/threads/{thread_id}/state", get_state, Policy{"threads", "read"}, threads,
       Shape{"get_state", "", "SelectedState", {"subgraphs", "select"}}},
      {Verb::post, "/threads/{thread_id}/state", update_state, Policy{"threads", "update"}, threads,
       Shape{"update_state", "StateUpdate", "StateUpdated"}},
      {Verb::post, "/threads/{thread_id}/state/checkpoint", read_state, Policy{"threads", "read"}, threads,
       Shape{"read_state", "StateRead", "SelectedState"}},
      {Verb::get, "/threads/{thread_id}/state/{checkpoint_id}", get_state_at, Policy{"threads", "read"}, threads,
       Shape{"get_state_at", "", "SelectedState", {"subgraphs", "select"}}},
      {Verb::get, "/threads/{thread_id}/history", get_history, Policy{"threads", "read"}, threads,
       Shape{"get_history", "", "History", {"limit", "before"}}},
      {Verb::post, "/threads/{thread_id}/history", read_history, Policy{"threads", "read"}, threads,
       Shape{"read_history", "HistoryQuery", "History"}},

      {Verb::post, "/runs/crons", create_cron, Policy{"crons", "create"}, runs,
       Shape{"create_cron", "CronCreate", "Cron"}},
      {Verb::post, "/threads/{thread_id}/runs/crons", create_cron, Policy{"crons", "create"}, runs,
       Shape{"create_thread_cron", "CronCreate", "Cron"}},
      {Verb::post, "/runs/crons/search", search_crons, Policy{"crons", "search"}, runs,
       Shape{"search_crons", "CronSearch", "FoundCrons"}},
      {Verb::post, "/runs/crons/count", count_crons, Policy{"crons", "search"}, runs,
       Shape{"count_crons", "CronCount", "Count"}},
      {Verb::get, "/runs/crons/{cron_id}", get_cron, Policy{"crons", "read"}, runs, Shape{"get_cron", "", "Cron"}},
      {Verb::patch, "/runs/crons/{cron_id}", patch_cron, Policy{"crons", "update"}, runs,
       Shape{"patch_cron", "CronPatch", "Cron"}},
      {Verb::delete_, "/runs/crons/{cron_id}", delete_cron, Policy{"crons", "delete"}, runs,
       Shape{"delete_cron", "", "Nothing"}},

      {Verb::post, "/threads/{thread_id}/runs", create_run, Policy{"threads", "create_run"}, runs,
       Shape{"create_run", "RunCreate", "Run"}},
      {Verb::post, "/threads/{thread_id}/runs/stream", stream_run, Policy{"threads", "create_run"}, runs,
       Shape{"stream_run", "RunCreate", "EventStream", {"namespace"}}},
      {Verb::post, "/threads/{thread_id}/runs/wait", wait_run, Policy{"threads", "create_run"}, runs,
       Shape{"wait_run", "RunCreate", "RunResult"}},
      {Verb::get, "/threads/{thread_id}/runs", list_runs, Policy{"threads", "search"}, runs,
       Shape{"list_runs", "", "FoundRuns", {"limit", "offset", "status", "metadata", "select"}}},
      {Verb::get, "/threads/{thread_id}/runs/{run_id}", get_run, Policy{"threads", "read"}, runs,
       Shape{"get_run", "", "Run"}},
      {Verb::delete_, "/threads/{thread_id}/runs/{run_id}", delete_run, Policy{"threads", "delete"}, runs,
       Shape{"delete_run", "", "Nothing"}},
      {Verb::get, "/threads/{thread_id}/runs/{run_id}/join", join_run, Policy{"threads", "read"}, runs,
       Shape{"join_run", "", "RunResult", {"cancel_on_disconnect"}}},
      {Verb::get, "/threads/{thread_id}/runs/{run_id}/stream", join_stream, Policy{"threads", "read"}, runs,
       Shape{"join_stream", "", "EventStream", {"stream_mode", "namespace", "cancel_on_disconnect"}}},
      {Verb::post, "/threads/{thread_id}/runs/{run_id}/cancel", cancel_run, Policy{"threads", "update"}, runs,
       Shape{"cancel_run", "", "Accepted", {"wait", "action", "reason"}}},
      {Verb::post, "/runs", create_run, Policy{"threads", "create_run"}, runs,
       Shape{"create_stateless_run", "RunCreate", "Run"}},
      {Verb::post, "/runs/stream", stream_run, Policy{"threads", "create_run"}, runs,
       Shape{"stream_stateless_run", "RunCreate", "EventStream", {"namespace"}}},
      {Verb::post, "/runs/wait", wait_run, Policy{"threads", "create_run"}, runs,
       Shape{"wait_stateless_run", "RunCreate", "RunResult"}},
      {Verb::post, "/runs/batch", create_runs, Policy{"threads", "create_run"}, runs,
       Shape{"create_runs", "RunBatch", "Runs"}},
      {Verb::post, "/runs/cancel", cancel_runs, Policy{"threads", "update"}, runs,
       Shape{"cancel_runs", "RunsCancel", "Nothing", {"action"}}},
      {Verb::get, "/runs/{run_id}/stream", join_stream, Policy{"threads", "read"}, runs,
       Shape{"join_stateless_stream", "", "EventStream", {"stream_mode", "namespace", "cancel_on_disconnect"}}},

      {Verb::put, "/store/items", put_item, Policy{"store", "put"}, store, Shape{"put_item", "ItemPut", "Nothing"}},
      {Verb::get, "/store/items", get_item, Policy{"store", "get"}, store,
       Shape{"get_item", "", "ItemOrNull", {"namespace", "key", "refresh_ttl"}}},
      {Verb::delete_, "/store/items", delete_item, Policy{"store", "delete"}, store,
       Shape{"delete_item", "ItemDelete", "Nothing", {"namespace", "key"}}},
      {Verb::post, "/store/items/search", search_items, Policy{"store", "search"}, store,
       Shape{"search_items", "ItemSearch", "Items"}},
      {Verb::post, "/store/namespaces", list_namespaces, Policy{"store", "list_namespaces"}, store,
       Shape{"list_namespaces", "NamespaceSearch", "Namespaces"}},

      {Verb::post, "/mcp", call_mcp, Policy{"threads", "create_run", "read"}, mcp,
       Shape{"call_mcp", "RpcCall", "RpcAnswer"}},
      {Verb::get, "/mcp", refuse_mcp_stream, Policy{"threads", "read"}, mcp,
       Shape{"refuse_mcp_stream", "", "NotOffered"}},
      {Verb::post, "/a2a/{assistant_id}", call_a2a, Policy{"threads", "create_run", "read", "update"}, a2a,
       Shape{"call_a2a", "RpcCall", "RpcAnswer"}},
      {Verb::get, "/a2a/{assistant_id}/.well-known/agent-card.json", get_agent_card, Policy{"assistants", "read"}, a2a,
       Shape{"get_agent_card", "", "AgentCard"}},
      {Verb::get, "/.well-known/agent-card.json", find_agent_card, Policy{"assistants", "read"}, a2a,
       Shape{"find_agent_card", "", "AgentCard", {"assistant_id"}}},
  };
  return table;
}

bool is_served(RouteGroup group, const ServerSettings& settings) {
  switch (group) {
    case RouteGroup::assistants:
      return settings.groups.assistants;
    case RouteGroup::threads:
      return settings.groups.threads;
    case RouteGroup::runs:
      return settings.groups.runs;
    case RouteGroup::store:
      return settings.groups.store;
    case RouteGroup::mcp:
      return settings.groups.mcp;
    case RouteGroup::a2a:
      return settings.groups.a2a;
    case RouteGroup::meta:
      return settings.groups.meta;
    case RouteGroup::health:
      return true;
    case RouteGroup::testing:
      return settings.test_truncate;
  }
  return false;
}

}  // namespace heddle::api
