// A JPEG with a decode record: the baseline decoder where it serves, libjpeg
// for all else, with the same pixels.
#include <memory>

#include "base/status_macros.h"
#include "image/decode_scratch.h"
#include "image/stored_decoder.h"

namespace millrace {
namespace {

class RecordedJpeg final : public StoredDecoder {
 public:
  RecordedJpeg(absl::string_view bytes, DecodeScratch* scratch,
               std::unique_ptr<StoredDecoder> libjpeg)
      : bytes_(bytes), scratch_(scratch), libjpeg_(std::move(libjpeg)) {}

  const ImageHeader& header() const override { return libjpeg_->header(); }

  absl::Status Decode(const DecodeRequest& request, Image* image,
                      DecodeReport* report) override {
    ImageRows rows(image);
    const absl::Status status = DecodeBaseline(request, &rows);
    if (!absl::IsUnimplemented(status)) return status;
    return libjpeg_->Decode(request, image, report);
  }

  absl::Status DecodeRows(const DecodeRequest& request, RowSink* sink,
                          Image* spare, DecodeReport* report) override {
    const absl::Status status = DecodeBaseline(request, sink);
    if (!absl::IsUnimplemented(status)) return status;
    return libjpeg_->DecodeRows(request, sink, spare, report);
  }

 private:
  absl::Status DecodeBaseline(const DecodeRequest& request, RowSink* sink) {
    if (request.scale_denominator != 1) return absl::UnimplementedError("");
    return scratch_->baseline.Decode(bytes_, scratch_->layout, request.region,
                                     request.channels, sink);
  }

  const absl::string_view bytes_;
  DecodeScratch* const scratch_;
  const std::unique_ptr<StoredDecoder> libjpeg_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<StoredDecoder>> OpenRecordedJpeg(
    absl::string_view bytes, absl::string_view record,
    const DecodeLimits& limits, DecodeScratch* scratch) {
  MILLRACE_RETURN_IF_ERROR(
      ParseSerializedJpegLayout(record, bytes.size(), &scratch->layout));
  MILLRACE_ASSIGN_OR_RETURN(auto libjpeg,
                            OpenJpegTiles(bytes, scratch->layout, limits));
  return std::make_unique<RecordedJpeg>(bytes, scratch, std::move(libjpeg));
}

}  // namespace millrace
