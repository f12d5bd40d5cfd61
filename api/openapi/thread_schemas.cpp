// Threads (http-api.md 3.3 and 6).

#include "api/openapi/resources.h"

namespace heddle::api::openapi {
namespace {

Schema status() {
  return word({"idle", "busy", "interrupted", "error"});
}

std::vector<Member> thread_members() {
  return {required("thread_id", uuid()),
          required("created_at", time()),
          required("updated_at", time()),
          required("metadata", free_object()),
          required("status", status()),
          required("config", ref("Config")),
          optional("values", said(anything(), "The state when the last run ended; of a workflow its result.")),
          optional("interrupts", said(map_of(list_of(ref("Interrupt"))), "Open questions, by task.")),
          optional("error", said(or_null(free_object()), "Why the last run failed.")),
          optional("state_updated_at", time()),
          optional("ttl", answer({required("strategy", word({"delete", "keep_latest"})),
                                  required("ttl_minutes", number_from(0)), required("expires_at", time())}))};
}

// One of a search: only selected keys, and what was extracted.
Schema found_thread() {
  std::vector<Member> members = thread_members();
  for (Member& member : members) member.is_required = false;
  members.push_back(optional("extracted", free_object()));
  return answer(std::move(members));
}

Schema time_to_live() {
  const Schema with_strategy = request({required("ttl", said(number_from(0), "Minutes.")),
                                        optional("strategy", by_default(word({"delete", "keep_latest"}), "delete"))});
  return said(any_of({said(number_from(0), "Minutes."), with_strategy}),
              "How long the thread lives after its last change; else as the server is set.");
}

Schema superstep() {
  const Schema command = request({optional("update", anything())});
  const Schema update =
      request({optional("values", anything()), optional("command", command), optional("as_node", text())});
  return request({required("updates", list_of(update))});
}

std::vector<NamedSchema> schemas() {
  return {
      {"ThreadCreate",
       request({optional("thread_id", said(uuid(), "A new one if none is given.")), optional("metadata", free_object()),
                optional("if_exists", by_default(word({"raise", "do_nothing"}), "raise")),
                optional("supersteps", said(list_of(superstep()), "Builds a history; needs `metadata.graph_id`.")),
                optional("ttl", time_to_live())})},
      {"ThreadSearch",
       request({optional("metadata", said(free_object(), "Must be contained.")),
                optional("values", said(free_object(), "Must be contained in the state.")),
                optional("ids", list_of(uuid())), optional("status", status()),
                optional("limit", by_default(whole(1, 1000), 10)), optional("offset", by_default(whole(0), 0)),
                optional("sort_by", word({"thread_id", "status", "created_at", "updated_at", "state_updated_at"})),
                optional("sort_order", by_default(word({"asc", "desc"}), "desc")),
                optional("select", said(list_of(text()), "Only these keys.")),
                optional("extract", said(map_of(text()),
                                         "By alias a path like `values.messages[-1].content`; at "
                                         "most 10."))})},
      {"ThreadCount",
       request({optional("metadata", free_object()), optional("values", free_object()), optional("status", status())})},
      {"ThreadPatch",
       request({optional("metadata", said(free_object(), "Merged, one level.")), optional("ttl", time_to_live())})},
      {"ThreadPrune", request({required("thread_ids", list_of(uuid())),
                               optional("strategy", by_default(word({"delete", "keep_latest"}), "delete"))})},
      {"Thread", said(answer(thread_members()), "A conversation: its state outlives its runs.")},
      {"Threads", list_of(found_thread())},
      {"Pruned", answer({required("pruned_count", whole(0))})},
      {"ThreadStorage",
       said(answer({required("thread_id", uuid()), required("total_bytes", whole(0)),
                    required("checkpoints", answer({required("count", whole(0)), required("bytes", whole(0))})),
                    required("channel_values",
                             answer({required("count", whole(0)), required("bytes", whole(0)),
                                     required("by_channel", map_of(answer({required("versions", whole(0)),
                                                                           required("bytes", whole(0))})))})),
                    required("pending_writes", answer({required("count", whole(0)), required("bytes", whole(0))}))}),
            "What the state of a thread takes in the database. Small values are part of their checkpoint.")},
  };
}

}  // namespace

Resource thread_resource() {
  Resource threads;
  threads.schemas = schemas();
  threads.parameters = {
      {"include", said(list_of(text()), "What else to show: `ttl`.")},
      {"stream_modes", said(list_of(word({"run_modes", "lifecycle", "state_update"})),
                            "`run_modes` (when none is named): all events of the runs, and a `run_done` for each. "
                            "`lifecycle`: only starts and ends of runs. `state_update`: the state after each run and "
                            "each update by hand. `stream_mode` is the same.")},
  };
  const std::vector<Outcome> unknown{{404, "Thread with ID <id> not found"}};
  threads.operations = {
      {"create_thread",
       "Create a thread",
       "",
       {{400, "Thread <id> has no graph ID"}, {409, "Thread already exists"}},
       R"({"metadata":{"topic":"weather"}})"},
      {"search_threads",
       "Search threads",
       "`X-Pagination-Total` tells how many match, `X-Pagination-Next` where the next page begins.",
       {},
       R"({"status":"interrupted","limit":10})"},
      {"count_threads", "Count threads", "", {}, "{}"},
      {"prune_threads",
       "Delete or shorten many threads",
       "Unknown ids are passed over.",
       {},
       R"({"thread_ids":[],"strategy":"keep_latest"})"},
      {"get_thread", "Get a thread", "", unknown},
      {"patch_thread",
       "Change a thread",
       "With `Prefer: return=minimal` the answer is 204 without a body.",
       {{204, "Changed, and not shown"}, {404, "Thread not found"}},
       R"({"metadata":{"topic":"travel"}})"},
      {"delete_thread", "Delete a thread", "With its runs and states; runs in flight are stopped.", unknown},
      {"copy_thread", "Copy a thread", "With its states, without its runs.", {{409, "Thread not found"}}},
      {"stream_thread", "Stream the events of a thread, run after run",
       "What happens from now on, or after the event that `Last-Event-ID` names (`-`: all that there is). It ends when "
       "the thread is deleted.",
       unknown},
      {"get_storage", "Tell what a thread takes in the database", "", unknown},
  };
  return threads;
}

}  // namespace heddle::api::openapi
