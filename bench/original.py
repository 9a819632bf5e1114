"""The Python original's same path: KernelSpace with PolicyEngine and batched FlightRecorder, writes of 64 octets.

Prints one JSON object; says so and exits 0 when the package (PyPI agent-os-kernel 3.1.0) is not installed.
"""

import asyncio
import json
import os
import sys
import tempfile
import time

try:
    from agent_control_plane.flight_recorder import FlightRecorder
    from agent_control_plane.kernel_space import KernelSpace, SyscallRequest, SyscallType
    from agent_control_plane.policy_engine import PolicyEngine
except ImportError as error:
    print(json.dumps({"what": "the Python original", "skipped": str(error)}))
    sys.exit(0)


async def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder:
        engine = PolicyEngine()
        engine.add_constraint("bench", ["file_write"] + [f"tool_{i}" for i in range(99)])
        recorder = FlightRecorder(db_path=os.path.join(folder, "recorder.db"))
        kernel = KernelSpace(policy_engine=engine, flight_recorder=recorder)
        context = kernel.create_agent_context("bench")
        data = "x" * 64
        calls = 0
        start = time.perf_counter()
        while time.perf_counter() - start < seconds:
            for _ in range(100):
                request = SyscallRequest(syscall=SyscallType.SYS_WRITE, args={"path": "/mem/working/notes", "data": data})
                result = await kernel.syscall(request, context)
                if not result.success:
                    raise SystemExit(f"the original refused: {result.error_message}")
            calls += 100
        print(json.dumps({"what": "the Python original, governed write", "calls_per_second": round(calls / (time.perf_counter() - start))}))


asyncio.run(main(float(sys.argv[2]) if len(sys.argv) > 2 else 5))
