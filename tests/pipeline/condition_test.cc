#include "pipeline/condition.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pipeline/sample_filter.h"
#include "storage/memory_store.h"
#include "tests/pipeline/drawn_dataset.h"
#include "tests/support/faulty_store.h"

namespace millrace {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr uint64_t kSamples = kSamplesPerChunk + 700;
using Samples = std::vector<std::pair<v1::SampleMeta, std::string>>;

// What the tree of classes is, worked out by hand.
const std::vector<std::string> kClasses = {"cat", "dog", "crow", "car", "bus"};
const std::vector<std::string> kSupercategories = {"animal", "animal", "animal",
                                                   "vehicle", "vehicle"};
const std::vector<std::string> kTitles = {"cat, tomcat", "dog", "crow", "car",
                                          "bus"};
const std::vector<std::pair<std::string, std::set<uint32_t>>> kSubtrees = {
    {"thing", {0, 1, 2, 3, 4}}, {"mammal", {0, 1}}, {"bird", {2}},
    {"beast", {0, 1, 2}},       {"car", {3}},       {"wheeled", {3, 4}}};

v1::DatasetInfo Description() {
  v1::DatasetInfo info;
  info.set_name("zoo");
  info.set_kind("coco");
  for (size_t i = 0; i < kClasses.size(); ++i) {
    v1::Category* category = info.add_categories();
    category->set_name(kClasses[i]);
    category->set_supercategory(kSupercategories[i]);
    category->set_title(kTitles[i]);
    category->add_keypoint_names("nose");
  }
  for (const auto& [child, parent] :
       std::vector<std::pair<const char*, const char*>>{{"beast", "thing"},
                                                        {"mammal", "beast"},
                                                        {"bird", "beast"},
                                                        {"cat", "mammal"},
                                                        {"dog", "mammal"},
                                                        {"crow", "bird"},
                                                        {"wheeled", "thing"},
                                                        {"car", "wheeled"},
                                                        {"bus", "wheeled"},
                                                        // By two ways; a cycle.
                                                        {"bus", "thing"},
                                                        {"loop", "loop"}}) {
    v1::IsA* edge = info.add_hierarchy();
    edge->set_child(child);
    edge->set_parent(parent);
  }
  (*info.mutable_hierarchy_titles())["beast"] = "animal, brute";
  return info;
}

// As of the plan of a dataset that has all there is.
absl::Status Apply(v1::Condition* condition) {
  v1::DatasetInfo dataset = Description();
  dataset.set_annotations(1);
  return ConditionRules().Apply("where", dataset, condition);
}

class ConditionTest : public testing::Test {
 protected:
  ConditionTest() {
    for (uint64_t i = 0; i < kSamples; ++i) samples_.push_back(DrawSample(i));
    store_ = MakeMemoryStore(Description(), samples_);
  }

  int Below(int end) { return static_cast<int>(random_() % end); }

  std::pair<v1::SampleMeta, std::string> DrawSample(uint64_t i) {
    v1::SampleMeta meta;
    meta.set_key(absl::StrCat(i));
    meta.mutable_image()->set_width(1 + Below(200));
    meta.mutable_image()->set_height(1 + Below(200));
    if (Below(4) == 0) meta.add_labels(Below(5));
    for (int k = Below(5); k > 0; --k) {
      v1::Annotation* annotation = meta.add_annotations();
      annotation->set_category(Below(5));
      annotation->set_area(Below(100));
      annotation->set_crowd(Below(3) == 0);
      for (int point = Below(4); point > 0; --point) {
        annotation->add_keypoints()->set_visibility(Below(3));
      }
    }
    return {std::move(meta), ""};
  }

  v1::Range DrawRange(int end) {
    v1::Range range;
    const int a = Below(end);
    const int b = Below(end);
    if (Below(3) != 0) range.set_min(std::min(a, b));
    if (Below(3) != 0 || !range.has_min()) range.set_max(std::max(a, b));
    return range;
  }

