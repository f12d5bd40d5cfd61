#include "api/openapi/resources.h"

#include <algorithm>
#include <iterator>

namespace heddle::api::openapi {
namespace {

template <class T>
void append(std::vector<T>& all, std::vector<T> more) {
  std::ranges::move(more, std::back_inserter(all));
}

const Schema* find_named(const std::vector<NamedSchema>& list, std::string_view name) {
  const auto found = std::ranges::find(list, name, &NamedSchema::name);
  return found == list.end() ? nullptr : &found->schema;
}

Resource put_together() {
  Resource all;
  for (Resource (*part)() : {shared_resource, meta_resource, assistant_resource, thread_resource, state_resource,
                             run_resource, cron_resource, store_resource, protocol_resource}) {
    Resource resource = part();
    append(all.schemas, std::move(resource.schemas));
    append(all.parameters, std::move(resource.parameters));
    append(all.operations, std::move(resource.operations));
  }
  return all;
}

}  // namespace

const Resource& all_resources() {
  static const Resource all = put_together();
  return all;
}

const Schema* find_schema(std::string_view name) {
  return find_named(all_resources().schemas, name);
}

const Schema* find_parameter(std::string_view name) {
  return find_named(all_resources().parameters, name);
}

const Words* find_words(std::string_view operation) {
  const std::vector<Words>& words = all_resources().operations;
  const auto found = std::ranges::find(words, operation, &Words::operation);
  return found == words.end() ? nullptr : &*found;
}

}  // namespace heddle::api::openapi
