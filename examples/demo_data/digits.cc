#include "examples/demo_data/digits.h"

#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "examples/demo_data/sketch.h"

namespace millrace::demo {
namespace {

// A digit is a few strokes, each a smooth curve through its points; x to the
// right, y down, about 1 x 1.
using Stroke = std::vector<Point>;
using Glyph = std::vector<Stroke>;

// The ways in which people write each digit.
const std::vector<Glyph>& GlyphsOf(int digit) {
  static const auto* const kGlyphs = new std::vector<std::vector<Glyph>>{
      // 0
      {{{{.5, 0},
         {.15, .25},
         {.15, .75},
         {.5, 1},
         {.85, .75},
         {.85, .25},
         {.5, 0}}},
       {{{.6, .02},
         {.2, .2},
         {.1, .7},
         {.45, 1},
         {.85, .7},
         {.8, .2},
         {.45, .05}}}},
      // 1
      {{{{.5, 0}, {.5, 1}}},
       {{{.3, .22}, {.52, 0}}, {{.52, 0}, {.5, 1}}},
       {{{.3, .2}, {.52, 0}}, {{.52, 0}, {.52, 1}}, {{.25, 1}, {.8, 1}}}},
      // 2
      {{{{.12, .25}, {.35, .02}, {.75, .06}, {.8, .35}, {.45, .7}, {.1, 1}},
        {{.1, 1}, {.92, .97}}},
       {{{.12, .22},
         {.4, .0},
         {.8, .15},
         {.65, .5},
         {.25, .9},
         {.12, .85},
         {.3, .78},
         {.6, .95},
         {.95, .92}}}},
      // 3
      {{{{.15, .1}, {.5, 0}, {.8, .2}, {.42, .46}},
        {{.42, .46}, {.85, .6}, {.75, .92}, {.4, 1}, {.1, .88}}},
       {{{.15, .03}, {.8, .03}},
        {{.8, .03}, {.45, .42}},
        {{.45, .42}, {.85, .6}, {.7, .95}, {.12, .92}}}},
      // 4
      {{{{.25, .02}, {.12, .55}},
        {{.12, .55}, {.9, .52}},
        {{.72, .05}, {.68, 1}}},
       {{{.68, 0}, {.06, .66}},
        {{.06, .66}, {.95, .66}},
        {{.68, 0}, {.68, 1}}}},
      // 5
      {{{{.85, .03}, {.25, .03}},
        {{.25, .03}, {.2, .45}},
        {{.2, .45}, {.6, .38}, {.88, .66}, {.6, .98}, {.1, .9}}},
       {{{.85, .0},
         {.3, .06},
         {.22, .42},
         {.7, .48},
         {.8, .85},
         {.4, 1},
         {.1, .92}}}},
      // 6
      {{{{.7, .02},
         {.3, .3},
         {.13, .7},
         {.45, 1},
         {.84, .8},
         {.65, .52},
         {.2, .68}}},
       {{{.5, .0},
         {.2, .4},
         {.2, .85},
         {.6, 1},
         {.8, .72},
         {.5, .55},
         {.22, .78}}}},
      // 7
      {{{{.1, .05}, {.88, .05}}, {{.88, .05}, {.6, .45}, {.4, 1}}},
       {{{.1, .05}, {.88, .05}}, {{.88, .05}, {.4, 1}}, {{.3, .52}, {.8, .5}}}},
      // 8
      {{{{.5, .47},
         {.17, .25},
         {.5, 0},
         {.83, .25},
         {.5, .47},
         {.12, .76},
         {.5, 1},
         {.88, .76},
         {.5, .47}}},
       {{{.8, .12},
         {.4, .03},
         {.2, .25},
         {.75, .65},
         {.6, .98},
         {.2, .85},
         {.35, .55},
         {.82, .12}}}},
      // 9
      {{{{.84, .28},
         {.5, .52},
         {.15, .3},
         {.48, .02},
         {.84, .25},
         {.8, .6},
         {.62, 1}}},
       {{{.8, .1}, {.4, .02}, {.15, .3}, {.45, .5}, {.8, .15}},
        {{.8, .15}, {.76, 1}}}},
  };
  return (*kGlyphs)[digit];
}

// Slant, turn and stretch of one hand.
struct Hand {
  explicit Hand(Random* random)
      : slant(random->Jitter(0.22)),
        turn(random->Jitter(0.11)),
        narrow(random->Between(0.62, 1.05)),
        line(random->Between(1.3, 3.6)),
        wobble(random->Between(0.02, 0.055)) {}

