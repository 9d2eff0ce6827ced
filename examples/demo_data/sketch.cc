#include "examples/demo_data/sketch.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace millrace::demo {
namespace {

constexpr double kPi = 3.14159265358979323846;

void SetInk(cairo_t* c, const Ink& ink) {
  cairo_set_source_rgb(c, ink.red, ink.green, ink.blue);
}

// Calm and a little grey, so that what is drawn on it stands out.
Ink BackgroundInk(Random* random) {
  const double light = random->Between(0.55, 0.85);
  return {light + random->Jitter(0.06), light + random->Jitter(0.06),
          light + random->Jitter(0.06)};
}

void Stripes(cairo_t* c, double size, double width, double height,
             Random* random) {
  cairo_save(c);
  cairo_translate(c, width / 2, height / 2);
  cairo_rotate(c, random->Between(0, kPi));
  const double reach = width + height;
  for (double x = -reach; x < reach; x += 2 * size) {
    cairo_rectangle(c, x, -reach, size, 2 * reach);
  }
  cairo_fill(c);
  cairo_restore(c);
}

void Dots(cairo_t* c, double size, double width, double height) {
  for (double y = 0; y < height + size; y += 2 * size) {
    for (double x = 0; x < width + size; x += 2 * size) {
      cairo_new_sub_path(c);
      cairo_arc(c, x, y, size / 2.5, 0, 2 * kPi);
    }
  }
  cairo_fill(c);
}

void Checks(cairo_t* c, double size, double width, double height) {
  for (int row = 0; row * size < height; ++row) {
    for (int column = row % 2; column * size < width; column += 2) {
      cairo_rectangle(c, column * size, row * size, size, size);
    }
  }
  cairo_fill(c);
}

uint8_t Grained(uint32_t value, double amount) {
  return static_cast<uint8_t>(
      std::clamp(static_cast<double>(value & 0xFF) + amount, 0.0, 255.0));
}

}  // namespace

void Bounds::Add(double x, double y) {
  left = std::min(left, x);
  right = std::max(right, x);
  top = std::min(top, y);
  bottom = std::max(bottom, y);
}

void Bounds::Add(const Bounds& other) {
  if (other.left > other.right) return;
  Add(other.left, other.top);
  Add(other.right, other.bottom);
}

bool Bounds::Touches(const Bounds& other, double margin) const {
  return left < other.right + margin && other.left < right + margin &&
         top < other.bottom + margin && other.top < bottom + margin;
}

Bounds Bounds::ClippedTo(double width, double height) const {
  return {std::clamp(left, 0.0, width), std::clamp(top, 0.0, height),
          std::clamp(right, 0.0, width), std::clamp(bottom, 0.0, height)};
}

Bounds BoundsOf(const Ring& ring) {
  Bounds bounds;
  for (const Point& point : ring) bounds.Add(point.x, point.y);
  return bounds;
}

Ink Darker(const Ink& ink, double factor) {
  return {ink.red * factor, ink.green * factor, ink.blue * factor};
}

Sketch::Sketch(int width, int height)
    : width_(width),
      height_(height),
      surface_(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height)),
      context_(cairo_create(surface_.get())) {
  cairo_set_line_cap(cairo(), CAIRO_LINE_CAP_ROUND);
  cairo_set_line_join(cairo(), CAIRO_LINE_JOIN_ROUND);
}

Bounds Sketch::TakeBounds() {
  const Bounds taken = bounds_;
  bounds_ = Bounds();
  return taken;
}

void Sketch::AddExtents(bool stroke) {
  cairo_t* c = cairo();
  double line_x = cairo_get_line_width(c), line_y = 0;
  cairo_user_to_device_distance(c, &line_x, &line_y);
  // In device space, since a turned rectangle is not a tight one.
  cairo_save(c);
  cairo_identity_matrix(c);
  cairo_set_line_width(c, std::hypot(line_x, line_y));
  Bounds bounds;
  if (stroke) {
    cairo_stroke_extents(c, &bounds.left, &bounds.top, &bounds.right,
                         &bounds.bottom);
  } else {
    cairo_fill_extents(c, &bounds.left, &bounds.top, &bounds.right,
                       &bounds.bottom);
  }
  cairo_restore(c);
  bounds_.Add(bounds);
}

