#include "api/routes/thread_stream_routes.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/http/sse.h"
#include "api/routes/body.h"
#include "api/services/services.h"
#include "api/services/thread_stream.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;

// The SDKs say `stream_mode`, the description of the platform `stream_modes`.
ThreadStreamWish wish_of(const Request& request) {
  ThreadStreamWish wish;
  std::vector<std::string> modes = request.query.list("stream_mode");
  const std::vector<std::string> more = request.query.list("stream_modes");
  modes.insert(modes.end(), more.begin(), more.end());
  if (!modes.empty()) wish.events = wish.lifecycle = false;
  for (const std::string& mode : modes) {
    if (mode == "run_modes") {
      wish.events = true;
    } else if (mode == "lifecycle") {
      wish.lifecycle = true;
    } else if (mode == "state_update") {
      wish.states = true;
    } else {
      const bool is_in_first = request.query.find("stream_mode").has_value();
      throw ApiError::invalid({is_in_first ? "stream_mode" : "stream_modes"},
                              "must be one or several of run_modes, lifecycle, state_update");
    }
  }
  // An id that is none of ours brings everything, as in the stream of a run, and so do `-` and `-1`.
  const std::optional<std::string_view> last = request.headers.find("last-event-id");
  if (last) wish.from = place_after(*last).value_or(ThreadPlace{});
  return wish;
}

}  // namespace

asio::awaitable<Response> stream_thread(Services& services, Caller caller, Request request) {
  const auto thread_id = path_id<storage::ThreadId>(request, "thread_id");
  ThreadStreamWish wish = wish_of(request);
  auto stream =
      std::make_shared<ThreadStream>(services.parts, services.states, caller.owner, thread_id, std::move(wish));
  co_await stream->open();
  Response response;
  response.headers = event_stream_headers();
  const std::size_t query = std::min(request.target.find('?'), request.target.size());
  response.headers.set("location", "/threads/" + thread_id.text() + "/stream" + request.target.substr(query));
  response.stream = [stream](BodyWriter& writer) -> asio::awaitable<void> { co_await stream->send(writer); };
  co_return response;
}

}  // namespace heddle::api
