// SHA-256 of many small messages, which is quicker than one after the other.
#pragma once

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/digest.h"

namespace millrace {

// digests[i] = Sha256Of(messages[i]); both are as long. Thread-safe.
void Sha256OfEach(absl::Span<const absl::string_view> messages,
                  absl::Span<Sha256Digest> digests);

}  // namespace millrace
