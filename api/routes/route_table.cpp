#include "api/routes/route_table.h"

#include "api/routes/assistant_routes.h"
#include "api/routes/cron_routes.h"
#include "api/routes/meta_routes.h"
#include "api/routes/run_routes.h"
#include "api/routes/state_routes.h"
#include "api/routes/store_routes.h"
#include "api/routes/thread_routes.h"

namespace heddle::api {

const std::vector<Route>& route_table() {
  using enum RouteGroup;
  static const std::vector<Route> table = {
      {Verb::get, "/ok", get_health, Policy{"meta", "read"}, health},
      {Verb::get, "/", get_root, Policy{"meta", "read"}, meta},
      {Verb::get, "/info", get_info, Policy{"meta", "read"}, meta},
      {Verb::get, "/metrics", get_metrics, Policy{"meta", "read"}, meta},

      {Verb::post, "/assistants", create_assistant, Policy{"assistants", "create"}, assistants},
      {Verb::post, "/assistants/search", search_assistants, Policy{"assistants", "search"}, assistants},
      {Verb::post, "/assistants/count", count_assistants, Policy{"assistants", "search"}, assistants},
      {Verb::get, "/assistants/{assistant_id}", get_assistant, Policy{"assistants", "read"}, assistants},
      {Verb::patch, "/assistants/{assistant_id}", patch_assistant, Policy{"assistants", "update"}, assistants},
      {Verb::delete_, "/assistants/{assistant_id}", delete_assistant, Policy{"assistants", "delete"}, assistants},
      {Verb::post, "/assistants/{assistant_id}/latest", set_latest_version, Policy{"assistants", "update"}, assistants},
      {Verb::post, "/assistants/{assistant_id}/versions", list_versions, Policy{"assistants", "read"}, assistants},
      {Verb::get, "/assistants/{assistant_id}/graph", get_drawing, Policy{"assistants", "read"}, assistants},
      {Verb::get, "/assistants/{assistant_id}/schemas", get_schemas, Policy{"assistants", "read"}, assistants},
      {Verb::get, "/assistants/{assistant_id}/subgraphs", get_subgraphs, Policy{"assistants", "read"}, assistants},
      {Verb::get, "/assistants/{assistant_id}/subgraphs/{namespace}", get_subgraphs, Policy{"assistants", "read"},
       assistants},

      {Verb::post, "/threads", create_thread, Policy{"threads", "create"}, threads},
      {Verb::post, "/threads/search", search_threads, Policy{"threads", "search"}, threads},
      {Verb::post, "/threads/count", count_threads, Policy{"threads", "search"}, threads},
      {Verb::post, "/threads/prune", prune_threads, Policy{"threads", "delete"}, threads},
      {Verb::get, "/threads/{thread_id}", get_thread, Policy{"threads", "read"}, threads},
      {Verb::patch, "/threads/{thread_id}", patch_thread, Policy{"threads", "update"}, threads},
      {Verb::delete_, "/threads/{thread_id}", delete_thread, Policy{"threads", "delete"}, threads},
      {Verb::post, "/threads/{thread_id}/copy", copy_thread, Policy{"threads", "read"}, threads},

      {Verb::get, "/threads/{thread_id}/state", get_state, Policy{"threads", "read"}, threads},
      {Verb::post, "/threads/{thread_id}/state", update_state, Policy{"threads", "update"}, threads},
      {Verb::post, "/threads/{thread_id}/state/checkpoint", read_state, Policy{"threads", "read"}, threads},
      {Verb::get, "/threads/{thread_id}/state/{checkpoint_id}", get_state_at, Policy{"threads", "read"}, threads},
      {Verb::get, "/threads/{thread_id}/history", get_history, Policy{"threads", "read"}, threads},
      {Verb::post, "/threads/{thread_id}/history", read_history, Policy{"threads", "read"}, threads},

      {Verb::post, "/threads/{thread_id}/runs", create_run, Policy{"threads", "create_run"}, runs},
      {Verb::post, "/threads/{thread_id}/runs/stream", stream_run, Policy{"threads", "create_run"}, runs},
      {Verb::post, "/threads/{thread_id}/runs/wait", wait_run, Policy{"threads", "create_run"}, runs},
      {Verb::get, "/threads/{thread_id}/runs", list_runs, Policy{"threads", "search"}, runs},
      {Verb::get, "/threads/{thread_id}/runs/{run_id}", get_run, Policy{"threads", "read"}, runs},
      {Verb::delete_, "/threads/{thread_id}/runs/{run_id}", delete_run, Policy{"threads", "delete"}, runs},
      {Verb::get, "/threads/{thread_id}/runs/{run_id}/join", join_run, Policy{"threads", "read"}, runs},
      {Verb::get, "/threads/{thread_id}/runs/{run_id}/stream", join_stream, Policy{"threads", "read"}, runs},
      {Verb::post, "/threads/{thread_id}/runs/{run_id}/cancel", cancel_run, Policy{"threads", "update"}, runs},
      {Verb::post, "/runs", create_run, Policy{"threads", "create_run"}, runs},
      {Verb::post, "/runs/stream", stream_run, Policy{"threads", "create_run"}, runs},
      {Verb::post, "/runs/wait", wait_run, Policy{"threads", "create_run"}, runs},
      {Verb::post, "/runs/batch", create_runs, Policy{"threads", "create_run"}, runs},
      {Verb::get, "/runs/{run_id}/stream", join_stream, Policy{"threads", "read"}, runs},

      {Verb::post, "/runs/crons", create_cron, Policy{"crons", "create"}, runs},
      {Verb::post, "/threads/{thread_id}/runs/crons", create_cron, Policy{"crons", "create"}, runs},
      {Verb::post, "/runs/crons/search", search_crons, Policy{"crons", "search"}, runs},
      {Verb::post, "/runs/crons/count", count_crons, Policy{"crons", "search"}, runs},
      {Verb::get, "/runs/crons/{cron_id}", get_cron, Policy{"crons", "read"}, runs},
      {Verb::patch, "/runs/crons/{cron_id}", patch_cron, Policy{"crons", "update"}, runs},
      {Verb::delete_, "/runs/crons/{cron_id}", delete_cron, Policy{"crons", "delete"}, runs},

      {Verb::put, "/store/items", put_item, Policy{"store", "put"}, store},
      {Verb::get, "/store/items", get_item, Policy{"store", "get"}, store},
      {Verb::delete_, "/store/items", delete_item, Policy{"store", "delete"}, store},
      {Verb::post, "/store/items/search", search_items, Policy{"store", "search"}, store},
      {Verb::post, "/store/namespaces", list_namespaces, Policy{"store", "list_namespaces"}, store},
  };
  return table;
}

}  // namespace heddle::api
