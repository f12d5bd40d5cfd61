#pragma once
// What the services are made of. All references outlive the services; everything here belongs to the I/O thread,
// except storage, clock, checkpoint_ids, log and shown, which any thread may use.

#include "api/settings.h"
#include "graphs/registry.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/part_cache.h"
#include "runtime/uuid.h"
#include "storage/storage.h"

namespace heddle::api {

class RunQueue;

struct ServiceParts {
  const ServerSettings& settings;
  storage::Storage& storage;
  const runtime::Clock& clock;
  const graphs::Registry& graphs;
  runtime::CheckpointIds& checkpoint_ids;
  runtime::Log& log;
  RunQueue& queue;
  runtime::PartCache& shown;
};

}  // namespace heddle::api