  v1::ClassSet DrawClasses() {
    v1::ClassSet classes;
    switch (Below(3)) {
      case 0:
        for (int i = 0; i < 2; ++i) classes.add_names(kClasses[Below(5)]);
        break;
      case 1:
        classes.add_subtrees(kSubtrees[Below(6)].first);
        break;
      default:
        classes.add_supercategories(kSupercategories[Below(5)]);
        classes.add_names(kClasses[Below(5)]);
    }
    return classes;
  }

  v1::Condition DrawCondition(int depth) {
    v1::Condition condition;
    const int kind = Below(depth > 0 ? 6 : 3);
    if (kind == 0) *condition.mutable_classes() = DrawClasses();
    if (kind == 1) {
      v1::ImageCondition* image = condition.mutable_image();
      *image->mutable_width() = DrawRange(200);
      if (Below(2) == 0) *image->mutable_height() = DrawRange(200);
      if (Below(2) == 0) *image->mutable_aspect_ratio() = DrawRange(4);
    }
    if (kind == 2) {
      v1::AnnotationCondition* annotation = condition.mutable_annotation();
      if (Below(2) == 0) *annotation->mutable_classes() = DrawClasses();
      if (Below(2) == 0) *annotation->mutable_area() = DrawRange(100);
      if (Below(2) == 0) *annotation->mutable_keypoints() = DrawRange(4);
      if (Below(2) == 0) annotation->set_crowd(Below(2) == 0);
      if (Below(2) == 0) annotation->set_at_least(1 + Below(2));
    }
    if (kind >= 3) {
      v1::Conditions* list = kind == 3   ? condition.mutable_all()
                             : kind == 4 ? condition.mutable_any()
                                         : condition.mutable_none();
      for (int i = 1 + Below(3); i > 0; --i) {
        *list->add_of() = DrawCondition(depth - 1);
      }
    }
    return condition;
  }

