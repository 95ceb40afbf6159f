"""The network: the only package that imports Keras. Backend-agnostic (`keras.ops`); TensorFlow is the default."""

import os
import tempfile


def _import_quietly() -> None:
    """Import Keras and its backend without the lines that TensorFlow writes to stderr whatever its settings.

    They come from C++ before its logging is set up, so the file descriptor itself is turned aside for the while; they
    are shown if the import fails.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryFile() as aside:
        stderr = os.dup(2)
        os.dup2(aside.fileno(), 2)
        try:
            import keras  # noqa: F401 - imported for the import's sake: what it says is turned aside
        except BaseException:
            aside.seek(0)
            os.write(stderr, aside.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


_import_quietly()
