// What is published below a root, and how it comes and goes.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "millrace/v1/dataset.pb.h"

namespace millrace {

// Names with at least one version, sorted. NOT_FOUND: no such root.
absl::StatusOr<std::vector<std::string>> ListNames(const std::string& root);

// Versions of a dataset, sorted; empty if there is none.
absl::StatusOr<std::vector<std::string>> ListVersions(const std::string& root,
                                                      const std::string& name);

absl::StatusOr<v1::DatasetInfo> ReadPublishedInfo(const std::string& root,
                                                  const std::string& name,
                                                  const std::string& version);

// Whether `a` was published before `b`; versions break ties.
bool PublishedBefore(const v1::DatasetInfo& a, const v1::DatasetInfo& b);

// The one moment at which a dataset appears: renames the finished directory
// `staging`, durable itself, to its place. A copy that is there already, whole
// or damaged, changes places with it at that moment and is deleted, or left to
// a later sweep if a reader holds it.
absl::Status PublishDirectory(const std::string& staging,
                              const std::string& root, const std::string& name,
                              const std::string& version);

// Takes a version out of sight, then deletes it unless a reader holds it.
absl::Status UnpublishVersion(const std::string& root, const std::string& name,
                              const std::string& version);

// Deletes a directory of this root in two steps: it vanishes from its place at
// once, and is deleted then, or by a later sweep if a reader holds it.
absl::Status Discard(const std::string& root, const std::string& path);

// Deletes what killed ingests and held removals have left, as far as nobody
// uses it now.
absl::Status SweepStaging(const std::string& root);

}  // namespace millrace
