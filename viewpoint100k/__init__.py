"""The open generator of Viewpoint-100K: pairs of views with questions whose answers follow from known camera poses."""

__version__ = "0.1.0"