  const unsigned seed_ = std::random_device()();
  std::mt19937 random_{seed_};
  Samples samples_;
  std::shared_ptr<const SampleStore> store_;
};

// The meaning, one sample at a time, straight from the metadata.
bool Names(const v1::ClassSet& classes, uint32_t category) {
  const auto has = [](const auto& list, const std::string& name) {
    return std::count(list.begin(), list.end(), name) > 0;
  };
  for (const auto& [root, below] : kSubtrees) {
    if (has(classes.subtrees(), root) && below.count(category) > 0) return true;
  }
  return has(classes.names(), kClasses[category]) ||
         has(classes.supercategories(), kSupercategories[category]);
}

bool Within(const v1::Range& range, double value) {
  return (!range.has_min() || range.min() <= value) &&
         (!range.has_max() || range.max() >= value);
}

bool Holds(const v1::AnnotationCondition& condition,
           const v1::SampleMeta& meta) {
  uint32_t count = 0;
  for (const v1::Annotation& annotation : meta.annotations()) {
    int keypoints = 0;
    for (const auto& point : annotation.keypoints()) {
      keypoints += point.visibility() > 0;
    }
    count +=
        (!condition.has_classes() ||
         Names(condition.classes(), annotation.category())) &&
        Within(condition.area(), annotation.area()) &&
        Within(condition.keypoints(), keypoints) &&
        (!condition.has_crowd() || condition.crowd() == annotation.crowd());
  }
  return count >= (condition.has_at_least() ? condition.at_least() : 1);
}

bool Holds(const v1::Condition& condition, const v1::SampleMeta& meta) {
  const auto holds = [&](const v1::Condition& part) {
    return Holds(part, meta);
  };
  const auto in_classes = [&](uint32_t category) {
    return Names(condition.classes(), category);
  };
  const v1::ImageInfo& image = meta.image();
  switch (condition.kind_case()) {
    case v1::Condition::kClasses:
      return std::any_of(meta.labels().begin(), meta.labels().end(),
                         in_classes) ||
             std::any_of(meta.annotations().begin(), meta.annotations().end(),
                         [&](const auto& annotation) {
                           return in_classes(annotation.category());
                         });
    case v1::Condition::kImage:
      return Within(condition.image().width(), image.width()) &&
             Within(condition.image().height(), image.height()) &&
             Within(condition.image().aspect_ratio(),
                    1.0 * image.width() / image.height());
    case v1::Condition::kAnnotation:
      return Holds(condition.annotation(), meta);
    case v1::Condition::kAll:
      return std::all_of(condition.all().of().begin(),
                         condition.all().of().end(), holds);
    case v1::Condition::kAny:
      return std::any_of(condition.any().of().begin(),
                         condition.any().of().end(), holds);
    default:
      return std::none_of(condition.none().of().begin(),
                          condition.none().of().end(), holds);
  }
}

TEST_F(ConditionTest, AnyExpressionKeepsExactlyTheSamplesThatMeetIt) {
  SCOPED_TRACE(absl::StrCat("seed ", seed_));
  const SampleFilter filter(*store_);
  for (int i = 0; i < 200; ++i) {
    const v1::Condition drawn = DrawCondition(3);
    v1::Condition condition = drawn;
    ASSERT_TRUE(Apply(&condition).ok());
    const auto kept = filter.Keep("where", condition, filter.All());
    ASSERT_TRUE(kept.ok()) << kept.status();
    OrdinalSet expected;
    for (uint64_t ordinal = 0; ordinal < kSamples; ++ordinal) {
      if (Holds(drawn, samples_[ordinal].first)) expected.add(ordinal);
    }
    ASSERT_EQ(kept->cardinality(), expected.cardinality())
        << drawn.DebugString();
    ASSERT_TRUE(kept->isSubset(expected)) << drawn.DebugString();
  }
}

TEST_F(ConditionTest, TheCanonicalFormIsItsOwn) {
  SCOPED_TRACE(absl::StrCat("seed ", seed_));
  for (int i = 0; i < 500; ++i) {
    v1::Condition once = DrawCondition(4);
    ASSERT_TRUE(Apply(&once).ok());
    v1::Condition twice = once;
    ASSERT_TRUE(Apply(&twice).ok());
    ASSERT_EQ(once.SerializeAsString(), twice.SerializeAsString())
        << once.DebugString();
  }
}

TEST_F(ConditionTest, ADatasetWithoutAttributesRefusesOnlyWhatNeedsThem) {
  FaultyStore old(store_);
  const SampleFilter filter(old);
  v1::Condition condition;
  condition.mutable_classes()->add_names("cat");
  EXPECT_TRUE(filter.Keep("where", condition, filter.All()).ok());
  condition.mutable_image()->mutable_width()->set_min(3);
  old.FailNth(1, absl::FailedPreconditionError("ingest again"));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      filter.Keep("where", condition, filter.All()).status()));
}

std::string SubtreeError(const SampleStore& store, const std::string& root) {
  v1::ClassSet classes;
  classes.add_subtrees(root);
  const auto found = SampleFilter(store).names().Find("where", classes);
  EXPECT_TRUE(absl::IsNotFound(found.status())) << found.status();
  return std::string(found.status().message());
}

TEST_F(ConditionTest, ASubtreeByNameIsToldThatAnIdIsWanted) {
  EXPECT_THAT(SubtreeError(*store_, "brute"),
              AllOf(HasSubstr("where.subtrees: zoo has no \"brute\""),
                    HasSubstr("by id: \"brute\" is \"beast\"")));
  EXPECT_THAT(SubtreeError(*store_, "tomcat"), HasSubstr("is \"cat\""));
  EXPECT_THAT(SubtreeError(*store_, "x"),
              HasSubstr("by id, such as \"thing\""));
  EXPECT_THAT(SubtreeError(*store_, "mamal"),
              HasSubstr("the nearest that it has is \"mammal\""));
}

v1::Condition Parse(const std::string& text) {
  v1::Condition condition;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &condition));
  return condition;
}

std::string Canonical(const std::string& text) {
  v1::Condition condition = Parse(text);
  EXPECT_TRUE(Apply(&condition).ok());
  return condition.SerializeAsString();
}

