#include "pipeline/mixing_ops.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "pipeline/distributions.h"

namespace millrace {

namespace {

constexpr double kMinAlpha = 0.001;
constexpr double kMaxAlpha = 1000;

template <typename Message>
absl::Status CheckMixing(TransformRules* rules, Message* message) {
  TransformRules::State& state = rules->state();
  if (!state.one_hot) {
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
  if (message->group() == 0) message->set_group(2);
  if (message->group() == 1) {
    return rules->Wrong("group 1 has no other sample; give 2 or more");
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

}  // namespace

BatchMixer::BatchMixer(const v1::Plan& plan) : seed_(plan.seed()) {
  for (int i = 0; i < plan.transforms_size(); ++i) {
    const v1::Transform& transform = plan.transforms(i);
    if (transform.has_mix_up()) {
      group_size_ = static_cast<int>(transform.mix_up().group());
      ways_.push_back({transform.mix_up().alpha(), false});
    } else if (transform.has_cut_mix()) {
      group_size_ = static_cast<int>(transform.cut_mix().group());
      ways_.push_back({transform.cut_mix().alpha(), true});
    } else {
      continue;
    }
    if (ways_.size() == 1) place_ = static_cast<uint8_t>(i);
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

void BatchMixer::Mix(uint64_t epoch, uint64_t group,
                     const Samples& samples) const {
  if (samples.images.size() < 2) return;
  const PackedLayout& layout = samples.layout;
  RandomDraws draws({seed_, epoch, group, place_});
  const Way& way = ways_[draws.Below(static_cast<int>(ways_.size()))];
  double share = SymmetricBetaOf(way.alpha, &draws);
  if (way.cuts) {
    const Rect part = PartOf({layout.width, layout.height}, share, &draws);
    PasteFromPrevious(layout, part, samples.images);
    share = 1 - static_cast<double>(part.width) * part.height /
                    (static_cast<double>(layout.width) * layout.height);
  } else {
    MixWithPrevious(layout.type, share, layout.values(), samples.images);
  }
  MixWithPrevious(PixelType::kFloat32, share, samples.classes, samples.labels);
}

absl::Status Check(TransformRules* rules, v1::MixUp* mix_up) {
  return CheckMixing(rules, mix_up);
}

absl::Status Check(TransformRules* rules, v1::CutMix* cut_mix) {
  return CheckMixing(rules, cut_mix);
}

std::unique_ptr<const TransformOp> Compile(const v1::MixUp&) { return nullptr; }

std::unique_ptr<const TransformOp> Compile(const v1::CutMix&) {
  return nullptr;
}

}  // namespace millrace
