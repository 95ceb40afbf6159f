"""Models on disk: `architecture.json` and `model.weights.h5`, whose bytes depend on nothing but the training."""

from pathlib import Path

from quartetvae.errors import ModelError
from quartetvae.files import replacing_folder
from quartetvae.model import architecture
from quartetvae.model.architecture import WEIGHTS
from quartetvae.model.keras.vae import QuartetVAE


def save(folder: Path, model: QuartetVAE) -> None:
    """Write a model's folder, whole or not at all."""
    # A model that was trained would also save its optimizer.
    bare = QuartetVAE(model.architecture)
    bare.set_weights(model.get_weights())
    with replacing_folder(folder) as temporary:
        architecture.write(temporary, model.architecture)
        bare.save_weights(temporary / WEIGHTS)


def load(folder: Path) -> QuartetVAE:
    """Rebuild a model from its folder.

    Raises
    ------
    ModelError
        If a file is missing or damaged, or the two do not belong together.
    """
    model = QuartetVAE(architecture.read(folder))
    try:
        model.load_weights(folder / WEIGHTS)
    # Keras and h5py raise many kinds of error for files that are missing, damaged or of another shape.
    except Exception as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"{folder / WEIGHTS}: cannot be loaded ({reason[0]}); train again (dvc repro).") from error
    return model
