#include "examples/cnn/checkpoint_file.h"

#include <array>
#include <cerrno>
#include <fstream>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/files.h"

namespace millrace::cnn {

namespace {

std::string DigestOf(absl::string_view bytes) {
  const Sha256Digest digest = Sha256Of(bytes);
  return std::string(digest.begin(), digest.end());
}

}  // namespace

absl::Status SaveCheckpoint(const std::string& file,
                            const Checkpoint& checkpoint) {
  const std::string message = checkpoint.SerializeAsString();
  return WriteFileAtomically(file, absl::StrCat(DigestOf(message), message));
}

absl::StatusOr<std::optional<Checkpoint>> LoadCheckpoint(
    const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream && errno == ENOENT) return std::nullopt;
  std::string contents;
  std::array<char, 1 << 16> piece;
  while (stream.read(piece.data(), piece.size()) || stream.gcount() > 0) {
    contents.append(piece.data(), stream.gcount());
  }
  if (!stream.eof()) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot read the checkpoint ", file));
  }
  constexpr size_t kDigestBytes = std::tuple_size_v<Sha256Digest>;
  Checkpoint checkpoint;
  if (contents.size() < kDigestBytes ||
      contents.substr(0, kDigestBytes) !=
          DigestOf(absl::string_view(contents).substr(kDigestBytes)) ||
      !checkpoint.ParseFromString(contents.substr(kDigestBytes))) {
    return absl::DataLossError(absl::StrCat(
        file,
        " is no checkpoint, or was damaged: its digest does not fit. "
        "Restore a copy, or remove it to begin anew"));
  }
  if (checkpoint.version() != kCheckpointVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat(file, " is a checkpoint of version ", checkpoint.version(),
                     "; this program reads version ", kCheckpointVersion));
  }
  return checkpoint;
}

}  // namespace millrace::cnn
