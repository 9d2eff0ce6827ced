#include "examples/demo_data/person.h"

#include <cmath>

#include "examples/demo_data/shapes.h"

namespace millrace::demo {

const std::array<const char*, kPersonKeypoints> kKeypointNames = {
    "nose",        "left_eye",      "right_eye",      "left_ear",
    "right_ear",   "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist",    "right_wrist",    "left_hip",
    "right_hip",   "left_knee",     "right_knee",     "left_ankle",
    "right_ankle"};

const std::array<std::array<int, 2>, 19> kSkeleton = {{{16, 14},
                                                       {14, 12},
                                                       {17, 15},
                                                       {15, 13},
                                                       {12, 13},
                                                       {6, 12},
                                                       {7, 13},
                                                       {6, 7},
                                                       {6, 8},
                                                       {7, 9},
                                                       {8, 10},
                                                       {9, 11},
                                                       {2, 3},
                                                       {1, 2},
                                                       {1, 3},
                                                       {2, 4},
                                                       {3, 5},
                                                       {4, 6},
                                                       {5, 7}}};

namespace {

enum Index {
  kNose,
  kLeftEye,
  kRightEye,
  kLeftEar,
  kRightEar,
  kLeftShoulder,
  kRightShoulder,
  kLeftElbow,
  kRightElbow,
  kLeftWrist,
  kRightWrist,
  kLeftHip,
  kRightHip,
  kLeftKnee,
  kRightKnee,
  kLeftAnkle,
  kRightAnkle,
};

// `angle` from straight down; positive is to the figure's outside.
Point Along(Point from, double length, double angle, double side) {
  return {from.x + side * length * std::sin(angle),
          from.y + length * std::cos(angle)};
}

class Poser {
 public:
  Poser(Point top, double height, Random* random)
      : random_(random), top_(top), unit_(height / 8) {}

  Person Pose() {
    PlaceHead();
    for (int side : {0, 1}) {
      PlaceArm(side);
      PlaceLeg(side);
    }
    Dress();
    return std::move(person_);
  }

 private:
  Point& At(int index) { return person_.joints[index].at; }
  void Hide(int index) { person_.joints[index].visibility = 1; }
  // Side 0 is the figure's left: our right.
  static double Outward(int side) { return side == 0 ? 1 : -1; }

  void PlaceHead() {
    head_ = {top_.x, top_.y + unit_};
    At(kNose) = {head_.x, head_.y + 0.12 * unit_};
    for (int side : {0, 1}) {
      At(kLeftEye + side) = {head_.x + Outward(side) * 0.32 * unit_,
                             head_.y - 0.15 * unit_};
      At(kLeftEar + side) = {head_.x + Outward(side) * 0.82 * unit_,
                             head_.y + 0.02 * unit_};
      At(kLeftShoulder + side) = {head_.x + Outward(side) * 0.95 * unit_,
                                  head_.y + 1.6 * unit_};
      At(kLeftHip + side) = {head_.x + Outward(side) * 0.55 * unit_,
                             head_.y + 3.9 * unit_};
    }
    cap_ = random_->Chance(0.35);
    if (cap_) {
      Hide(kLeftEar);
      Hide(kRightEar);
    }
  }

  void PlaceArm(int side) {
    const Point shoulder = At(kLeftShoulder + side);
    const double out = Outward(side);
    const bool behind_the_back = random_->Chance(0.2);
    if (behind_the_back) {
      At(kLeftElbow + side) = Along(shoulder, 1.35 * unit_, 0.6, out);
      At(kLeftWrist + side) = {head_.x + out * 0.2 * unit_,
                               shoulder.y + 1.7 * unit_};
      Hide(kLeftWrist + side);
      return;
    }
    const double upper = random_->Between(0.15, 2.2);
    At(kLeftElbow + side) = Along(shoulder, 1.35 * unit_, upper, out);
    At(kLeftWrist + side) = Along(At(kLeftElbow + side), 1.25 * unit_,
                                  upper + random_->Between(0, 0.9), out);
  }

