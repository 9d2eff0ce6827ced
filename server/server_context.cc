#include "server/server_context.h"

namespace millrace {

ServerContext::ServerContext(const v1::ServerConfig& valid)
    : config(valid),
      log(LogFormatOf(config), LogLevelOf(config)),
      datasets(DataDir(config.data_dir()), config.limits().max_open_datasets(),
               PlanLimitsOf(config), &log),
      budget(config.limits().batch_memory_bytes()),
      streams("streams", "limits.max_streams", config.limits().max_streams()),
      requests("requests", "limits.max_requests",
               config.limits().max_requests()),
      pool(config.limits().idle_buffer_bytes()),
      batch_cache(config.limits().batch_cache_bytes(), &scheduler, &metrics),
      scheduler(static_cast<int>(config.worker_threads())) {}

}  // namespace millrace
