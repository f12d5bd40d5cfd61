#pragma once
// The services behind the routes, in one object that handlers get.

#include <array>
#include <cstdint>

#include "api/runs/cron_scheduler.h"
#include "api/runs/resumer.h"
#include "api/services/assistant_service.h"
#include "api/services/cron_service.h"
#include "api/services/expiry_sweeper.h"
#include "api/services/readiness.h"
#include "api/services/run_service.h"
#include "api/services/service_parts.h"
#include "api/services/state_service.h"
#include "api/services/store_service.h"
#include "api/services/thread_service.h"

namespace heddle::api {

// Requests that were answered since the start, by the first digit of their status.
struct RequestCounters {
  std::array<std::uint64_t, 6> by_class = {};
};

// Belongs to the I/O thread.
struct Services {
  explicit Services(ServiceParts given)
      : parts(given),
        assistants(given),
        states(given),
        threads(given, states),
        runs(given, assistants, states),
        cron_scheduler(given, runs),
        resumer(given, runs),
        crons(given, assistants, cron_scheduler),
        store(given),
        expiry_sweeper(given, store, threads),
        readiness(given) {}

  ServiceParts parts;
  AssistantService assistants;
  StateService states;
  ThreadService threads;
  RunService runs;
  CronScheduler cron_scheduler;  // stands until it is started
  Resumer resumer;               // likewise
  CronService crons;
  StoreService store;
  RequestCounters requests;
  ExpirySweeper expiry_sweeper;  // stands until it is started
  Readiness readiness;
};

}  // namespace heddle::api
