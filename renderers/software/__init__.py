"""Our own renderer: C++ on the CPU, without any system library, and the same bytes on every processor.

`renderer.py` is the backend, `objects.py` and `surroundings.py` bring meshes and stages to it, `extension.py` finds the
compiled passes; `native/` holds their sources, one file a pass.
"""

from renderers.software.renderer import SoftwareRenderer, SoftwareScene

__all__ = ["SoftwareRenderer", "SoftwareScene"]