TEST(ConditionRulesTest, SpellingsOfOneMeaningAreOne) {
  const std::string a = "of { classes { names: ['b', 'a', 'b'] } } ";
  const std::string b = "of { image { width { min: 3 } } } ";
  EXPECT_EQ(Canonical("all { " + a + b + "}"),
            Canonical("all { " + b + b +
                      "of { all { of { any { of {"
                      "  classes { names: ['a', 'b'] } } } } } } }"));
  EXPECT_EQ(Canonical("none { of { any { " + a + b + "} } }"),
            Canonical("none { " + b + a + "}"));
  EXPECT_EQ(Canonical("annotation { crowd: true }"),
            Canonical("annotation { crowd: true at_least: 1 }"));
  EXPECT_NE(Canonical("annotation { crowd: false }"),
            Canonical("annotation { }"));
  EXPECT_NE(Canonical("image { width { min: 0 } }"),
            Canonical("image { width { max: 0 } }"));
}

std::string Refusal(const std::string& text) {
  v1::Condition condition = Parse(text);
  const absl::Status status = Apply(&condition);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << text;
  return std::string(status.message());
}

TEST(ConditionRulesTest, WhatMakesNoSenseIsRefusedByItsPlace) {
  EXPECT_THAT(Refusal(""), HasSubstr("where: is empty"));
  EXPECT_THAT(Refusal("any {}"), HasSubstr("where.any: is empty"));
  EXPECT_THAT(Refusal("all { of { image { width { max: 1 } } } of {} }"),
              HasSubstr("where.all.of[1]: is empty"));
  EXPECT_THAT(Refusal("classes {}"), HasSubstr("where.classes: is empty"));
  EXPECT_THAT(Refusal("image {}"), HasSubstr("where.image: is empty"));
  EXPECT_THAT(Refusal("image { width {} }"),
              HasSubstr("where.image.width: has no bound"));
  EXPECT_THAT(Refusal("image { height { min: nan } }"), HasSubstr("finite"));
  EXPECT_THAT(Refusal("annotation { area { min: 9 max: 4.5 } }"),
              AllOf(HasSubstr("annotation.area"), HasSubstr("min, 9"),
                    HasSubstr("max, 4.5")));
  EXPECT_THAT(Refusal("annotation { at_least: 0 }"),
              HasSubstr("where.annotation.at_least: is 0; give 1 or more"));
  EXPECT_THAT(Refusal("annotation { classes {} }"),
              HasSubstr("where.annotation.classes: is empty"));
}

TEST(ConditionRulesTest, DepthAndCountAreBounded) {
  v1::Condition deep;
  deep.mutable_image()->mutable_width()->set_min(1);
  for (int i = 0; i < 20; ++i) {
    v1::Condition outer;
    *outer.mutable_none()->add_of() = deep;
    deep = outer;
  }
  EXPECT_THAT(Refusal(deep.ShortDebugString()), HasSubstr("more than 16"));
  std::string many = "any { ";
  for (int i = 0; i < 65; ++i) {
    absl::StrAppend(&many, "of { image { width { min: ", i, " } } }");
  }
  EXPECT_THAT(Refusal(many + "}"), HasSubstr("more than 64"));
}

absl::Status CompileWhere(const std::string& where) {
  return CompiledPlan::Compile(
             ParsePlan("dataset: 'drawn/scenes' batch { size: 1 } "
                       "transforms { resize { size: [8, 8] } } "
                       "selection { where { " +
                       where + " } }"),
             DrawnScenes(8))
      .status();
}

TEST(ConditionRulesTest, APlanSelectsByCondition) {
  EXPECT_TRUE(CompileWhere("annotation { keypoints { min: 3 } }").ok());
  const absl::Status none = CompileWhere("annotation { keypoints { min: 4 } }");
  EXPECT_TRUE(absl::IsInvalidArgument(none)) << none;
  const absl::Status unknown = CompileWhere("classes { names: 'dgo' }");
  EXPECT_TRUE(absl::IsNotFound(unknown)) << unknown;
  EXPECT_THAT(
      std::string(unknown.message()),
      AllOf(HasSubstr("selection.where.classes"), HasSubstr("\"dog\"")));
  EXPECT_TRUE(
      absl::IsNotFound(CompileWhere("classes { supercategories: 'food' }")));
}

}  // namespace
}  // namespace millrace