  Point Apply(Point point, Random* random) const {
    const double x = (point.x - 0.5 + random->Jitter(wobble)) * narrow -
                     slant * (point.y - 0.5);
    const double y = point.y - 0.5 + random->Jitter(wobble);
    return {x * std::cos(turn) - y * std::sin(turn),
            x * std::sin(turn) + y * std::cos(turn)};
  }

  double slant;
  double turn;
  double narrow;
  double line;    // Pixels.
  double wobble;  // Of each point.
};

Glyph WrittenBy(const Hand& hand, Glyph glyph, Random* random) {
  for (Stroke& stroke : glyph) {
    for (Point& point : stroke) point = hand.Apply(point, random);
  }
  return glyph;
}

// Catmull-Rom through all points, as Bezier curves.
void AddPath(cairo_t* c, const Stroke& stroke) {
  const auto at = [&](int i) {
    const int last = static_cast<int>(stroke.size()) - 1;
    return stroke[std::clamp(i, 0, last)];
  };
  cairo_move_to(c, stroke[0].x, stroke[0].y);
  for (int i = 0; i + 1 < static_cast<int>(stroke.size()); ++i) {
    const Point before = at(i - 1), from = at(i), to = at(i + 1),
                after = at(i + 2);
    cairo_curve_to(c, from.x + (to.x - before.x) / 6,
                   from.y + (to.y - before.y) / 6,
                   to.x - (after.x - from.x) / 6, to.y - (after.y - from.y) / 6,
                   to.x, to.y);
  }
}

Bounds BoundsOfGlyph(const Glyph& glyph) {
  Bounds bounds;
  for (const Stroke& stroke : glyph) bounds.Add(BoundsOf(stroke));
  return bounds;
}

// The centre of what was drawn, weighted by brightness.
Point CentreOfMass(const Image& image) {
  double mass = 1e-9;
  Point sum;
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      const double value = image.row(y)[x];
      mass += value;
      sum.x += value * (x + 0.5);
      sum.y += value * (y + 0.5);
    }
  }
  return {sum.x / mass, sum.y / mass};
}

Image Render(const Glyph& glyph, double line, Point centre) {
  const Bounds bounds = BoundsOfGlyph(glyph);
  const double side =
      std::max({bounds.right - bounds.left, bounds.bottom - bounds.top, 0.2});
  const double scale = (20 - line) / side;
  Sketch sketch(kDigitSide, kDigitSide);
  cairo_t* c = sketch.cairo();
  cairo_save(c);
  cairo_translate(c, centre.x, centre.y);
  cairo_scale(c, scale, scale);
  cairo_translate(c, -(bounds.left + bounds.right) / 2,
                  -(bounds.top + bounds.bottom) / 2);
  for (const Stroke& stroke : glyph) AddPath(c, stroke);
  cairo_restore(c);
  sketch.Stroke({1, 1, 1}, line);
  return sketch.ToImage(1);
}

}  // namespace

DigitPixels DrawDigit(int digit, Random* random) {
  const Hand hand(random);
  const Glyph glyph = WrittenBy(hand, random->Pick(GlyphsOf(digit)), random);
  const double middle = kDigitSide / 2.0;
  const Point mass = CentreOfMass(Render(glyph, hand.line, {middle, middle}));
  const Image image = Render(glyph, hand.line,
                             {2 * middle - mass.x + random->Jitter(0.5),
                              2 * middle - mass.y + random->Jitter(0.5)});
  const double pressure = random->Between(0.8, 1.0);
  DigitPixels pixels;
  for (size_t i = 0; i < pixels.size(); ++i) {
    const double grain = image.pixels()[i] > 0 ? random->Jitter(8) : 0;
    pixels[i] = static_cast<uint8_t>(
        std::clamp(image.pixels()[i] * pressure + grain, 0.0, 255.0));
  }
  return pixels;
}

}  // namespace millrace::demo
