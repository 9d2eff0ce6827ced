// What a checkpoint keeps of a stream, and whether a stream may go on from it.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "millrace/v1/millrace.pb.h"
#include "millrace/v1/plan.pb.h"

namespace millrace::client {

inline constexpr uint32_t kStateVersion = 1;

v1::StreamState MakeState(const v1::StreamOpened& opened, uint64_t next_step);

// `plan` with the versions of `state` for datasets that have none, so that a
// version published meanwhile changes nothing. FAILED_PRECONDITION: the plan
// has other datasets or versions, or the state is of a newer format.
absl::StatusOr<v1::Plan> PinToState(v1::Plan plan,
                                    const v1::StreamState& state);

// FAILED_PRECONDITION, naming what differs, if what a server opened is not the
// plan of `state`.
absl::Status CheckState(const v1::StreamState& state,
                        const v1::StreamOpened& opened);

}  // namespace millrace::client
