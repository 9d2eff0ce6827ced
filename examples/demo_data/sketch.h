// A sheet to draw on: Cairo, with what the drawings here have in common.
#pragma once

#include <cairo.h>

#include <memory>
#include <vector>

#include "examples/demo_data/random.h"
#include "image/image.h"

namespace millrace::demo {

struct Ink {
  double red = 0;
  double green = 0;
  double blue = 0;
};

struct Point {
  double x = 0;
  double y = 0;
};

// A closed outline.
using Ring = std::vector<Point>;

// The smallest rectangle around what was drawn; empty at first.
struct Bounds {
  double left = 1e9;
  double top = 1e9;
  double right = -1e9;
  double bottom = -1e9;

  void Add(double x, double y);
  void Add(const Bounds& other);
  bool Touches(const Bounds& other, double margin) const;
  Bounds ClippedTo(double width, double height) const;
};

Bounds BoundsOf(const Ring& ring);

Ink Darker(const Ink& ink, double factor);

class Sketch {
 public:
  Sketch(int width, int height);

  cairo_t* cairo() { return context_.get(); }
  int width() const { return width_; }
  int height() const { return height_; }

  // The rectangle around all that was painted since the last call; pixels.
  Bounds TakeBounds();

  // Each paints the current path and forgets it.
  void Fill(const Ink& ink);
  void Stroke(const Ink& ink, double line);
  void FillAndStroke(const Ink& ink, double line);

  void FillRing(const Ring& ring, const Ink& ink);

  // A texture over all of the sheet: a gradient with stripes, dots or checks.
  // Returns a word for it: "striped".
  const char* Texture(Random* random);

  // Grain on every channel, `strength` of 255 at most. Draw it last.
  void Grain(double strength, Random* random);

  // 3 channels, or 1: the luma.
  Image ToImage(int channels);

 private:
  struct DestroySurface {
    void operator()(cairo_surface_t* surface) const {
      cairo_surface_destroy(surface);
    }
  };
  struct DestroyContext {
    void operator()(cairo_t* context) const { cairo_destroy(context); }
  };
  void AddExtents(bool stroke);

  int width_;
  int height_;
  std::unique_ptr<cairo_surface_t, DestroySurface> surface_;
  std::unique_ptr<cairo_t, DestroyContext> context_;
  Bounds bounds_;
};

}  // namespace millrace::demo
