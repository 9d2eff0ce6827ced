#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "examples/demo_data/demo_data.h"
#include "examples/demo_data/files.h"
#include "examples/demo_data/scene.h"
#include "image/encode.h"

namespace millrace::demo {
namespace {

using Json = nlohmann::ordered_json;

// COCO's crowd ids do not fit into 32 bits either.
constexpr int64_t kFirstCrowdId = 900100000000;
constexpr int64_t kFirstImageId = 139;
constexpr int64_t kImageIdStep = 217;

// COCO gives pixels with two digits.
double Rounded(double value) { return std::round(value * 100) / 100; }

Json NewFile() {
  Json file;
  file["info"] = {{"description", "Drawn by Millrace"},
                  {"url", ""},
                  {"version", "1.0"},
                  {"year", 2017},
                  {"contributor", "Millrace"},
                  {"date_created", "2017/09/01"}};
  file["licenses"] = Json::array({{{"url", ""}, {"id", 1}, {"name", "MIT"}}});
  file["images"] = Json::array();
  file["annotations"] = Json::array();
  return file;
}

Json CategoryJson(const SceneCategory& category) {
  return {{"supercategory", category.supercategory},
          {"id", category.id},
          {"name", category.name}};
}

Json PersonCategoryJson() {
  Json person = CategoryJson(SceneCategories()[0]);
  person["keypoints"] = kKeypointNames;
  person["skeleton"] = kSkeleton;
  return person;
}

// x, y, width, height around the mask's pixels.
Json BoxOf(const RunLengthMask& mask) {
  const std::vector<uint8_t> raster = RasterOf(mask);
  int left = mask.width, top = mask.height, right = 0, bottom = 0;
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      if (raster[size_t{1} * y * mask.width + x] == 0) continue;
      left = std::min(left, x);
      right = std::max(right, x + 1);
      top = std::min(top, y);
      bottom = std::max(bottom, y + 1);
    }
  }
  return {left, top, right - left, bottom - top};
}

Json Segmentation(const SceneObject& object, bool compressed) {
  if (!object.crowd) {
    Json polygons = Json::array();
    for (const Ring& ring : object.rings) {
      Json polygon = Json::array();
      for (const Point& point : ring) {
        polygon.push_back(Rounded(point.x));
        polygon.push_back(Rounded(point.y));
      }
      polygons.push_back(std::move(polygon));
    }
    return polygons;
  }
  Json runs;
  if (compressed) {
    runs["counts"] = CompressRunLengths(object.mask);
  } else {
    runs["counts"] = object.mask.counts;
  }
  runs["size"] = {object.mask.height, object.mask.width};
  return runs;
}

void AddKeypoints(const SceneObject& object, Json* annotation) {
  std::vector<double> flat(3 * kPersonKeypoints);
  int labelled = 0;
  for (size_t i = 0; i < object.joints.size(); ++i) {
    const Joint& joint = object.joints[i];
    flat[3 * i] = std::round(joint.at.x);
    flat[3 * i + 1] = std::round(joint.at.y);
    flat[3 * i + 2] = joint.visibility;
    labelled += joint.visibility > 0;
  }
  (*annotation)["num_keypoints"] = labelled;
  // Whole numbers, as in COCO.
  (*annotation)["keypoints"] = std::vector<int>(flat.begin(), flat.end());
}

// The three files of one split.
class Split {
 public:
  Split(std::string out, std::string name)
      : out_(std::move(out)),
        name_(std::move(name)),
        instances_(NewFile()),
        keypoints_(NewFile()),
        captions_(NewFile()) {
    for (const SceneCategory& category : SceneCategories()) {
      instances_["categories"].push_back(CategoryJson(category));
    }
    keypoints_["categories"] = Json::array({PersonCategoryJson()});
  }

  absl::Status Add(const Scene& scene) {
    const int64_t id = kFirstImageId + kImageIdStep * count_++;
    const std::string file = absl::StrFormat("%012d.jpg", id);
    MILLRACE_ASSIGN_OR_RETURN(const std::string jpeg,
                              EncodeJpeg(scene.image.view(), 92));
    MILLRACE_RETURN_IF_ERROR(
        WriteFile(absl::StrCat(out_, "/coco/", name_, "/", file), jpeg));
    const Json image = {{"license", 1},
                        {"file_name", file},
                        {"coco_url", ""},
                        {"height", scene.image.height()},
                        {"width", scene.image.width()},
                        {"date_captured", "2017-09-01 00:00:00"},
                        {"flickr_url", ""},
                        {"id", id}};
    for (Json* json : {&instances_, &keypoints_, &captions_}) {
      (*json)["images"].push_back(image);
    }
    for (const SceneObject& object : scene.objects) AddObject(object, id);
    for (const std::string& caption : scene.captions) {
      captions_["annotations"].push_back(
          {{"image_id", id}, {"id", next_caption_id_++}, {"caption", caption}});
    }
    return absl::OkStatus();
  }

  absl::Status Write() const {
    const std::string base = absl::StrCat(out_, "/coco/annotations/");
    const std::string end = absl::StrCat("_", name_, ".json");
    MILLRACE_RETURN_IF_ERROR(
        WriteFile(base + "instances" + end, instances_.dump()));
    MILLRACE_RETURN_IF_ERROR(
        WriteFile(base + "person_keypoints" + end, keypoints_.dump()));
    return WriteFile(base + "captions" + end, captions_.dump());
  }

 private:
  void AddObject(const SceneObject& object, int64_t image_id) {
    const int64_t id = object.crowd ? kFirstCrowdId + image_id : next_id_++;
    Json annotation = {{"segmentation", Segmentation(object, id % 2 == 0)},
                       {"area", AreaOf(object.mask)},
                       {"iscrowd", object.crowd ? 1 : 0},
                       {"image_id", image_id},
                       {"bbox", BoxOf(object.mask)},
                       {"category_id", object.category_id},
                       {"id", id}};
    instances_["annotations"].push_back(annotation);
    if (object.category_id != kPersonId) return;
    AddKeypoints(object, &annotation);
    keypoints_["annotations"].push_back(std::move(annotation));
  }

  const std::string out_;
  const std::string name_;
  int64_t count_ = 0;
  int64_t next_id_ = 10021;
  int64_t next_caption_id_ = 38;
  Json instances_;
  Json keypoints_;
  Json captions_;
};

absl::Status DrawSplit(const std::string& out, const std::string& name,
                       int scenes, Random* random) {
  Split split(out, name);
  for (int i = 0; i < scenes; ++i) {
    MILLRACE_RETURN_IF_ERROR(split.Add(DrawScene(random)));
  }
  return split.Write();
}

}  // namespace

absl::Status DrawCoco(const std::string& out, int scenes, uint64_t seed) {
  Random train(seed, 3), val(seed, 4);
  MILLRACE_RETURN_IF_ERROR(DrawSplit(out, "train2017", scenes, &train));
  return DrawSplit(out, "val2017", std::max(1, scenes / 2), &val);
}

}  // namespace millrace::demo
