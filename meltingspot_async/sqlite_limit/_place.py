"""Where a file can be that the processes of one machine share: made for its owner alone, and not on a network."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700

MOUNTS = Path("/proc/self/mountinfo")
"""Where Linux says which file systems there are (proc(5))."""

_NETWORKS = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs",
    "nfs4", "ocfs2", "orangefs", "pvfs2", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs", "fuse.ceph",
    "fuse.davfs", "fuse.gcsfuse", "fuse.glusterfs", "fuse.juicefs", "fuse.rclone", "fuse.s3fs",
    "fuse.sshfs", "fuse.vmhgfs-fuse",
})  # fmt: skip
"""Names that Linux has for file systems which other machines can share."""


def make_private(path: Path) -> None:
    """Make a file, empty, and its folder, where they do not exist, for their owner alone.

    Others who have the file open meanwhile lose their locks on it: no process may use it already.
    """
    path.parent.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE))


def network_of(path: Path) -> str | None:
    """The name of the network file system that a file is on; ``None`` if it is local, or the system does not say.

    Linux says it, and Windows for paths that begin with the name of a machine.
    """
    if path.drive.startswith("\\\\"):
        return "smb"
    try:
        mounts = MOUNTS.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    device = path.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    kinds = {mount.partition(" - ")[2].partition(" ")[0] for mount in mounts if mount.split(" ")[2] == number}
    return next(iter(kinds & _NETWORKS), None)
