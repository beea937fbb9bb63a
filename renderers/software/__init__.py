"""The built-in software renderer: C++ on the CPU, without system libraries; the same bytes on every processor.

`renderer.py` is the backend. `objects.py` and `surroundings.py` prepare meshes and stages. `extension.py` loads the
compiled passes; `native/` has their sources, one file for each pass.
"""

from renderers.software.renderer import SoftwareRenderer, SoftwareScene

__all__ = ["SoftwareRenderer", "SoftwareScene"]
