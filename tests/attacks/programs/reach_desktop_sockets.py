"""Tries the sockets that give a desktop or a machine away: Docker, D-Bus, X11, ssh-agent, systemd, containerd. argv[3]
is one that answers. 42: none could be reached."""
import os
import socket
import sys

paths = [sys.argv[3], "/var/run/docker.sock", "/run/docker.sock", "/run/dbus/system_bus_socket", "/tmp/.X11-unix/X0",
         "/run/systemd/private", "/run/containerd/containerd.sock", os.environ.get("SSH_AUTH_SOCK", "/run/ssh-agent")]
for path in paths + ["\0/tmp/.X11-unix/X0", "\0/tmp/dbus-0"]:
    try:
        with socket.socket(socket.AF_UNIX) as attempt:
            attempt.connect(path)
        sys.exit(0)
    except OSError:
        pass
sys.exit(42)
