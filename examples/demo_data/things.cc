#include "examples/demo_data/things.h"

#include <algorithm>

#include "examples/demo_data/shapes.h"

namespace millrace::demo {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kLine = 0.02;

Ink Like(const Ink& ink, Random* random) {
  const auto vary = [random](double value) {
    return std::clamp(value + random->Jitter(0.05), 0.0, 1.0);
  };
  return {vary(ink.red), vary(ink.green), vary(ink.blue)};
}

void Rectangle(Sketch* sketch, double left, double top, double right,
               double bottom, const Ink& ink) {
  cairo_rectangle(sketch->cairo(), left, top, right - left, bottom - top);
  sketch->FillAndStroke(ink, kLine);
}

void Ellipse(Sketch* sketch, double x, double y, double half_width,
             double half_height, const Ink& ink) {
  cairo_t* c = sketch->cairo();
  cairo_save(c);
  cairo_translate(c, x, y);
  cairo_scale(c, half_width, half_height);
  cairo_new_sub_path(c);
  cairo_arc(c, 0, 0, 1, 0, 2 * kPi);
  cairo_restore(c);
  sketch->FillAndStroke(ink, kLine);
}

void Line(Sketch* sketch, Point from, Point to, double line, const Ink& ink) {
  cairo_move_to(sketch->cairo(), from.x, from.y);
  cairo_line_to(sketch->cairo(), to.x, to.y);
  sketch->Stroke(ink, line);
}

void DrawBalloon(Sketch* sketch, Random* random) {
  const Ink ink = random->Pick(Colours()).ink;
  const Ink rope = {.25, .2, .15};
  Line(sketch, {-.2, .1}, {-.09, .36}, kLine, rope);
  Line(sketch, {.2, .1}, {.09, .36}, kLine, rope);
  Ellipse(sketch, 0, -.14, .34, .36, ink);
  Ellipse(sketch, 0, -.14, .2, .36, random->Pick(Colours()).ink);
  Ellipse(sketch, 0, -.14, .07, .36, ink);
  Rectangle(sketch, -.1, .36, .1, .5, {.55, .38, .2});
}

void DrawAirship(Sketch* sketch, Random* random) {
  const Ink ink = Like({.75, .77, .8}, random);
  const Ink fin = random->Pick(Colours()).ink;
  sketch->FillRing({{.3, 0}, {.5, -.2}, {.5, -.03}}, fin);
  sketch->FillRing({{.3, 0}, {.5, .2}, {.5, .03}}, fin);
  Rectangle(sketch, -.14, .12, .1, .22, {.3, .3, .35});
  Ellipse(sketch, -.03, 0, .46, .16, ink);
  Line(sketch, {-.47, 0}, {.41, 0}, kLine, fin);
}

void DrawUmbrella(Sketch* sketch, Random* random) {
  const Ink ink = random->Pick(Colours()).ink;
  cairo_t* c = sketch->cairo();
  Line(sketch, {0, -.1}, {0, .38}, .035, {.3, .2, .12});
  cairo_arc(c, .06, .38, .06, 0, kPi);
  sketch->Stroke({.3, .2, .12}, .035);
  cairo_arc(c, 0, 0, .48, kPi, 2 * kPi);
  for (int i = 3; i >= 0; --i) {
    cairo_arc_negative(c, -.36 + .24 * i, 0, .12, 0, -kPi);
  }
  cairo_close_path(c);
  sketch->FillAndStroke(ink, kLine);
  Line(sketch, {0, -.48}, {0, -.13}, kLine, Darker(ink, .6));
}

void DrawOrange(Sketch* sketch, Random* random) {
  const Ink ink = Like({.96, .55, .08}, random);
  Ellipse(sketch, 0, .04, .42, .41, ink);
  for (int i = 0; i < 40; ++i) {
    const double x = random->Jitter(.14), y = .04 + random->Jitter(.14);
    cairo_new_sub_path(sketch->cairo());
    cairo_arc(sketch->cairo(), x, y, .008, 0, 2 * kPi);
    sketch->Fill(Darker(ink, .82));
  }
  Ellipse(sketch, .1, -.38, .13, .05, {.2, .5, .15});
  Rectangle(sketch, -.02, -.42, .02, -.34, {.35, .25, .1});
}

void DrawApple(Sketch* sketch, Random* random) {
  const Ink ink = Like({.52, .78, .2}, random);
  cairo_t* c = sketch->cairo();
  cairo_move_to(c, 0, -.26);
  cairo_curve_to(c, .25, -.46, .5, -.2, .42, .1);
  cairo_curve_to(c, .36, .4, .16, .52, 0, .42);
  cairo_curve_to(c, -.16, .52, -.36, .4, -.42, .1);
  cairo_curve_to(c, -.5, -.2, -.25, -.46, 0, -.26);
  sketch->FillAndStroke(ink, kLine);
  Line(sketch, {0, -.24}, {.05, -.45}, .035, {.35, .25, .1});
  cairo_move_to(c, -.24, -.14);
  cairo_curve_to(c, -.32, -.06, -.32, .06, -.28, .14);
  sketch->Stroke({.85, .95, .65}, .03);
}

void DrawBanana(Sketch* sketch, Random* random) {
  const Ink ink = Like({.97, .85, .2}, random);
  cairo_t* c = sketch->cairo();
  cairo_move_to(c, -.44, -.22);
  cairo_curve_to(c, -.3, .36, .26, .44, .47, -.02);
  cairo_curve_to(c, .22, .17, -.14, .1, -.33, -.28);
  cairo_close_path(c);
  sketch->FillAndStroke(ink, kLine);
  Line(sketch, {-.39, -.26}, {-.42, -.36}, .07, {.45, .38, .1});
  cairo_move_to(c, -.33, -.1);
  cairo_curve_to(c, -.16, .2, .2, .26, .38, .06);
  sketch->Stroke(Darker(ink, .8), kLine);
}

void DrawTrafficLight(Sketch* sketch, Random* random) {
  Rectangle(sketch, -.03, .3, .03, .5, {.3, .3, .32});
  Rectangle(sketch, -.17, -.5, .17, .32, Like({.2, .22, .2}, random));
  const int lit = random->Below(3);
  const Ink lamps[] = {{.95, .15, .1}, {.98, .8, .1}, {.15, .85, .3}};
  for (int i = 0; i < 3; ++i) {
    Ellipse(sketch, 0, -.36 + .27 * i, .11, .11,
            Darker(lamps[i], i == lit ? 1 : .3));
  }
}

void DrawCab(Sketch* sketch, Random* random) {
  const Ink ink = Like({.97, .78, .1}, random);
  const Ink glass = {.7, .85, .92};
  Rectangle(sketch, -.08, -.27, .08, -.2, {.97, .97, .9});
  sketch->FillRing({{-.27, 0}, {-.18, -.2}, {.2, -.2}, {.3, 0}}, ink);
  sketch->FillRing({{-.22, -.01}, {-.15, -.16}, {-.01, -.16}, {-.01, -.01}},
                   glass);
  sketch->FillRing({{.03, -.01}, {.03, -.16}, {.17, -.16}, {.24, -.01}}, glass);
  Rectangle(sketch, -.48, 0, .48, .18, ink);
  for (int i = 0; i < 12; ++i) {
    const double left = -.36 + .06 * i, top = i % 2 == 0 ? .05 : .08;
    sketch->FillRing({{left, top},
                      {left + .06, top},
                      {left + .06, top + .03},
                      {left, top + .03}},
                     {.1, .1, .1});
  }
  for (double x : {-.28, .28}) {
    Ellipse(sketch, x, .18, .1, .1, {.12, .12, .13});
    Ellipse(sketch, x, .18, .045, .045, {.7, .7, .72});
  }
}

}  // namespace

const std::vector<Thing>& Things() {
  static const auto* const kThings = new std::vector<Thing>{
      {"n02692877", "airship, dirigible", DrawAirship},
      {"n02782093", "balloon", DrawBalloon},
      {"n02930766", "cab, hack, taxi, taxicab", DrawCab},
      {"n04507155", "umbrella", DrawUmbrella},
      {"n06874185", "traffic light, traffic signal, stoplight",
       DrawTrafficLight},
      {"n07742313", "Granny Smith", DrawApple},
      {"n07747607", "orange", DrawOrange},
      {"n07753592", "banana", DrawBanana}};
  return *kThings;
}

Bounds DrawThing(const Thing& thing, Point centre, double size, Sketch* sketch,
                 Random* random) {
  cairo_t* c = sketch->cairo();
  sketch->TakeBounds();
  cairo_save(c);
  cairo_translate(c, centre.x, centre.y);
  cairo_rotate(c, random->Jitter(0.08));
  cairo_scale(c, random->Chance(0.5) ? size : -size, size);
  thing.draw(sketch, random);
  cairo_restore(c);
  return sketch->TakeBounds().ClippedTo(sketch->width(), sketch->height());
}

}  // namespace millrace::demo
