"""The Python original's FlightRecorder alone: traces begun and finished, at several batch sizes.

Its database is in WAL mode with synchronous=NORMAL, so what it has committed can be lost in a power failure. Prints one
JSON object a batch size; says so and exits 0 when the package (PyPI agent-os-kernel 3.1.0) is not installed.
"""

import json
import os
import sys
import tempfile
import time

try:
    from agent_control_plane.flight_recorder import FlightRecorder
except ImportError as error:
    print(json.dumps({"side": "original", "skipped": str(error)}))
    sys.exit(0)


def main(seconds: float) -> None:
    for batch in (1, 64, 1024):
        with tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder:
            recorder = FlightRecorder(db_path=os.path.join(folder, "recorder.db"), batch_size=batch)
            arguments = {"path": "/mem/working/today.md", "data": "x" * 200}
            traces = 0
            start = time.perf_counter()
            while time.perf_counter() - start < seconds:
                trace = recorder.start_trace("agent-01j9z3k8", "write", arguments)
                recorder.log_success(trace, "ok", 0.1)
                traces += 1
            recorder.flush()
            rate = 2 * traces / (time.perf_counter() - start)
            recorder.close()
        print(json.dumps({"side": "original", "batch": batch, "entries_per_second": round(rate)}))


main(float(sys.argv[2]) if len(sys.argv) > 2 else 2)
