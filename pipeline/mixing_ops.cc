#include "pipeline/mixing_ops.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "pipeline/distributions.h"

namespace millrace {

namespace {

constexpr double kMinAlpha = 0.001;
constexpr double kMaxAlpha = 1000;

template <typename Message>
absl::Status CheckGroup(TransformRules* rules, uint32_t fallback,
                        Message* message) {
  TransformRules::State& state = rules->state();
  if (!message->has_group()) message->set_group(fallback);
  if (message->group() < 2) {
    return rules->Wrong(absl::StrCat("group ", message->group(),
                                     " has no other sample; give 2 or more"));
  }
  if (!state.mixed_where.empty() && message->group() != state.mixing_group) {
    return rules->Wrong(absl::StrCat(
        "group ", message->group(), " is not the one of ", state.mixed_where,
        ", ", state.mixing_group, "; give both the same"));
  }
  state.mixing_group = message->group();
  state.mixed_where = rules->where();
  return absl::OkStatus();
}

template <typename Message>
absl::Status CheckLabelMixing(TransformRules* rules, Message* message) {
  if (!rules->state().one_hot) {
    return rules->Wrong("mixes rows of labels; put one_hot before it");
  }
  if (rules->subject().boxes) {
    return rules->Wrong(
        "mixes images, not boxes; leave out batch.boxes or this transform");
  }
  const double alpha = message->has_alpha() ? message->alpha() : 1.0;
  if (!(alpha >= kMinAlpha && alpha <= kMaxAlpha)) {
    return rules->Wrong(absl::StrCat("alpha ", alpha, " is out of range; give ",
                                     kMinAlpha, " to ", kMaxAlpha));
  }
  message->set_alpha(alpha);
  return CheckGroup(rules, 2, message);
}

void MixLabels(double share, const MixedSamples& samples) {
  MixWithPrevious(PixelType::kFloat32, share, samples.classes, samples.labels);
}

bool MixWhole(double alpha, const MixedSamples& samples, RandomDraws* draws) {
  const double share = SymmetricBetaOf(alpha, draws);
  MixWithPrevious(samples.layout.type, share, samples.layout.values(),
                  samples.images);
  MixLabels(share, samples);
  return true;
}

bool MixParts(double alpha, const MixedSamples& samples, RandomDraws* draws) {
  const PackedLayout& layout = samples.layout;
  const Rect part = BatchMixer::PartOf({layout.width, layout.height},
                                       SymmetricBetaOf(alpha, draws), draws);
  PasteFromPrevious(layout, part, samples.images);
  const double area = static_cast<double>(part.width) * part.height;
  MixLabels(1 - area / (static_cast<double>(layout.width) * layout.height),
            samples);
  return true;
}

}  // namespace

BatchMixer::BatchMixer(const v1::Plan& plan) : seed_(plan.seed()) {
  for (int i = 0; i < plan.transforms_size(); ++i) {
    const v1::Transform& transform = plan.transforms(i);
    if (transform.has_mix_up()) {
      Add(i, transform.mix_up(),
          [alpha = transform.mix_up().alpha()](const MixedSamples& samples,
                                               RandomDraws* draws) {
            return MixWhole(alpha, samples, draws);
          });
    } else if (transform.has_cut_mix()) {
      Add(i, transform.cut_mix(),
          [alpha = transform.cut_mix().alpha()](const MixedSamples& samples,
                                                RandomDraws* draws) {
            return MixParts(alpha, samples, draws);
          });
    } else if (transform.has_mosaic()) {
      Add(i, transform.mosaic(),
          [p = transform.mosaic().p()](const MixedSamples& samples,
                                       RandomDraws* draws) {
            return draws->Uniform() >= p || MakeMosaics(samples, draws);
          });
    } else if (transform.has_copy_paste()) {
      Add(i, transform.copy_paste(),
          [p = transform.copy_paste().p()](const MixedSamples& samples,
                                           RandomDraws* draws) {
            return draws->Uniform() >= p || CopyAndPaste(samples, draws);
          });
    }
  }
}

Rect BatchMixer::PartOf(const ImageSize& size, double share,
                        RandomDraws* draws) {
  const int x = static_cast<int>(draws->Uniform() * size.width);
  const int y = static_cast<int>(draws->Uniform() * size.height);
  const double half = 0.5 * std::sqrt(1 - share);
  const int half_width = static_cast<int>(half * size.width);
  const int half_height = static_cast<int>(half * size.height);
  const int left = std::max(x - half_width, 0);
  const int top = std::max(y - half_height, 0);
  return {left, top, std::min(x + half_width, size.width) - left,
          std::min(y + half_height, size.height) - top};
}

bool BatchMixer::Mix(uint64_t epoch, uint64_t group,
                     const MixedSamples& samples) const {
  if (samples.images.size() < 2) return true;
  RandomDraws draws({seed_, epoch, group, place_});
  const Way& way = ways_[draws.Below(static_cast<int>(ways_.size()))];
  return way(samples, &draws);
}

absl::Status Check(TransformRules* rules, v1::MixUp* mix_up) {
  return CheckLabelMixing(rules, mix_up);
}

absl::Status Check(TransformRules* rules, v1::CutMix* cut_mix) {
  return CheckLabelMixing(rules, cut_mix);
}

absl::Status Check(TransformRules* rules, v1::Mosaic* mosaic) {
  if (!rules->subject().boxes) {
    return rules->Wrong("mixes samples with boxes; set batch.boxes");
  }
  MILLRACE_RETURN_IF_ERROR(rules->CheckProbability(1, mosaic));
  return CheckGroup(rules, 4, mosaic);
}

absl::Status Check(TransformRules* rules, v1::CopyPaste* copy_paste) {
  if (!rules->subject().masks) {
    return rules->Wrong(
        "cuts objects out by their masks; set batch.boxes and batch.masks");
  }
  MILLRACE_RETURN_IF_ERROR(rules->CheckProbability(1, copy_paste));
  return CheckGroup(rules, 2, copy_paste);
}

std::unique_ptr<const TransformOp> Compile(const v1::MixUp&) { return nullptr; }

std::unique_ptr<const TransformOp> Compile(const v1::CutMix&) {
  return nullptr;
}

std::unique_ptr<const TransformOp> Compile(const v1::Mosaic&) {
  return nullptr;
}

std::unique_ptr<const TransformOp> Compile(const v1::CopyPaste&) {
  return nullptr;
}

}  // namespace millrace
