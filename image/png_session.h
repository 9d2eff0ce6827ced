// libpng's errors, translated: what reading and writing share.
#pragma once

#include <csetjmp>
#include <cstddef>

#include <png.h>

namespace millrace {

// Pass as error pointer, with FailPng and WarnPng. Fatal errors jump back to
// RunPng(); the first warning is kept.
struct PngErrors {
  static constexpr size_t kMaxBytes = 200;

  std::jmp_buf jump;
  // All that can be said if libpng cannot even make its own structures.
  char message[kMaxBytes] = "out of memory";
  char warning[kMaxBytes] = "";
};

[[noreturn]] void FailPng(png_structp png, png_const_charp message);
void WarnPng(png_structp png, png_const_charp message);

// Runs step(), which calls libpng. False after a fatal error: see
// errors->message. The step must own nothing, since the jump out of libpng
// runs no destructors.
template <typename Step>
bool RunPng(PngErrors* errors, const Step& step) {
  if (setjmp(errors->jump) != 0) return false;
  step();
  return true;
}

}  // namespace millrace
