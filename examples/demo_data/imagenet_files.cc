#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "examples/demo_data/demo_data.h"
#include "examples/demo_data/files.h"
#include "examples/demo_data/things.h"
#include "image/encode.h"

namespace millrace::demo {
namespace {

// What WordNet calls the classes' ancestors, and which is whose parent.
constexpr char kAncestors[] =
    "n00001740\tentity\n"
    "n00001930\tphysical entity\n"
    "n00002137\tabstraction, abstract entity\n"
    "n00002684\tobject, physical object\n"
    "n00003553\twhole, unit\n"
    "n00021939\tartifact, artefact\n"
    "n00033020\tcommunication\n"
    "n02686568\taircraft\n"
    "n02951843\tcanopy\n"
    "n02958343\tcar, auto, automobile, machine, motorcar\n"
    "n03100490\tconveyance, transport\n"
    "n03122748\tcovering\n"
    "n03125870\tcraft\n"
    "n03575240\tinstrumentality, instrumentation\n"
    "n03666917\tlighter-than-air craft\n"
    "n03791235\tmotor vehicle, automotive vehicle\n"
    "n04170037\tself-propelled vehicle\n"
    "n04524313\tvehicle\n"
    "n06791372\tsignal, signaling, sign\n"
    "n06873571\tvisual signal\n"
    "n07555863\tfood, solid food\n"
    "n07705931\tedible fruit\n"
    "n07739125\tapple\n"
    "n07747055\tcitrus, citrus fruit, citrous fruit\n"
    "n13134947\tfruit\n";

constexpr char kIsA[] =
    "n00001740 n00001930\n"
    "n00001740 n00002137\n"
    "n00001930 n00002684\n"
    "n00001930 n07555863\n"
    "n00002684 n00003553\n"
    "n00003553 n00021939\n"
    "n00002137 n00033020\n"
    "n00021939 n03575240\n"
    "n00021939 n03122748\n"
    "n03122748 n02951843\n"
    "n02951843 n04507155\n"
    "n03575240 n03100490\n"
    "n03100490 n04524313\n"
    "n04524313 n03125870\n"
    "n03125870 n02686568\n"
    "n02686568 n03666917\n"
    "n03666917 n02692877\n"
    "n03666917 n02782093\n"
    "n04524313 n04170037\n"
    "n04170037 n03791235\n"
    "n03791235 n02958343\n"
    "n02958343 n02930766\n"
    "n00033020 n06791372\n"
    "n06791372 n06873571\n"
    "n06873571 n06874185\n"
    "n00002684 n13134947\n"
    "n13134947 n07705931\n"
    "n07555863 n07705931\n"
    "n07705931 n07739125\n"
    "n07739125 n07742313\n"
    "n07705931 n07747055\n"
    "n07747055 n07747607\n"
    "n07705931 n07753592\n";

struct Picture {
  Image image;
  // In whole pixels.
  std::vector<Rect> boxes;
};

Rect WholePixels(const Bounds& bounds) {
  const int left = static_cast<int>(std::floor(bounds.left));
  const int top = static_cast<int>(std::floor(bounds.top));
  return {left, top, static_cast<int>(std::ceil(bounds.right)) - left,
          static_cast<int>(std::ceil(bounds.bottom)) - top};
}

// One large, or two smaller side by side.
Picture DrawPicture(const Thing& thing, Random* random) {
  const int width = 280 + 10 * random->Below(15);
  const int height = 240 + 10 * random->Below(11);
  Sketch sketch(width, height);
  sketch.Texture(random);
  Picture picture;
  const int count = random->Chance(0.25) ? 2 : 1;
  const double room = static_cast<double>(width) / count;
  for (int i = 0; i < count; ++i) {
    const double size =
        std::min<double>(room, height) * random->Between(0.6, 0.9);
    const double slack_x = (room - size) / 2, slack_y = (height - size) / 2;
    const Point centre = {room * (i + 0.5) + random->Between(-slack_x, slack_x),
                          height / 2.0 + random->Between(-slack_y, slack_y)};
    picture.boxes.push_back(
        WholePixels(DrawThing(thing, centre, size, &sketch, random)));
  }
  sketch.Grain(9, random);
  picture.image = sketch.ToImage(random->Chance(0.05) ? 1 : 3);
  return picture;
}

std::string ObjectXml(const Thing& thing, const Rect& box) {
  return absl::StrCat(
      "\t<object>\n\t\t<name>", thing.wnid,
      "</name>\n\t\t<pose>Unspecified</pose>\n"
      "\t\t<truncated>0</truncated>\n\t\t<difficult>0</difficult>\n"
      "\t\t<bndbox>\n\t\t\t<xmin>",
      box.x, "</xmin>\n\t\t\t<ymin>", box.y, "</ymin>\n\t\t\t<xmax>",
      box.x + box.width, "</xmax>\n\t\t\t<ymax>", box.y + box.height,
      "</ymax>\n\t\t</bndbox>\n\t</object>\n");
}

std::string Xml(const Thing& thing, const Picture& picture,
                const std::string& folder, const std::string& stem) {
  std::string xml = absl::StrCat(
      "<annotation>\n\t<folder>", folder, "</folder>\n\t<filename>", stem,
      "</filename>\n\t<source>\n\t\t<database>ILSVRC_2012</database>\n"
      "\t</source>\n\t<size>\n\t\t<width>",
      picture.image.width(), "</width>\n\t\t<height>", picture.image.height(),
      "</height>\n\t\t<depth>3</depth>\n\t</size>\n"
      "\t<segmented>0</segmented>\n");
  for (const Rect& box : picture.boxes) {
    absl::StrAppend(&xml, ObjectXml(thing, box));
  }
  return absl::StrCat(xml, "</annotation>\n");
}

// The image and, if wanted, its XML; `path` and `stem` without extension.
absl::Status WritePicture(const std::string& out, const std::string& split,
                          const std::string& below, const std::string& stem,
                          const Thing& thing, const Picture& picture,
                          bool with_boxes) {
  const std::string end = absl::StrCat("/CLS-LOC/", split, "/",
                                       below.empty() ? "" : below + "/", stem);
  MILLRACE_ASSIGN_OR_RETURN(const std::string jpeg,
                            EncodeJpeg(picture.image.view(), 90));
  MILLRACE_RETURN_IF_ERROR(
      WriteFile(absl::StrCat(out, "/ILSVRC/Data", end, ".JPEG"), jpeg));
  if (!with_boxes) return absl::OkStatus();
  return WriteFile(absl::StrCat(out, "/ILSVRC/Annotations", end, ".xml"),
                   Xml(thing, picture, below.empty() ? split : below, stem));
}

absl::Status DrawTrain(const std::string& out, int per_class, Random* random) {
  for (const Thing& thing : Things()) {
    for (int i = 0; i < per_class; ++i) {
      const std::string stem = absl::StrCat(thing.wnid, "_", 100 + 37 * i);
      // As in the real set, not every image has boxes.
      const bool with_boxes = i % 6 != 5;
      MILLRACE_RETURN_IF_ERROR(WritePicture(out, "train", thing.wnid, stem,
                                            thing, DrawPicture(thing, random),
                                            with_boxes));
    }
  }
  return absl::OkStatus();
}

std::string SolutionRow(const std::string& stem, const Thing& thing,
                        const Picture& picture) {
  std::string row = absl::StrCat(stem, ",");
  for (const Rect& box : picture.boxes) {
    absl::StrAppend(&row, thing.wnid, " ", box.x, " ", box.y, " ",
                    box.x + box.width, " ", box.y + box.height, " ");
  }
  return absl::StrCat(row, "\n");
}

absl::Status DrawVal(const std::string& out, int count, Random* random) {
  std::string solution = "ImageId,PredictionString\n";
  for (int i = 0; i < count; ++i) {
    const Thing& thing = random->Pick(Things());
    const Picture picture = DrawPicture(thing, random);
    const std::string stem = absl::StrFormat("ILSVRC2012_val_%08d", i + 1);
    MILLRACE_RETURN_IF_ERROR(
        WritePicture(out, "val", "", stem, thing, picture, true));
    absl::StrAppend(&solution, SolutionRow(stem, thing, picture));
  }
  return WriteFile(out + "/LOC_val_solution.csv", solution);
}

absl::Status WriteNames(const std::string& out) {
  std::string mapping, words = kAncestors;
  for (const Thing& thing : Things()) {
    absl::StrAppend(&mapping, thing.wnid, " ", thing.title, "\n");
    absl::StrAppend(&words, thing.wnid, "\t", thing.title, "\n");
  }
  MILLRACE_RETURN_IF_ERROR(WriteFile(out + "/LOC_synset_mapping.txt", mapping));
  MILLRACE_RETURN_IF_ERROR(WriteFile(out + "/words.txt", words));
  return WriteFile(out + "/wordnet.is_a.txt", kIsA);
}

}  // namespace

absl::Status DrawImagenet(const std::string& out, int per_class,
                          uint64_t seed) {
  const std::string folder = out + "/imagenet";
  Random train(seed, 5), val(seed, 6);
  MILLRACE_RETURN_IF_ERROR(DrawTrain(folder, per_class, &train));
  MILLRACE_RETURN_IF_ERROR(
      DrawVal(folder, std::max<int>(1, per_class * Things().size() / 4), &val));
  return WriteNames(folder);
}

}  // namespace millrace::demo