void Sketch::Fill(const Ink& ink) {
  SetInk(cairo(), ink);
  AddExtents(false);
  cairo_fill(cairo());
}

void Sketch::Stroke(const Ink& ink, double line) {
  SetInk(cairo(), ink);
  cairo_set_line_width(cairo(), line);
  AddExtents(true);
  cairo_stroke(cairo());
}

void Sketch::FillAndStroke(const Ink& ink, double line) {
  SetInk(cairo(), ink);
  AddExtents(false);
  cairo_fill_preserve(cairo());
  Stroke(Darker(ink, 0.6), line);
}

void Sketch::FillRing(const Ring& ring, const Ink& ink) {
  if (ring.size() < 3) return;
  for (const Point& point : ring) cairo_line_to(cairo(), point.x, point.y);
  cairo_close_path(cairo());
  Fill(ink);
}

const char* Sketch::Texture(Random* random) {
  cairo_t* c = cairo();
  cairo_pattern_t* gradient = cairo_pattern_create_linear(0, 0, 0, height_);
  for (double stop : {0.0, 1.0}) {
    const Ink ink = BackgroundInk(random);
    cairo_pattern_add_color_stop_rgb(gradient, stop, ink.red, ink.green,
                                     ink.blue);
  }
  cairo_set_source(c, gradient);
  cairo_paint(c);
  cairo_pattern_destroy(gradient);

  const double shade = random->Chance(0.5) ? 0 : 1;
  cairo_set_source_rgba(c, shade, shade, shade, random->Between(0.05, 0.12));
  const double size = random->Between(8, 28);
  switch (random->Below(4)) {
    case 0:
      Stripes(c, size, width_, height_, random);
      return "striped";
    case 1:
      Dots(c, size, width_, height_);
      return "dotted";
    case 2:
      Checks(c, size, width_, height_);
      return "checkered";
    default:
      return "plain";
  }
}

void Sketch::Grain(double strength, Random* random) {
  cairo_surface_flush(surface_.get());
  const int stride = cairo_image_surface_get_stride(surface_.get());
  uint8_t* data = cairo_image_surface_get_data(surface_.get());
  for (int y = 0; y < height_; ++y) {
    auto* row = reinterpret_cast<uint32_t*>(data + ptrdiff_t{1} * y * stride);
    for (int x = 0; x < width_; ++x) {
      const double amount = random->Between(-strength, strength);
      row[x] = uint32_t{Grained(row[x] >> 16, amount)} << 16 |
               uint32_t{Grained(row[x] >> 8, amount)} << 8 |
               Grained(row[x], amount);
    }
  }
  cairo_surface_mark_dirty(surface_.get());
}

Image Sketch::ToImage(int channels) {
  cairo_surface_flush(surface_.get());
  const int stride = cairo_image_surface_get_stride(surface_.get());
  const uint8_t* data = cairo_image_surface_get_data(surface_.get());
  Image image(width_, height_, channels);
  for (int y = 0; y < height_; ++y) {
    const auto* in =
        reinterpret_cast<const uint32_t*>(data + ptrdiff_t{1} * y * stride);
    uint8_t* out = image.row(y);
    for (int x = 0; x < width_; ++x) {
      const uint32_t red = in[x] >> 16 & 0xFF, green = in[x] >> 8 & 0xFF,
                     blue = in[x] & 0xFF;
      if (channels == 1) {
        *out++ =
            static_cast<uint8_t>((red * 299 + green * 587 + blue * 114) / 1000);
        continue;
      }
      *out++ = static_cast<uint8_t>(red);
      *out++ = static_cast<uint8_t>(green);
      *out++ = static_cast<uint8_t>(blue);
    }
  }
  return image;
}

}  // namespace millrace::demo
