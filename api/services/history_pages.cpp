#include "api/services/history_pages.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "api/services/api_error.h"
#include "runtime/error.h"
#include "runtime/stored_saver.h"

namespace heddle::api {
namespace asio = boost::asio;

HistoryPages::HistoryPages(storage::Storage& storage, runtime::PartCache& shown, storage::ThreadId thread_id,
                           std::shared_ptr<const runtime::CompiledGraph> graph, runtime::HistoryQuery query)
    : storage_(storage),
      shown_(shown),
      thread_id_(thread_id),
      graph_(std::move(graph)),
      query_(std::move(query)),
      at_end_(graph_ == nullptr || query_.limit < 1) {}

asio::awaitable<std::vector<runtime::StateSnapshot>> HistoryPages::next() {
  if (at_end_) co_return std::vector<runtime::StateSnapshot>{};
  const auto executor = co_await asio::this_coro::executor;
  runtime::StoredSaver saver(storage_, thread_id_, executor, runtime::Unpacking::on_use, nullptr, &shown_);
  runtime::HistoryQuery page = query_;
  page.limit = std::min(query_.limit, page_);
  const std::int64_t wanted = page.limit;
  std::vector<runtime::StateSnapshot> states;
  try {
    states = co_await runtime::get_history(*graph_, saver, std::move(page));
  } catch (const runtime::GraphError& error) {
    throw ApiError::invalid({"checkpoint", "checkpoint_ns"}, error.what());
  }
  const auto found = static_cast<std::int64_t>(states.size());
  query_.limit -= found;
  at_end_ = found < wanted || query_.limit < 1;
  // Ids grow with time, so what is made meanwhile does not come between the pages.
  if (!states.empty()) query_.before = states.back().checkpoint->id;
  co_return states;
}

void HistoryPages::rendered(std::size_t states, std::size_t bytes) {
  if (states == 0) return;
  const std::size_t each = std::max<std::size_t>(bytes / states, 1);
  page_ = std::clamp<std::int64_t>(static_cast<std::int64_t>(kHistoryPageBytes / each), 1, kHistoryPage);
}

}  // namespace heddle::api
