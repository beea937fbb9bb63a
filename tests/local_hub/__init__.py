"""A Hugging Face Hub for tests, on the loopback interface: the real clients complete against it, and it can fail.

It speaks the routes that publishing and loading a data set take, in the form that stores large files by the protocol of
Git LFS (``HF_HUB_DISABLE_XET=1``).
"""

from local_hub.faults import Fault, Moment
from local_hub.repository import Blob, Commit, Repository
from local_hub.server import LocalHub, serve_hub

__all__ = ["Blob", "Commit", "Fault", "LocalHub", "Moment", "Repository", "serve_hub"]
