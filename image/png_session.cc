#include "image/png_session.h"

#include <cstdio>

namespace millrace {

void FailPng(png_structp png, png_const_charp message) {
  auto* errors = static_cast<PngErrors*>(png_get_error_ptr(png));
  std::snprintf(errors->message, sizeof(errors->message), "%s", message);
  std::longjmp(errors->jump, 1);
}

void WarnPng(png_structp png, png_const_charp message) {
  auto* errors = static_cast<PngErrors*>(png_get_error_ptr(png));
  if (errors->warning[0] != '\0') return;
  std::snprintf(errors->warning, sizeof(errors->warning), "%s", message);
}

}  // namespace millrace
