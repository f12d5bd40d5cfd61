#pragma once
// Bodies of answers that last as long as a run does.

#include <functional>
#include <memory>
#include <string>

#include "api/http/message.h"
#include "api/runs/active_run.h"
#include "api/runs/run_request.h"
#include "api/runs/stream_reader.h"
#include "api/services/services.h"

namespace heddle::api {

// One JSON text once the run has ended, made by `told` (none: the result of the run). Line breaks go out while it
// lasts, so that nobody in between gives up. `services` outlives the body.
BodyStream waiting_body(Services& services, std::shared_ptr<ActiveRun> run, OnDisconnect on_disconnect,
                        std::function<std::string(const ActiveRun&)> told = nullptr);

// The events of a run (http-api.md 8.12 says what `on_disconnect` does). `run`: null when it has ended and left memory.
BodyStream event_body(Services& services, std::shared_ptr<ActiveRun> run, StreamSource source, StreamWish wish,
                      OnDisconnect on_disconnect);

}  // namespace heddle::api
