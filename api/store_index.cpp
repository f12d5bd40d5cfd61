#include "api/store_index.h"

#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "graphs/embedder_choice.h"

namespace heddle::api {

std::shared_ptr<const runtime::StoreIndex> make_store_index(const IndexSettings& settings,
                                                            const std::map<std::string, std::string>& environment) {
  if (settings.embed.empty()) {
    if (settings.dims == 0) return nullptr;
    throw std::runtime_error("store.index.embed: is missing; store.index.dims alone makes no index");
  }
  std::shared_ptr<const runtime::Embedder> embedder =
      graphs::choose_embedder(settings.embed, settings.dims, environment);
  std::vector<runtime::StorePath> fields;
  for (const std::string& field : settings.fields) {
    std::optional<runtime::StorePath> path = runtime::StorePath::parse(field);
    if (!path) throw std::runtime_error("store.index.fields: has what is no path");
    fields.push_back(*std::move(path));
  }
  return std::make_shared<const runtime::StoreIndex>(std::move(embedder), std::move(fields));
}

std::string index_notice(const runtime::StoreIndex* index) {
  if (index == nullptr) return {};
  std::string line = "store index: " + index->model() + " numbers";
  if (index->model().starts_with("offline/")) line += "; it compares words and understands nothing";
  return line;
}

}  // namespace heddle::api
