#pragma once
// Traces in the JSON form of OTLP (OpenTelemetry protocol 1.x, ExportTraceServiceRequest), with the names that
// OpenTelemetry's conventions for generative AI give to agents, models and tools. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "api/telemetry/run_trace.h"

namespace heddle::api {

// The body of `POST /v1/traces`. The trace of a run has the run's id as its trace id; further attempts at it are
// further roots in the same trace.
std::string otlp_request(const std::vector<const RunTrace*>& traces, std::string_view service_name);

}  // namespace heddle::api
