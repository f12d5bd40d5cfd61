// What several resources have in common (http-api.md 2 and 3).

#include "api/openapi/resources.h"

namespace heddle::api::openapi {

Resource shared_resource() {
  Resource shared;
  shared.schemas = {
      {"Error",
       said(answer({required("detail", said(text(), "What was wrong, where, and what to do.")),
                    optional("errors",
                             said(list_of(answer({required("path", list_of(text())), required("message", text())})),
                                  "The fields that do not fit, if the request does not."))}),
            "What every refused request is told.")},
      {"ErrorAsText",
       said(answer({required("success", truth()),
                    required("error", answer({required("issues", list_of(answer({required("code", text()),
                                                                                 required("path", list_of(text())),
                                                                                 required("message", text())}))),
                                              required("name", text())}))}),
            "What a request that does not fit is told with the setting `errors: text`; other errors are plain text.")},
      {"Ok", answer({required("ok", truth())})},
      {"Count", said(whole(0), "A bare number.")},
      {"ConfigGiven",
       said(open(request({optional("tags", list_of(text())),
                          optional("recursion_limit", by_default(said(whole(1, 1'000'000), "Steps of a run."), 25)),
                          optional("configurable",
                                   said(free_object(),
                                        "Settings for the nodes. Keys that begin with `_` are secret: they reach the "
                                        "nodes of the run and are never stored or shown.")),
                          optional("metadata", free_object())})),
            "Settings of a run. Further keys are kept.")},
      {"Config", said(open(answer({optional("tags", list_of(text())), optional("recursion_limit", whole(1)),
                                   optional("configurable", free_object()), optional("metadata", free_object())})),
                      "Settings of a run, without what is secret.")},
      {"CheckpointAddress",
       said(request({optional("thread_id", said(anything(), "Not read: the path says which thread.")),
                     optional("checkpoint_ns", said(text(),
                                                    "Empty for the graph itself, `node:<task id>` for a "
                                                    "subgraph; deeper ones joined with `|`.")),
                     optional("checkpoint_id", uuid()),
                     optional("checkpoint_map", said(map_of(uuid()), "Checkpoints by namespace."))}),
            "Where in the history of a thread.")},
      {"Checkpoint",
       answer({required("thread_id", uuid()), required("checkpoint_ns", text()),
               optional("checkpoint_id", or_null(uuid())), optional("checkpoint_map", or_null(map_of(uuid())))})},
      {"Interrupt",
       said(answer({required("id", text()), required("value", anything())}), "A question that waits for an answer.")},
  };
  shared.parameters = {
      {"limit", by_default(said(whole(1, 1000), "How many at most."), 10)},
      {"offset", by_default(said(whole(0, std::int64_t{1} << 53), "How many to pass over."), 0)},
      {"namespace", said(list_of(text()),
                         "Of an item: its labels, joined by periods or one parameter for each. Of a stream: only "
                         "events of these namespaces of graphs.")},
      {"select", said(list_of(text()), "Only these keys. Repeated, separated by commas, or one JSON list.")},
  };
  return shared;
}

}  // namespace heddle::api::openapi
