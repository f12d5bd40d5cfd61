// Items of the store (http-api.md 3.10 and 13).

#include "api/openapi/resources.h"

namespace heddle::api::openapi {
namespace {

Schema labels() {
  return said(list_of(text()), "Labels without periods, none of them empty.");
}

Schema item() {
  return answer({required("namespace", list_of(text())), required("key", text()), required("value", free_object()),
                 required("created_at", time()), required("updated_at", time())});
}

Schema scalar() {
  return any_of({text(), Schema{{"type", "number"}}, truth(), nothing()});
}

Schema filter() {
  std::vector<Member> operators;
  for (const std::string_view name : {"$eq", "$ne", "$gt", "$gte", "$lt", "$lte"}) {
    operators.push_back(optional(name, scalar()));
  }
  Schema by_operator = answer(std::move(operators));
  by_operator["additionalProperties"] = false;
  return map_of(any_of({text(), Schema{{"type", "number"}}, truth(), nothing(), std::move(by_operator)}));
}

Schema index_choice() {
  const Schema never{{"type", "boolean"}, {"enum", boost::json::array{false}}};
  const Schema paths = said(list_of(text_up_to(1'000)), "Paths like `text`, `a.b`, `list[*].x`, or `$`; at most 32.");
  return said(any_of({never, paths}), "Which texts a search by meaning looks at; else as the server is set.");
}

// The score is there in a search by meaning.
Schema found_item() {
  Schema found = item();
  found["properties"].as_object()["score"] =
      said(Schema{{"type", "number"}}, "With `query` and an index: 1 for the same meaning, less for others.");
  return found;
}

std::vector<NamedSchema> schemas() {
  return {
      {"ItemPut", request({required("namespace", labels()), required("key", text()), required("value", free_object()),
                           optional("index", index_choice()),
                           optional("ttl", said(number_from(0), "Minutes; else as the server is set."))})},
      {"ItemDelete",
       said(request({optional("namespace", labels()), optional("key", text())}), "May also be given in the query.")},
      {"ItemSearch",
       request({optional("namespace_prefix", labels()),
                optional("filter", said(filter(), "By key of the value: a scalar, or operators.")),
                optional("limit", by_default(whole(1, 1000), 10)), optional("offset", by_default(whole(0), 0)),
                optional("query", said(text(), "Finds what means the same, best first, if the server has an index.")),
                optional("refresh_ttl",
                         said(truth(), "Whether what is found lives as long again; else as the server is set."))})},
      {"NamespaceSearch",
       request({optional("prefix", labels()), optional("suffix", labels()),
                optional("max_depth", said(whole(1), "Longer ones are cut.")),
                optional("limit", by_default(whole(1, 1000), 100)), optional("offset", by_default(whole(0), 0))})},
      {"Item", item()},
      {"ItemOrNull", said(or_null(ref("Item")), "null if there is none.")},
      {"Items", answer({required("items", list_of(found_item()))})},
      {"Namespaces", answer({required("namespaces", list_of(list_of(text())))})},
  };
}

}  // namespace

Resource store_resource() {
  Resource store;
  store.schemas = schemas();
  store.parameters = {
      {"key", said(text(), "Of the item.")},
      {"refresh_ttl", said(truth(), "Whether the item lives as long again; else as the server is set.")},
  };
  const std::vector<Outcome> bad_namespace{
      {400, "Namespace is required"},
      {422, "Namespace labels cannot be empty or contain periods. Received: <labels joined by .>"}};
  const std::vector<Outcome> bad_label{bad_namespace.back()};
  std::vector<Outcome> not_put = bad_namespace;
  not_put.push_back({422, "The item was not put: <what of its texts cannot be indexed>"});
  not_put.push_back({503, "The item was not put: meanings cannot be compared now. Try again later."});
  std::vector<Outcome> not_searched = bad_label;
  not_searched.push_back({400, "The search exceeds the limit of 250000 vectors. Narrow the namespace."});
  not_searched.push_back({503, "The store was not searched: meanings cannot be compared now. Try again later."});
  store.operations = {
      {"put_item", "Keep an item", "Takes the place of one with the same key.", not_put,
       R"({"namespace":["users","ann"],"key":"likes","value":{"food":"soup"}})"},
      {"get_item", "Get an item", "", bad_namespace},
      {"delete_item", "Delete an item", "Also if there is none.", bad_namespace,
       R"({"namespace":["users","ann"],"key":"likes"})"},
      {"search_items", "Search items", "Last changed first, or what means the same as `query`, best first.",
       not_searched, R"({"namespace_prefix":["users"],"filter":{"food":"soup"}})"},
      {"list_namespaces", "List namespaces", "A label `*` stands for any one label.", bad_label,
       R"({"prefix":["users"],"max_depth":2})"},
  };
  return store;
}

}  // namespace heddle::api::openapi
