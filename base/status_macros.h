// The two macros of this project: pass a failed status on.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define MILLRACE_CONCAT_INNER(a, b) a##b
#define MILLRACE_CONCAT(a, b) MILLRACE_CONCAT_INNER(a, b)

// Returns the status of `expr` from the calling function if it is not OK.
#define MILLRACE_RETURN_IF_ERROR(expr)            \
  do {                                            \
    if (absl::Status status_macro_value = (expr); \
        !status_macro_value.ok()) {               \
      return status_macro_value;                  \
    }                                             \
  } while (false)

// MILLRACE_ASSIGN_OR_RETURN(auto x, F()): x is F()'s value, or its status is
// returned from the calling function.
#define MILLRACE_ASSIGN_OR_RETURN(lhs, expr) \
  MILLRACE_ASSIGN_OR_RETURN_INNER(           \
      MILLRACE_CONCAT(status_or_, __LINE__), lhs, expr)
#define MILLRACE_ASSIGN_OR_RETURN_INNER(status_or, lhs, expr) \
  auto status_or = (expr);                                    \
  if (!status_or.ok()) return std::move(status_or).status();  \
  lhs = *std::move(status_or)
