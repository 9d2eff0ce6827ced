// A drawing surface for pictures that people look at: Cairo behind plain calls.
//
// Coordinates are pixels from the top left corner. Not thread-safe.
#pragma once

#include <cairo.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "image/image.h"

namespace millrace::cli {

// Each 0..1.
struct Colour {
  double red = 0;
  double green = 0;
  double blue = 0;
};

inline constexpr Colour kBackground = {0.10, 0.11, 0.13};
inline constexpr Colour kPaper = {0.16, 0.18, 0.21};
inline constexpr Colour kInk = {0.93, 0.94, 0.95};
inline constexpr Colour kFaintInk = {0.60, 0.64, 0.69};
inline constexpr Colour kOutline = {0.05, 0.05, 0.06};

// Bright, and far from those of neighbouring categories.
Colour ColourOf(int category);
// That of an object among others of its category: the colour itself for the
// first, a lighter or darker one for each other. Those of objects that follow
// each other are far apart.
Colour ShadeOf(int category, int object);

class Canvas {
 public:
  // RESOURCE_EXHAUSTED: sides over 32,767 pixels, or no memory.
  static absl::StatusOr<Canvas> Create(int width, int height,
                                       const Colour& background);

  int width() const { return width_; }
  int height() const { return height_; }

  void FillRectangle(double x, double y, double width, double height,
                     const Colour& colour, double opacity = 1);
  void FillRounded(double x, double y, double width, double height,
                   double radius, const Colour& colour);
  // A coloured line on a wider dark one, visible on any image.
  void OutlineRectangle(double x, double y, double width, double height,
                        double line, bool dashed, const Colour& colour);
  void Line(double x0, double y0, double x1, double y1, double line,
            const Colour& colour);
  // A disc with a dark rim; hollow: only the rim is coloured.
  void Dot(double x, double y, double radius, bool hollow,
           const Colour& colour);

  // Magnifies without smoothing, reduces with it.
  void DrawImage(const ImageView& image, double x, double y, double scale);
  // `raster`: height x width, row-major, not 0 where the mask is. Its inside is
  // translucent, its edge solid.
  void DrawMask(const uint8_t* raster, int width, int height, double x,
                double y, double scale, const Colour& colour);

  // Everything until the matching Unclip stays inside of the rectangle.
  void Clip(double x, double y, double width, double height);
  void Unclip();

  // `baseline` is the y of the letters' feet. Text that is wider than
  // `max_width` (if not 0) is cut with an ellipsis.
  void Text(absl::string_view text, double x, double baseline, double size,
            const Colour& colour, double max_width = 0, bool bold = false);
  double TextWidth(absl::string_view text, double size, bool bold = false);

  absl::Status WritePng(const std::string& path);

 private:
  struct DestroySurface {
    void operator()(cairo_surface_t* surface) const {
      cairo_surface_destroy(surface);
    }
  };
  struct DestroyContext {
    void operator()(cairo_t* context) const { cairo_destroy(context); }
  };

  Canvas(int width, int height);
  void SetColour(const Colour& colour, double opacity = 1);
  void SetFont(double size, bool bold);
  void PaintSurface(cairo_surface_t* surface, double x, double y, double scale);

  int width_;
  int height_;
  std::unique_ptr<cairo_surface_t, DestroySurface> surface_;
  std::unique_ptr<cairo_t, DestroyContext> context_;
};

}  // namespace millrace::cli