  void PlaceLeg(int side) {
    const double angle = random_->Between(0.02, 0.4);
    At(kLeftKnee + side) =
        Along(At(kLeftHip + side), 1.5 * unit_, angle, Outward(side));
    At(kLeftAnkle + side) =
        Along(At(kLeftKnee + side), 1.4 * unit_,
              angle - random_->Between(0, 0.25), Outward(side));
  }

  void Add(Ring outline, const Ink& ink) {
    person_.parts.push_back({std::move(outline), ink});
  }

  void Dress() {
    const Ink skin = random_->Pick(std::vector<Ink>{
        {.96, .8, .68}, {.82, .62, .47}, {.58, .4, .28}, {.4, .27, .19}});
    const Ink shirt = random_->Pick(Colours()).ink;
    const Ink trousers = random_->Pick(std::vector<Ink>{
        {.15, .18, .35}, {.3, .3, .32}, {.35, .25, .15}, {.1, .3, .3}});
    for (int side : {0, 1}) {
      Add(Capsule(At(kLeftShoulder + side), At(kLeftElbow + side), 0.3 * unit_),
          Darker(shirt, 0.88));
      Add(Capsule(At(kLeftElbow + side), At(kLeftWrist + side), 0.24 * unit_),
          skin);
      Add(Capsule(At(kLeftHip + side), At(kLeftKnee + side), 0.4 * unit_),
          trousers);
      Add(Capsule(At(kLeftKnee + side), At(kLeftAnkle + side), 0.33 * unit_),
          Darker(trousers, 0.85));
    }
    AddTorso(shirt, skin);
    AddHead(skin);
  }

  void AddTorso(const Ink& shirt, const Ink& skin) {
    Add(Capsule({head_.x, head_.y + 0.6 * unit_},
                {head_.x, head_.y + 1.5 * unit_}, 0.32 * unit_),
        skin);
    const double wide = 1.2 * unit_, narrow = 0.92 * unit_;
    const double top = head_.y + 1.35 * unit_, bottom = head_.y + 4.1 * unit_;
    Add({{head_.x - wide, top + 0.25 * unit_},
         {head_.x - 0.8 * wide, top},
         {head_.x + 0.8 * wide, top},
         {head_.x + wide, top + 0.25 * unit_},
         {head_.x + narrow, bottom},
         {head_.x - narrow, bottom}},
        shirt);
  }

  void AddHead(const Ink& skin) {
    for (int side : {0, 1}) {
      Add(Disc(At(kLeftEar + side), 0.22 * unit_), Darker(skin, 0.85));
    }
    Add(Disc(head_, 0.85 * unit_), skin);
    const Ink dark = {.1, .08, .08};
    for (int side : {0, 1}) {
      Add(Disc(At(kLeftEye + side), 0.1 * unit_), dark);
    }
    Add(Disc(At(kNose), 0.11 * unit_), Darker(skin, 0.65));
    if (cap_) AddCap();
  }

  // Low on both sides, over the ears.
  void AddCap() {
    const Ink ink = random_->Pick(Colours()).ink;
    Ring cap;
    for (int i = 0; i <= 12; ++i) {
      const double angle = 3.14159265358979323846 * (1 + i / 12.0);
      cap.push_back({head_.x + 1.0 * unit_ * std::cos(angle),
                     head_.y - 0.2 * unit_ + 0.85 * unit_ * std::sin(angle)});
    }
    Add(std::move(cap), ink);
    for (int side : {0, 1}) {
      Add(Capsule(
              {head_.x + Outward(side) * 0.82 * unit_, head_.y - 0.2 * unit_},
              {head_.x + Outward(side) * 0.84 * unit_, head_.y + 0.15 * unit_},
              0.24 * unit_),
          Darker(ink, 0.8));
    }
  }

  Random* const random_;
  const Point top_;
  const double unit_;  // Half a head.
  Point head_;
  bool cap_ = false;
  Person person_;
};

}  // namespace

Person PosePerson(Point top, double height, Random* random) {
  return Poser(top, height, random).Pose();
}

void Draw(const Person& person, Sketch* sketch) {
  for (const BodyPart& part : person.parts) {
    sketch->FillRing(part.outline, part.ink);
  }
}

}  // namespace millrace::demo
