// The state of threads (http-api.md 3.4 to 3.7 and 7).

#include "api/openapi/resources.h"

namespace heddle::api::openapi {
namespace {

std::vector<Member> state_members() {
  return {required("values", anything()),
          required("next", said(list_of(text()), "The nodes that would run next.")),
          required("tasks", list_of(ref("Task"))),
          optional("metadata", said(free_object(), "Of the checkpoint.")),
          required("created_at", or_null(time())),
          required("checkpoint", or_null(ref("Checkpoint"))),
          required("parent_checkpoint", or_null(ref("Checkpoint"))),
          optional("interrupts", list_of(ref("Interrupt")))};
}

Schema selected_state() {
  std::vector<Member> members = state_members();
  for (Member& member : members) member.is_required = false;
  return answer(std::move(members));
}

// An id, a checkpoint, or a config that names one.
Schema before() {
  const Schema checkpoint = request({optional("checkpoint_id", uuid())});
  return any_of({uuid(), request({optional("checkpoint_id", uuid()), optional("configurable", checkpoint)})});
}

std::vector<NamedSchema> schemas() {
  return {
      {"StateRead", request({optional("checkpoint", ref("CheckpointAddress")), optional("checkpoint_id", uuid()),
                             optional("subgraphs", by_default(any_of({truth(), text()}), false)),
                             optional("select", list_of(text()))})},
      {"StateUpdate",
       request({optional("values", said(any_of({free_object(), list_of(anything())}), "Goes through the reducers.")),
                optional("as_node", said(text(), "Whose write it is; decides what comes next.")),
                optional("checkpoint_id", said(uuid(), "Write on top of this one.")),
                optional("checkpoint", ref("CheckpointAddress"))})},
      {"HistoryQuery",
       request({optional("limit", by_default(whole(1, 1000), 10)),
                optional("before", said(before(), "Only older ones.")),
                optional("metadata", said(free_object(), "Must be contained in that of the checkpoint.")),
                optional("checkpoint", ref("CheckpointAddress")), optional("checkpoint_id", uuid()),
                optional("select", list_of(text()))})},
      {"Task", answer({required("id", text()), required("name", said(text(), "The node.")),
                       required("path", list_of(any_of({text(), whole(0), truth()}))),
                       required("error", said(or_null(text()), "A JSON text with `message` and `name`.")),
                       required("interrupts", list_of(ref("Interrupt"))),
                       required("checkpoint", said(or_null(ref("Checkpoint")), "Of a subgraph.")),
                       required("state", said(or_null(ref("ThreadState")), "Of a subgraph, if it was asked for.")),
                       required("result", said(anything(), "What it wrote, if the others have not finished."))})},
      {"ThreadState", answer(state_members())},
      {"SelectedState", selected_state()},
      {"History", said(list_of(selected_state()), "Newest first.")},
      {"StateUpdated", answer({required("checkpoint", ref("Checkpoint"))})},
  };
}

}  // namespace

Resource state_resource() {
  Resource states;
  states.schemas = schemas();
  states.parameters = {
      {"subgraphs", said(by_default(truth(), false), "Whether the states of waiting subgraphs are told, too.")},
      {"before", said(uuid(), "Only states older than this checkpoint.")},
  };
  const std::vector<Outcome> unknown{{404, "Thread with ID <id> not found"}};
  states.operations = {
      {"get_state", "Get the state of a thread", "", unknown},
      {"get_state_at", "Get the state at a checkpoint", "", unknown},
      {"read_state", "Get the state at a checkpoint, by address", "", unknown,
       R"({"checkpoint":{"checkpoint_ns":""},"subgraphs":true})"},
      {"update_state",
       "Change the state by hand",
       "",
       {{400, "Thread <id> has no graph ID"}, {404, "Thread with ID <id> not found"}, {409, "Thread is busy"}},
       R"({"values":{"messages":[]},"as_node":"agent"})"},
      {"get_history", "List the states of a thread", "", unknown},
      {"read_history", "Search the states of a thread", "", unknown, R"({"limit":10})"},
  };
  return states;
}

}  // namespace heddle::api::openapi
