// One build of the passes. It is compiled several times: KERNEL is its name and namespace, LANES its width. Nothing of the
// standard library with code of its own may be used in the passes: the linker would keep one copy for all builds.
#include "blend.h"
#include "blocks.h"
#include "depth.h"
#include "finish.h"
#include "raster.h"
#include "scene.h"
#include "transform.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define JOINED_(x) kernel_##x
#define JOINED(x) JOINED_(x)

namespace software {

extern const Kernel JOINED(KERNEL);
const Kernel JOINED(KERNEL) = {TEXT(KERNEL), LANES, KERNEL::transform, KERNEL::blocks, KERNEL::raster, KERNEL::blend, KERNEL::depth, KERNEL::sky, KERNEL::finish};

}  // namespace software
