// Source: one folder a class, as torchvision's ImageFolder reads it.
//
//   images/cat/1.jpg  images/cat/more/2.png  images/dog/3.jpg
//
// The classes are the folders directly below `images`, in the order of their
// bytes; a file belongs to the class at the top of its path, however deep it
// lies. Files directly in `images` are samples without a label. Keys are paths
// below `images`; items come in the order of the keys' bytes.
//
// Links are followed (a link to a folder above itself is quarantined). What is
// no image, no regular file, or has a name that is not UTF-8 is quarantined.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "ingest/ingest.h"

namespace millrace {

struct FolderFiles {
  std::string images;
};

// NOT_FOUND, or INVALID_ARGUMENT: not a folder, or no files in it.
absl::StatusOr<std::unique_ptr<Source>> OpenFolderSource(
    const FolderFiles& files);

}  // namespace millrace
