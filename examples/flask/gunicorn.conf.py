"""How gunicorn serves. It reads this file from the folder that it is started in."""

from pathlib import Path

bind = "0.0.0.0:8080"

# The autoscaler adds pods, so that one pod needs few processes: two, of which one
# serves on while the other is replaced after a crash.
workers = 2
worker_class = "gthread"
threads = 8

# On SIGTERM it closes the port, and open requests may take this long to finish. The
# Deployment grants the same time: see time_to_finish in main.py.
graceful_timeout = 30

# Longer than load balancers keep idle connections (60 s), so that they never send a
# request on a connection that is just being closed here.
keepalive = 75

# Memory, where there is such a thing: a busy disk must not look like a worker that hangs.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None

# Nobody is there to speak to it, and the image is read-only.
control_socket_disable = True
