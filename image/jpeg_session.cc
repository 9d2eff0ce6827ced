#include "image/jpeg_session.h"

#include <jerror.h>

#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

JpegErrors* ErrorsOf(j_common_ptr cinfo) {
  return reinterpret_cast<JpegErrors*>(cinfo->err);
}

absl::StatusCode CodeOf(int jpeg_code) {
  switch (jpeg_code) {
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_NOTIMPL:
      return absl::StatusCode::kUnimplemented;
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
    case JERR_OUT_OF_MEMORY:
      return absl::StatusCode::kResourceExhausted;
    default:
      return absl::StatusCode::kInvalidArgument;
  }
}

[[noreturn]] void ExitOnError(j_common_ptr cinfo) {
  JpegErrors* errors = ErrorsOf(cinfo);
  cinfo->err->format_message(cinfo, errors->message);
  errors->code = CodeOf(cinfo->err->msg_code);
  std::longjmp(errors->jump, 1);
}

void KeepFirstWarning(j_common_ptr cinfo, int level) {
  if (level >= 0) return;  // A trace message.
  JpegErrors* errors = ErrorsOf(cinfo);
  if (cinfo->err->msg_code == JWRN_JPEG_EOF) errors->input_ended = true;
  if (cinfo->err->num_warnings++ > 0) return;
  cinfo->err->format_message(cinfo, errors->warning);
}

constexpr size_t kFirstBytes = size_t{64} << 10;

// Offers libjpeg what lies behind the first `used` bytes.
void Offer(JpegSink* sink, size_t used) {
  sink->manager.next_output_byte =
      reinterpret_cast<JOCTET*>(sink->bytes.data()) + used;
  sink->manager.free_in_buffer = sink->bytes.size() - used;
}

JpegSink* SinkOf(j_compress_ptr cinfo) {
  return reinterpret_cast<JpegSink*>(cinfo->dest);
}

void BeginWriting(j_compress_ptr cinfo) {
  SinkOf(cinfo)->bytes.resize(kFirstBytes);
  Offer(SinkOf(cinfo), 0);
}

boolean Grow(j_compress_ptr cinfo) {
  const size_t used = SinkOf(cinfo)->bytes.size();
  SinkOf(cinfo)->bytes.resize(2 * used);
  Offer(SinkOf(cinfo), used);
  return TRUE;
}

void EndWriting(j_compress_ptr cinfo) {
  JpegSink* sink = SinkOf(cinfo);
  sink->bytes.resize(sink->bytes.size() - sink->manager.free_in_buffer);
}

void CheckScans(j_common_ptr cinfo) {
  const int max_scans =
      reinterpret_cast<JpegScanLimit*>(cinfo->progress)->max_scans;
  if (reinterpret_cast<j_decompress_ptr>(cinfo)->input_scan_number <=
      max_scans) {
    return;
  }
  JpegErrors* errors = ErrorsOf(cinfo);
  std::snprintf(errors->message, sizeof(errors->message), "more than %d scans",
                max_scans);
  errors->code = absl::StatusCode::kResourceExhausted;
  std::longjmp(errors->jump, 1);
}

}  // namespace

void JpegScanLimit::Install(int most, jpeg_decompress_struct* cinfo) {
  manager.progress_monitor = CheckScans;
  max_scans = most;
  cinfo->progress = &manager;
}

JpegSink::JpegSink()
    : manager{.init_destination = BeginWriting,
              .empty_output_buffer = Grow,
              .term_destination = EndWriting} {}

JpegErrors::JpegErrors() {
  jpeg_std_error(&manager);
  manager.error_exit = ExitOnError;
  manager.emit_message = KeepFirstWarning;
}

absl::Status JpegErrors::status() const {
  return absl::Status(code, absl::StrCat("JPEG: ", message));
}

void JpegErrors::ForgetWarnings() {
  manager.num_warnings = 0;
  warning[0] = '\0';
  input_ended = false;
}

}  // namespace millrace
