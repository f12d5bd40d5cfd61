#pragma once
// message/stream of A2A: a run's events told as those of a task.

#include <boost/json/value.hpp>
#include <memory>

#include "api/http/message.h"
#include "api/runs/active_run.h"
#include "api/services/services.h"

namespace heddle::api {

// Answers to the call `id`, one JSON-RPC answer per event: the task, the texts of the model as they come, the status at
// the end. The run streams at least `messages-tuple`, and goes on without its reader. `services` outlives the body.
BodyStream a2a_stream_body(Services& services, std::shared_ptr<ActiveRun> run, boost::json::value id);

}  // namespace heddle::api
