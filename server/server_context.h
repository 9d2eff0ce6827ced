// What all calls of one server share. Owned by Server; outlives every call.
#pragma once

#include "base/buffer_pool.h"
#include "base/log.h"
#include "base/scheduler.h"
#include "millrace/v1/server_config.pb.h"
#include "server/batch_budget.h"
#include "server/batch_cache.h"
#include "server/config.h"
#include "server/dataset_registry.h"
#include "server/live_calls.h"
#include "server/metrics.h"

namespace millrace {

struct ServerContext {
  // `config` must be valid, with defaults filled in.
  explicit ServerContext(const v1::ServerConfig& config);

  const v1::ServerConfig config;
  Log log;
  Metrics metrics;
  DatasetRegistry datasets;
  BatchBudget budget;
  LiveCalls streams;
  LiveCalls requests;
  // In this order: workers use all of the above, the pool above all.
  BufferPool pool;
  BatchCache batch_cache;
  Scheduler scheduler;
};

}  // namespace millrace
