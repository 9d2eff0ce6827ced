#include "cli/canvas.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "cli/console.h"

namespace millrace::cli {
namespace {

constexpr int kMaxSide = 32767;  // Cairo's limit.
constexpr double kPi = 3.14159265358979323846;

cairo_status_t AppendTo(void* text, const unsigned char* data,
                        unsigned int length) {
  static_cast<std::string*>(text)->append(reinterpret_cast<const char*>(data),
                                          length);
  return CAIRO_STATUS_SUCCESS;
}

uint32_t Argb(double alpha, const Colour& colour) {
  const auto byte = [alpha](double value) {
    return static_cast<uint32_t>(std::lround(255 * alpha * value));
  };
  return static_cast<uint32_t>(std::lround(255 * alpha)) << 24 |
         byte(colour.red) << 16 | byte(colour.green) << 8 | byte(colour.blue);
}

bool IsEdge(const uint8_t* raster, int width, int height, int x, int y) {
  if (x == 0 || y == 0 || x == width - 1 || y == height - 1) return true;
  const uint8_t* at = raster + size_t{1} * y * width + x;
  return at[-1] == 0 || at[1] == 0 || at[-width] == 0 || at[width] == 0;
}

uint32_t* RowOf(cairo_surface_t* surface, int y) {
  return reinterpret_cast<uint32_t*>(
      cairo_image_surface_get_data(surface) +
      ptrdiff_t{1} * y * cairo_image_surface_get_stride(surface));
}

}  // namespace

Colour ColourOf(int category) {
  // Steps of the golden angle never come close to an earlier hue.
  const double hue = std::fmod(0.08 + 0.618033988749895 * category, 1.0) * 6;
  const double low = category % 2 == 0 ? 0.22 : 0.38;
  const auto channel = [&](double centre) {
    double distance = std::fabs(hue - centre);
    distance = std::min(distance, 6 - distance);
    return low + (1 - low) * std::clamp(2 - distance, 0.0, 1.0);
  };
  return {channel(0), channel(2), channel(4)};
}

Colour ShadeOf(int category, int object) {
  // Steps of the golden ratio from 0, between these two.
  constexpr double kDarkest = -0.5, kLightest = 0.6;
  constexpr double kRange = kLightest - kDarkest;
  const double step =
      std::fmod(-kDarkest / kRange + 0.618033988749895 * object, 1.0);
  const double towards = kDarkest + kRange * step;
  const double target = towards < 0 ? 0 : 1;
  const auto mix = [&](double channel) {
    return channel + std::fabs(towards) * (target - channel);
  };
  const Colour colour = ColourOf(category);
  if (object == 0) return colour;
  return {mix(colour.red), mix(colour.green), mix(colour.blue)};
}

Canvas::Canvas(int width, int height)
    : width_(width),
      height_(height),
      surface_(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height)),
      context_(cairo_create(surface_.get())) {}

absl::StatusOr<Canvas> Canvas::Create(int width, int height,
                                      const Colour& background) {
  if (width > kMaxSide || height > kMaxSide) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a picture of ", width, "x", height,
                     " pixels: sides may have at most ", kMaxSide));
  }
  Canvas canvas(std::max(width, 1), std::max(height, 1));
  if (const auto status = cairo_status(canvas.context_.get());
      status != CAIRO_STATUS_SUCCESS) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a picture of ", width, "x", height,
                     " pixels: ", cairo_status_to_string(status)));
  }
  canvas.FillRectangle(0, 0, width, height, background);
  return canvas;
}

void Canvas::SetColour(const Colour& colour, double opacity) {
  cairo_set_source_rgba(context_.get(), colour.red, colour.green, colour.blue,
                        opacity);
}

void Canvas::FillRectangle(double x, double y, double width, double height,
                           const Colour& colour, double opacity) {
  SetColour(colour, opacity);
  cairo_rectangle(context_.get(), x, y, width, height);
  cairo_fill(context_.get());
}

void Canvas::FillRounded(double x, double y, double width, double height,
                         double radius, const Colour& colour) {
  cairo_t* c = context_.get();
  const double right = x + width - radius, bottom = y + height - radius;
  cairo_new_sub_path(c);
  cairo_arc(c, right, y + radius, radius, -kPi / 2, 0);
  cairo_arc(c, right, bottom, radius, 0, kPi / 2);
  cairo_arc(c, x + radius, bottom, radius, kPi / 2, kPi);
  cairo_arc(c, x + radius, y + radius, radius, kPi, 1.5 * kPi);
  cairo_close_path(c);
  SetColour(colour);
  cairo_fill(c);
}

void Canvas::OutlineRectangle(double x, double y, double width, double height,
                              double line, bool dashed, const Colour& colour) {
  cairo_t* c = context_.get();
  cairo_rectangle(c, x, y, width, height);
  SetColour(kOutline, 0.75);
  cairo_set_line_width(c, line + 2);
  cairo_stroke_preserve(c);
  const double dashes[] = {4 * line, 3 * line};
  if (dashed) cairo_set_dash(c, dashes, 2, 0);
  SetColour(colour);
  cairo_set_line_width(c, line);
  cairo_stroke(c);
  cairo_set_dash(c, nullptr, 0, 0);
}

