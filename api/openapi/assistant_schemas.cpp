// Assistants (http-api.md 3.2 and 5).

#include "api/openapi/resources.h"

namespace heddle::api::openapi {
namespace {

std::vector<Member> common_members() {
  return {required("assistant_id", uuid()),         required("graph_id", text()),      required("name", text()),
          required("description", or_null(text())), required("config", ref("Config")), required("context", anything()),
          required("metadata", free_object()),      required("version", whole(1)),     required("created_at", time())};
}

Schema whole_assistant() {
  std::vector<Member> members = common_members();
  members.push_back(required("updated_at", time()));
  return said(answer(std::move(members)), "A graph plus config, context and metadata, with versions.");
}

// All may be missing when a client selects some.
Schema part_of(std::vector<Member> members) {
  for (Member& member : members) member.is_required = false;
  members.push_back(optional("updated_at", time()));
  return answer(std::move(members));
}

Schema graph_schemas(std::vector<Member> members) {
  for (const std::string_view name : {"input_schema", "output_schema", "state_schema"}) {
    members.push_back(required(name, said(free_object(), "A JSON schema.")));
  }
  for (const std::string_view name : {"config_schema", "context_schema"}) {
    members.push_back(optional(name, said(free_object(), "A JSON schema.")));
  }
  return answer(std::move(members));
}

Schema short_schemas() {
  return said(answer({required("state", free_object()), required("input", free_object()),
                      required("output", free_object()), optional("config", free_object())}),
              "As the JavaScript server names them.");
}

Schema drawing() {
  const Schema node = answer({required("id", text()), required("type", word({"schema", "runnable"})),
                              required("data", free_object()), optional("metadata", free_object())});
  const Schema edge =
      answer({required("source", text()), required("target", text()),
              optional("data", said(text(), "The label of a branch.")), required("conditional", truth())});
  return answer({required("nodes", list_of(node)), required("edges", list_of(edge))});
}

const std::vector<Outcome> kUnknown{{404, "Assistant not found"}};

std::vector<NamedSchema> schemas() {
  return {
      {"AssistantCreate",
       request({required("graph_id", text()), optional("assistant_id", said(uuid(), "A new one if none is given.")),
                optional("config", ref("ConfigGiven")), optional("context", anything()),
                optional("metadata", free_object()), optional("name", by_default(text(), "Untitled")),
                optional("description", text()),
                optional("if_exists", by_default(word({"raise", "do_nothing"}), "raise"))})},
      {"AssistantPatch",
       said(request({optional("graph_id", text()), optional("config", ref("ConfigGiven")),
                     optional("context", anything()), optional("metadata", said(free_object(), "Merged, one level.")),
                     optional("name", text()), optional("description", text())}),
            "What is given takes the place of what was.")},
      {"AssistantSearch",
       request({optional("graph_id", text()), optional("name", said(text(), "A part of the name, in any case.")),
                optional("metadata", said(free_object(), "Must be contained.")),
                optional("limit", by_default(whole(1, 1000), 10)), optional("offset", by_default(whole(0), 0)),
                optional("sort_by", by_default(word({"assistant_id", "graph_id", "name", "created_at", "updated_at"}),
                                               "created_at")),
                optional("sort_order", by_default(word({"asc", "desc"}), "desc")),
                optional("select", said(list_of(text()), "Only these keys."))})},
      {"AssistantCount",
       request({optional("graph_id", text()), optional("name", text()), optional("metadata", free_object())})},
      {"VersionChoice", said(request({optional("version", whole(1))}), "May also be given in the query.")},
      {"VersionSearch", request({optional("metadata", free_object()), optional("limit", by_default(whole(1, 1000), 10)),
                                 optional("offset", by_default(whole(0), 0))})},
      {"Assistant", whole_assistant()},
      {"Assistants", list_of(part_of(common_members()))},
      {"AssistantVersions", list_of(answer(common_members()))},
      {"AssistantIds", said(list_of(uuid(), 1), "Of what was deleted.")},
      {"Drawing", drawing()},
      {"GraphSchemas", graph_schemas({required("graph_id", text())})},
      {"SubgraphSchemas", said(map_of(any_of({short_schemas(), graph_schemas({})})), "By namespace.")},
  };
}

}  // namespace

Resource assistant_resource() {
  Resource assistants;
  assistants.schemas = schemas();
  assistants.parameters = {
      {"delete_threads", said(by_default(truth(), false), "Whether threads that it ran on last go, too.")},
      {"version", said(whole(1), "In place of the body.")},
      {"xray", said(text(), "`true`, or how deep subgraphs are drawn.")},
      {"recurse", said(by_default(truth(), false), "Whether subgraphs inside subgraphs are told, too.")},
  };
  const std::vector<Outcome> unknown_version{{404, "Assistant not found"}, {404, "Assistant version not found"}};
  assistants.operations = {
      {"create_assistant",
       "Create an assistant",
       "",
       {{404, "Graph \"<id>\" not found"}, {409, "Assistant already exists"}},
       R"({"graph_id":"agent","name":"My agent"})"},
      {"search_assistants",
       "Search assistants",
       "`X-Pagination-Total` tells how many match, `X-Pagination-Next` where the next page begins.",
       {},
       R"({"graph_id":"agent","limit":10})"},
      {"count_assistants", "Count assistants", "", {}, "{}"},
      {"get_assistant", "Get an assistant", "By its id, or by the id of its graph.", kUnknown},
      {"patch_assistant",
       "Change an assistant",
       "Makes a new version, also if nothing is given.",
       {{404, "Assistant not found"}, {404, "Graph \"<id>\" not found"}},
       R"({"name":"A better name"})"},
      {"delete_assistant", "Delete an assistant", "With all its versions and runs.", kUnknown},
      {"set_latest_version", "Choose the version in use", "", unknown_version, R"({"version":1})"},
      {"list_versions", "List versions, newest first", "", {{404, "Assistant \"<id>\" not found."}}, "{}"},
      {"get_drawing", "Draw the graph", "Its nodes and edges.", kUnknown},
      {"get_schemas", "Get the schemas of the graph", "", kUnknown},
      {"get_subgraphs", "Get the schemas of all subgraphs", "", kUnknown},
      {"get_subgraph", "Get the schemas of one subgraph", "", kUnknown},
  };
  return assistants;
}

}  // namespace heddle::api::openapi
