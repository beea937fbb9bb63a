// The builds of the kernel, and which of them this processor can run.
#pragma once
#include <string>
#include <vector>

#include "filter_passes.h"
#include "scene.h"

namespace software {

// Widest first; the last runs everywhere.
std::vector<const Kernel*> usable_builds();

// The build of this name, or the widest where it is empty. Throws std::invalid_argument where there is none.
const Kernel& build_named(const std::string& name);

// The inner loops of the filters in that build.
const FilterPasses& filters_named(const std::string& name);

}  // namespace software
