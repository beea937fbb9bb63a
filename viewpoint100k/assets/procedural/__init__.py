"""The built-in source of everyday objects, made from a seed alone.

A family is a function from a random stream to a `Model`, listed in `families.FAMILIES`. It is built facing +X with its
left at +Y, from `shapes` and `solids`, in materials of `finishes`, with `pictures` on them.
"""

from viewpoint100k.assets.procedural.families import FAMILIES
from viewpoint100k.assets.procedural.source import GENERATOR_VERSION, ProceduralSource

__all__ = ["FAMILIES", "GENERATOR_VERSION", "ProceduralSource"]
