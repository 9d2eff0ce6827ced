// libjpeg's errors, translated: what every use of libjpeg in this room shares.
#pragma once

#include <csetjmp>
#include <cstddef>
#include <cstdio>  // jpeglib.h needs FILE.
#include <string>

#include <jpeglib.h>

#include "absl/status/status.h"

namespace millrace {

// libjpeg's error manager. Fatal errors jump back to RunJpeg(); warnings are
// counted and the first one kept. Install with `cinfo.err = &errors.manager`.
struct JpegErrors {
  JpegErrors();
  JpegErrors(const JpegErrors&) = delete;
  JpegErrors& operator=(const JpegErrors&) = delete;

  // First, since libjpeg hands back a pointer to it.
  jpeg_error_mgr manager;
  std::jmp_buf jump;
  // The fatal error. For one of our own, set both and jump.
  absl::StatusCode code = absl::StatusCode::kOk;
  char message[JMSG_LENGTH_MAX] = "";
  // The first warning.
  char warning[JMSG_LENGTH_MAX] = "";
  // The source was empty before the decoder was satisfied.
  bool input_ended = false;

  bool warned() const { return warning[0] != '\0'; }
  absl::Status status() const;
  void ForgetWarnings();
};

// Where libjpeg writes to: a string that grows. Install with `cinfo.dest =
// &sink.manager`; `bytes` is whole after jpeg_finish_compress(). Unlike
// jpeg_mem_dest(), nothing dangles after an error.
struct JpegSink {
  JpegSink();
  JpegSink(const JpegSink&) = delete;
  JpegSink& operator=(const JpegSink&) = delete;

  // First, since libjpeg hands back a pointer to it.
  jpeg_destination_mgr manager;
  std::string bytes;
};

// Stops files that repeat scans for ever: each costs a pass over the image.
struct JpegScanLimit {
  // After jpeg_create_decompress(), with JpegErrors installed. More scans are
  // RESOURCE_EXHAUSTED.
  void Install(int most, jpeg_decompress_struct* cinfo);

  // First, since libjpeg hands back a pointer to it.
  jpeg_progress_mgr manager = {};
  int max_scans = 0;
};

// Runs step(), which calls libjpeg. False after a fatal error: see
// errors->status(). The step must own nothing, since the jump out of libjpeg
// runs no destructors.
template <typename Step>
bool RunJpeg(JpegErrors* errors, const Step& step) {
  if (setjmp(errors->jump) != 0) return false;
  step();
  return true;
}

}  // namespace millrace
