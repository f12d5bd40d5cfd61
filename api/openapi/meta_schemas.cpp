// The server itself (http-api.md 4), and paths that are not offered.

#include "api/openapi/resources.h"

namespace heddle::api::openapi {

Resource meta_resource() {
  Resource meta;
  meta.schemas = {
      {"Info",
       answer({required("version", said(text(), "The official server that this one can take the place of.")),
               required("langgraph_py_version", text()), required("context", text()),
               optional("heddle_version", text()), required("flags", said(map_of(truth()), "What this server can do.")),
               optional("metadata", free_object())})},
      {"Ready", answer({required("ready", truth()), optional("stuck", list_of(text()))})},
      {"OpenApi", said(open(answer({required("openapi", text()), required("info", free_object()),
                                    required("paths", free_object())})),
                       "An OpenAPI 3.1 document.")},
      {"Truncation",
       said(request({optional("runs", said(by_default(truth(), false),
                                           "Runs with their events, crons, and calls owed to webhooks.")),
                     optional("threads", said(by_default(truth(), false), "Threads with all that belongs to them.")),
                     optional("assistants", said(by_default(truth(), false), "All but the default ones.")),
                     optional("checkpointer", said(by_default(truth(), false), "The state of all threads.")),
                     optional("store", said(by_default(truth(), false), "Items."))}),
            "What is to be emptied.")},
  };
  meta.parameters = {
      {"format",
       by_default(said(word({"prometheus", "json"}), "`json`: the same numbers as one JSON object."), "prometheus")},
      {"check_db", said(truth(), "Whether to look at the database, too.")},
  };
  meta.operations = {
      {"get_health", "Say whether the server is well", "Needs no authentication.", {{500, "Internal Server Error"}}},
      {"get_readiness",
       "Say whether work moves",
       "Writes to the database and asks every thread that runs graphs. Needs no authentication.",
       {{503, "Something is stuck, and the answer names it."}}},
      {"get_root", "Say that there is a server"},
      {"get_info", "Tell versions and abilities"},
      {"get_metrics", "Count what goes on", "In the text format of Prometheus, or with `format=json` as JSON."},
      {"get_document", "Describe this API", "The OpenAPI document that you are reading."},
      {"get_docs", "Show this API as a page", "Works without a connection to anything but this server."},
      {"truncate",
       "Empty tables, for tests",
       "Only on a server that was started with `--test-truncate`; otherwise this path does not exist.",
       {},
       R"({"threads":true,"store":true})"},
      {"refuse_commands",
       "Not offered: protocol v2",
       "Use the runs and streams of threads.",
       {{501, "Protocol v2 is not offered by this server. Create runs with POST /threads/{thread_id}/runs/stream."}}},
      {"refuse_events",
       "Not offered: protocol v2",
       "Use the runs and streams of threads.",
       {{501, "Protocol v2 is not offered by this server. Create runs with POST /threads/{thread_id}/runs/stream."}}},
      {"refuse_events_socket",
       "Not offered: protocol v2 over WebSocket",
       "Use the runs and streams of threads.",
       {{501, "Protocol v2 is not offered by this server. Create runs with POST /threads/{thread_id}/runs/stream."}}},
      {"refuse_ui",
       "Not offered: generative UI",
       "This server holds no components.",
       {{404, "Generative UI is not offered by this server; serve the components from the application."}}},
      {"refuse_ui_file",
       "Not offered: files of generative UI",
       "This server holds no components.",
       {{404, "Generative UI is not offered by this server; serve the components from the application."}}},
  };
  return meta;
}

}  // namespace heddle::api::openapi
