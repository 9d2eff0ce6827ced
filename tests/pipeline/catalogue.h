// Every transform of the catalogue, each in a plan of its own.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "millrace/v1/plan.pb.h"

namespace millrace {

struct CatalogueEntry {
  const char* name;
  const char* plan;  // With $0 for the transforms.
  const char* transforms;
  const char* digest;  // Of step 4 over 20 drawn scenes.

  // Batches of 8 of drawn/scenes.
  v1::Plan Plan() const;
};

void PrintTo(const CatalogueEntry& entry, std::ostream* out);

const std::vector<CatalogueEntry>& Catalogue();

}  // namespace millrace