void Canvas::Line(double x0, double y0, double x1, double y1, double line,
                  const Colour& colour) {
  cairo_t* c = context_.get();
  cairo_set_line_cap(c, CAIRO_LINE_CAP_ROUND);
  cairo_move_to(c, x0, y0);
  cairo_line_to(c, x1, y1);
  SetColour(kOutline, 0.75);
  cairo_set_line_width(c, line + 2);
  cairo_stroke_preserve(c);
  SetColour(colour);
  cairo_set_line_width(c, line);
  cairo_stroke(c);
  cairo_set_line_cap(c, CAIRO_LINE_CAP_BUTT);
}

void Canvas::Dot(double x, double y, double radius, bool hollow,
                 const Colour& colour) {
  cairo_t* c = context_.get();
  cairo_arc(c, x, y, radius + 1, 0, 2 * kPi);
  SetColour(kOutline);
  cairo_fill(c);
  cairo_arc(c, x, y, radius, 0, 2 * kPi);
  SetColour(colour);
  cairo_fill(c);
  if (!hollow) return;
  cairo_arc(c, x, y, 0.55 * radius, 0, 2 * kPi);
  SetColour(kOutline);
  cairo_fill(c);
}

void Canvas::PaintSurface(cairo_surface_t* surface, double x, double y,
                          double scale) {
  cairo_surface_mark_dirty(surface);
  cairo_t* c = context_.get();
  cairo_save(c);
  cairo_translate(c, x, y);
  cairo_scale(c, scale, scale);
  cairo_set_source_surface(c, surface, 0, 0);
  cairo_pattern_set_filter(cairo_get_source(c), scale >= 1
                                                    ? CAIRO_FILTER_NEAREST
                                                    : CAIRO_FILTER_GOOD);
  // Without it the last row and column would fade into the background.
  cairo_pattern_set_extend(cairo_get_source(c), CAIRO_EXTEND_PAD);
  cairo_rectangle(c, 0, 0, cairo_image_surface_get_width(surface),
                  cairo_image_surface_get_height(surface));
  cairo_fill(c);
  cairo_restore(c);
}

void Canvas::DrawImage(const ImageView& image, double x, double y,
                       double scale) {
  std::unique_ptr<cairo_surface_t, DestroySurface> surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, image.width,
                                 image.height));
  if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) return;
  cairo_surface_flush(surface.get());
  const int step = image.channels;
  const int green = step == 3 ? 1 : 0, blue = step == 3 ? 2 : 0;
  for (int row = 0; row < image.height; ++row) {
    const uint8_t* in = image.row(row);
    uint32_t* out = RowOf(surface.get(), row);
    for (int i = 0; i < image.width; ++i, in += step) {
      out[i] = uint32_t{in[0]} << 16 | uint32_t{in[green]} << 8 | in[blue];
    }
  }
  PaintSurface(surface.get(), x, y, scale);
}

void Canvas::DrawMask(const uint8_t* raster, int width, int height, double x,
                      double y, double scale, const Colour& colour) {
  std::unique_ptr<cairo_surface_t, DestroySurface> surface(
      cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height));
  if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) return;
  cairo_surface_flush(surface.get());
  const uint32_t inside = Argb(0.42, colour), edge = Argb(0.9, colour);
  for (int row = 0; row < height; ++row) {
    const uint8_t* in = raster + size_t{1} * row * width;
    uint32_t* out = RowOf(surface.get(), row);
    for (int i = 0; i < width; ++i) {
      if (in[i] == 0) continue;
      out[i] = IsEdge(raster, width, height, i, row) ? edge : inside;
    }
  }
  PaintSurface(surface.get(), x, y, scale);
}

void Canvas::Clip(double x, double y, double width, double height) {
  cairo_save(context_.get());
  cairo_rectangle(context_.get(), x, y, width, height);
  cairo_clip(context_.get());
}

void Canvas::Unclip() { cairo_restore(context_.get()); }

void Canvas::SetFont(double size, bool bold) {
  cairo_select_font_face(
      context_.get(), "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
      bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(context_.get(), size);
}

double Canvas::TextWidth(absl::string_view text, double size, bool bold) {
  SetFont(size, bold);
  cairo_text_extents_t extents;
  cairo_text_extents(context_.get(), Printable(text).c_str(), &extents);
  return extents.x_advance;
}

void Canvas::Text(absl::string_view text, double x, double baseline,
                  double size, const Colour& colour, double max_width,
                  bool bold) {
  std::string shown = Printable(text);
  for (size_t columns = Columns(shown);
       max_width > 0 && columns > 0 &&
       TextWidth(shown, size, bold) > max_width;) {
    shown = Shorten(Printable(text), --columns);
  }
  SetFont(size, bold);
  SetColour(colour);
  cairo_move_to(context_.get(), x, baseline);
  cairo_show_text(context_.get(), shown.c_str());
  cairo_new_path(context_.get());
}

absl::Status Canvas::WritePng(const std::string& path) {
  cairo_surface_flush(surface_.get());
  std::string png;
  if (const auto status =
          cairo_surface_write_to_png_stream(surface_.get(), AppendTo, &png);
      status != CAIRO_STATUS_SUCCESS) {
    return absl::InternalError(
        absl::StrCat("drawing ", path, ": ", cairo_status_to_string(status)));
  }
  return WriteFileAtomically(path, png);
}

}  // namespace millrace::cli
