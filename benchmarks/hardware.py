"""What a figure was measured on, for people: hardware, and the commit of the code."""

import os
import platform
import subprocess
from pathlib import Path

from quartetvae.model.keras import devices


def used(number: int | None = None) -> str:
    """Tell processor or GPU, how many (of GPUs `number`, if it is given), and the backend."""
    import keras

    found = [name for name in keras.distribution.list_devices() if not name.lower().startswith("cpu")]
    if found:
        return f"{number or len(found)} x {_accelerator()}, {devices.backend()}"
    return f"{processor()}, {devices.backend()}"


def processor() -> str:
    """Tell how many cores of which processor."""
    return f"{os.cpu_count()} cores ({_processor()})"


def commit() -> str:
    """Tell the commit that is checked out, seven digits; with `-dirty` where tracked files were changed since."""
    describe = ["git", "describe", "--always", "--dirty", "--abbrev=7", "--exclude=*"]
    here = Path(__file__).parent
    return subprocess.run(describe, check=True, capture_output=True, text=True, cwd=here).stdout.strip()


def _accelerator() -> str:
    if devices.backend() == "jax":
        import jax

        return str(jax.devices()[0].device_kind)
    import tensorflow as tf

    details = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
    return str(details.get("device_name", "GPU"))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
