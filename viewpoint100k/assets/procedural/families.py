"""The list of families: to add one, write a function from a random stream to a `Model` and name it here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from viewpoint100k.assets.procedural import (
    aircraft,
    birds,
    boats,
    buildings,
    creatures,
    cycles,
    electronics,
    furniture,
    kitchen,
    music,
    railway,
    road,
    seating,
    tools,
    toys,
    wearables,
)
from viewpoint100k.assets.procedural.chance import Random
from viewpoint100k.assets.procedural.model import Model

__all__ = ["FAMILIES", "Family"]

Family = Callable[[Random], Model]

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "chair": seating.chair,
        "armchair": seating.armchair,
        "sofa": seating.sofa,
        "office_chair": seating.office_chair,
        "car": road.car,
        "truck": road.truck,
        "bus": road.bus,
        "motorcycle": cycles.motorcycle,
        "mug": kitchen.mug,
        "teapot": kitchen.teapot,
        "kettle": kitchen.kettle,
        "toaster": kitchen.toaster,
        "watering_can": kitchen.watering_can,
        "locomotive": railway.locomotive,
        "bicycle": cycles.bicycle,
        "boat": boats.boat,
        "aeroplane": aircraft.aeroplane,
        "helicopter": aircraft.helicopter,
        "house": buildings.house,
        "windmill": buildings.windmill,
        "mailbox": buildings.mailbox,
        "camera": electronics.camera,
        "laptop": electronics.laptop,
        "monitor": electronics.monitor,
        "radio": electronics.radio,
        "desk": furniture.desk,
        "bookcase": furniture.bookcase,
        "lamp": furniture.lamp,
        "clock": furniture.clock,
        "drill": tools.drill,
        "hair_dryer": tools.hair_dryer,
        "wheelbarrow": tools.wheelbarrow,
        "guitar": music.guitar,
        "dog": creatures.dog,
        "elephant": creatures.elephant,
        "bird": birds.bird,
        "duck": birds.duck,
        "fish": creatures.fish,
        "robot": toys.robot,
        "rocking_horse": toys.rocking_horse,
        "shoe": wearables.shoe,
        "backpack": wearables.backpack,
    }
)
"""Category to generator. The order is that of the ids: a new family goes last, and raises ``GENERATOR_VERSION``."""
