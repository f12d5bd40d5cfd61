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

std::vector<NamedSchema> schemas() {
  return {
      {"ItemPut", request({required("namespace", labels()), required("key", text()), required("value", free_object()),
                           optional("index", said(anything(), "Accepted; there is no semantic index yet.")),
                           optional("ttl", said(number_from(0), "Minutes."))})},
      {"ItemDelete",
       said(request({optional("namespace", labels()), optional("key", text())}), "May also be given in the query.")},
      {"ItemSearch",
       request({optional("namespace_prefix", labels()),
                optional("filter", said(filter(), "By key of the value: a scalar, or operators.")),
                optional("limit", by_default(whole(1, 1000), 10)), optional("offset", by_default(whole(0), 0)),
                optional("query", said(anything(), "Accepted; there is no semantic index yet.")),
                optional("refresh_ttl", anything())})},
      {"NamespaceSearch",
       request({optional("prefix", labels()), optional("suffix", labels()),
                optional("max_depth", said(whole(1), "Longer ones are cut.")),
                optional("limit", by_default(whole(1, 1000), 100)), optional("offset", by_default(whole(0), 0))})},
      {"Item", item()},
      {"ItemOrNull", said(or_null(ref("Item")), "null if there is none.")},
      {"Items", answer({required("items", list_of(ref("Item")))})},
      {"Namespaces", answer({required("namespaces", list_of(list_of(text())))})},
  };
}

}  // namespace

Resource store_resource() {
  Resource store;
  store.schemas = schemas();
  store.parameters = {
      {"key", said(text(), "Of the item.")},
  };
  const std::vector<Outcome> bad_namespace{
      {400, "Namespace is required"},
      {422, "Namespace labels cannot be empty or contain periods. Received: <labels joined by .>"}};
  const std::vector<Outcome> bad_label{bad_namespace.back()};
  store.operations = {
      {"put_item", "Keep an item", "Takes the place of one with the same key.", bad_namespace,
       R"({"namespace":["users","ann"],"key":"likes","value":{"food":"soup"}})"},
      {"get_item", "Get an item", "", bad_namespace},
      {"delete_item", "Delete an item", "Also if there is none.", bad_namespace,
       R"({"namespace":["users","ann"],"key":"likes"})"},
      {"search_items", "Search items", "Last changed first.", bad_label,
       R"({"namespace_prefix":["users"],"filter":{"food":"soup"}})"},
      {"list_namespaces", "List namespaces", "A label `*` stands for any one label.", bad_label,
       R"({"prefix":["users"],"max_depth":2})"},
  };
  return store;
}

}  // namespace heddle::api::openapi
