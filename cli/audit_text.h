// What an audit found, for people and for scripts.
#pragma once

#include <string>

#include "cli/audit_run.h"
#include "cli/json.h"

namespace millrace::cli {

// Several lines: what was audited, each epoch, each problem, the verdict.
std::string AuditText(const AuditReport& report);

Json AuditJson(const AuditReport& report);

}  // namespace millrace::cli
