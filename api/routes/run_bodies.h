#pragma once
// Bodies of answers that last as long as a run does.

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>

#include "api/http/message.h"
#include "api/runs/active_run.h"
#include "api/runs/run_request.h"
#include "api/runs/stream_reader.h"
#include "api/services/services.h"

namespace heddle::api {

// What is told of a run that has ended, as a JSON text.
using TellEnd = std::function<std::string(const ActiveRun&)>;
std::string result_text(const ActiveRun& run);

// `response` with what `told` says once the run has ended. For one that ends in a moment it is an answer like any
// other. For others the head goes out after that moment, and line breaks while the run lasts, so that nobody in between
// gives up. `services` outlives the answer.
boost::asio::awaitable<Response> answer_at_end(Services& services, std::shared_ptr<ActiveRun> run,
                                               OnDisconnect on_disconnect, Response response, TellEnd told);

// The events of a run (http-api.md 8.12 says what `on_disconnect` does). `run`: null when it has ended and left memory.
BodyStream event_body(Services& services, std::shared_ptr<ActiveRun> run, StreamSource source, StreamWish wish,
                      OnDisconnect on_disconnect);

}  // namespace heddle::api
