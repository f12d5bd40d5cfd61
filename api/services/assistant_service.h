#pragma once
// Assistants: a graph plus config, context and metadata, with versions (http-api.md 5).
//
// Wherever an id is a text, the id of a graph stands for the default assistant of that graph.

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/services/assistant_cache.h"
#include "api/services/if_exists.h"
#include "api/services/service_parts.h"
#include "runtime/compiled_graph.h"
#include "storage/assistants.h"

namespace heddle::api {

struct NewAssistant {
  std::optional<storage::AssistantId> assistant_id;  // none: a new one
  std::string graph_id;
  std::string name = "Untitled";
  std::optional<std::string> description;
  boost::json::object config;
  boost::json::value context = boost::json::object{};
  boost::json::object metadata;
  IfExists if_exists = IfExists::raise;
};

// What is given takes the place of what was, except metadata, which is merged one level deep.
struct AssistantChange {
  std::optional<std::string> graph_id;
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<boost::json::object> config;
  std::optional<boost::json::value> context;
  std::optional<boost::json::object> metadata;
};

enum class DeleteThreads { no, yes };
enum class Recurse { no, yes };

// By namespace: the nodes on the way, joined with `|`.
using Subgraphs = std::map<std::string, std::shared_ptr<const runtime::CompiledGraph>>;

// Belongs to the I/O thread. Everything throws ApiError 404 `Assistant not found` for an assistant that the caller
// cannot see, or may see but not change: those of others, and the default ones of a server with authentication.
class AssistantService {
 public:
  explicit AssistantService(ServiceParts parts) : parts_(parts) {}

  // One for each graph that has none; called once at start.
  boost::asio::awaitable<void> make_defaults();

  // The id, or that of the default assistant of a graph; nothing for a text that is neither.
  std::optional<storage::AssistantId> id_of(const std::string& id_or_graph_id) const;

  // What somebody sees whose credentials are not at hand, for example when a cron of theirs is due: their own, and
  // what is shared with all users.
  storage::AssistantReader reader_for_absent(const storage::Owner& owner) const;

  // Nothing if it is unknown.
  boost::asio::awaitable<std::optional<storage::Assistant>> resolve(storage::AssistantReader reader,
                                                                    std::string id_or_graph_id) const;
  boost::asio::awaitable<storage::Assistant> get(storage::AssistantReader reader, std::string id_or_graph_id) const;

  // Throws ApiError: 404 for an unknown graph, 409 for an id that is taken, validation for a hidden key.
  boost::asio::awaitable<storage::Assistant> create(storage::Owner owner, NewAssistant wanted);
  boost::asio::awaitable<storage::Found<storage::Assistant>> search(storage::AssistantQuery query) const;
  boost::asio::awaitable<std::int64_t> count(storage::AssistantQuery query) const;

  // A new version, also for an empty change.
  boost::asio::awaitable<storage::Assistant> patch(storage::Owner owner, std::string id_or_graph_id,
                                                   AssistantChange change);
  // Throws ApiError 404 `Assistant version not found`.
  boost::asio::awaitable<storage::Assistant> set_latest(storage::Owner owner, std::string id_or_graph_id,
                                                        std::int64_t version);
  // Newest first; of one that somebody else shares only the current one, because what it was before may not have been
  // meant for others. Throws ApiError 404 `Assistant "<id>" not found.`.
  boost::asio::awaitable<std::vector<storage::Assistant>> versions(storage::AssistantReader reader,
                                                                   std::string id_or_graph_id,
                                                                   storage::Containment metadata,
                                                                   storage::Page page) const;
  // Stops the runs of the assistant first; they go with it. Returns the id of what is gone.
  boost::asio::awaitable<storage::AssistantId> erase(storage::Owner owner, std::string id_or_graph_id,
                                                     DeleteThreads threads);

  // For whoever changes assistants past this object: held while that goes on.
  AssistantCache& cache() { return *cache_; }

  // Throws ApiError 404 if the graph is no longer served.
  std::shared_ptr<const runtime::CompiledGraph> graph_of(const storage::Assistant& assistant) const;

 private:
  storage::AssistantId known_id(const std::string& id_or_graph_id) const;
  void check_graph(const std::string& graph_id) const;
  void check_hidden(const boost::json::object& config, const boost::json::value& context) const;
  boost::asio::awaitable<void> erase_work(storage::Owner owner, storage::AssistantId id, DeleteThreads threads);

  ServiceParts parts_;
  std::unique_ptr<AssistantCache> cache_ = std::make_unique<AssistantCache>();
};

// Of the assistant that every graph has by itself.
storage::AssistantId default_assistant_id(const std::string& graph_id);

// The subgraphs of `graph`: its own, with Recurse::yes also those inside them. `only`: the one of this namespace,
// with Recurse::yes also those inside it; all if empty.
Subgraphs subgraphs_of(const runtime::CompiledGraph& graph, const std::string& only, Recurse recurse);

}  // namespace heddle::api
