"""A shared memory region: an mmap.mmap that knows the region's id."""

from __future__ import annotations

import mmap
import os

from ._calls import MmapReply


class Region(mmap.mmap):
    """Memory shared through the kernel. region: the id another agent joins it by; access: "read" or "write"."""

    region: str
    access: str


def region_of(reply: MmapReply, descriptor: int) -> Region:
    """Maps the descriptor and closes it; the mapping stays."""
    try:
        access = mmap.ACCESS_READ if reply.access == "read" else mmap.ACCESS_WRITE
        region = Region(descriptor, reply.size, access=access)
    finally:
        os.close(descriptor)
    region.region = reply.region
    region.access = reply.access
    return region
