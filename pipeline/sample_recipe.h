// A plan's transforms, compiled: what happens to one sample.
#pragma once

namespace millrace {

class SampleRecipe;

}  // namespace millrace
