"""Training at larger batches and by other compilers: TensorFlow's graph, XLA, JAX; phrases per second of each.

The default profile's network, made-up phrases. What counts is the share of the machine's own speed: floating-point
operations of a training step's matrix products in a second, of those that NumPy's product of two square matrices does
on all cores; it is measured in turns with the training, in the same process. The operations of a step are counted in
the program that JAX makes of it, forwards and backwards; what is no matrix product counts as nothing. What these
products would reach if there were nothing else is measured, too: NumPy does them, one after the other, on the same
arrays again and again. A training in such steps can hardly have a larger share.

XLA runs without TensorFlow's determinism, which ours trains with: XLA has none. Each way has a process of its own. One
that has not got through its batches in time, as compiling may take minutes, is ended, and what it has not measured is
null.
"""

import math
import multiprocessing
import os
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from quartetvae.model.architecture import Architecture
from quartetvae.music.codec import Tokens

BATCHES = (32, 64, 128, 256, 512, 1024)
WAYS = {"graph": "tensorflow", "XLA": "tensorflow", "JAX": "jax"}
"""Each with its backend of Keras."""

PROFILE = "default"
TURNS, SECONDS = 3, 1.5
"""How often training and product take turns, and for about how long each."""

PATIENCE = 300.0
"""Seconds for a way, besides its start: compiling included."""

SIDE = 1024
"""Of the two matrices whose product is the yardstick."""


def measure(*, batches: Sequence[int] = BATCHES, patience: float = PATIENCE, profile: str = PROFILE) -> dict[str, Any]:
    """Measure each way at each size of a batch."""
    found: dict[str, dict[int, tuple[float, float]]] = {}
    operations = 0.0
    alone: dict[int, float] = {}
    for way in tqdm(WAYS, unit="way"):
        found[way] = {}
        for what, *values in _said(way, batches, patience, profile):
            if what == "operations":
                operations = values[0]
            elif what == "alone":
                alone[int(values[0])] = values[1]
            else:
                found[way][int(values[0])] = (values[1], values[2])
    if not any(found.values()):
        raise RuntimeError(f"no way of training got through a batch of {batches[0]} in {patience:g} seconds.")
    return figures(found, operations, batches, alone)


def figures(
    found: dict[str, dict[int, tuple[float, float]]],
    operations: float,
    batches: Sequence[int],
    alone: Mapping[int, float],
) -> dict[str, Any]:
    """Sum up phrases per second and the machine's operations per second of each way, by batch.

    `operations` are of a phrase, 0 if they are not known; `alone` has the share that the products reach by themselves.
    """

    def share(rate: float, peak: float) -> float | None:
        return rate * operations / peak if operations else None

    shares = {
        way: {str(batch): share(*of[batch]) if batch in of else None for batch in batches} for way, of in found.items()
    }
    known = [value for of in shares.values() for value in of.values() if value is not None]
    rates = {way: {str(batch): of[batch][0] if batch in of else None for batch in batches} for way, of in found.items()}
    common = {
        way: [batch for batch in batches if batch in found[way] and batch in found["graph"]]
        for way in found
        if way != "graph"
    }
    return {
        "million_operations_per_phrase": operations / 1e6 or None,
        "product_gigaflops": statistics.median(peak for of in found.values() for _, peak in of.values()) / 1e9,
        "phrases_per_second": rates,
        "not_finished": [way for way, of in found.items() if len(of) < len(batches)],
        "share_of_product": shares,
        "best_share": max(known, default=None),
        "share_of_products_alone": {"NumPy": {str(batch): alone.get(batch) for batch in batches}},
        # How many times as fast the graph is, at the largest batch that both got through.
        **{
            f"ratio_{way}": found["graph"][max(both)][0] / found[way][max(both)][0] if both else None
            for way, both in common.items()
        },
    }


def _said(way: str, batches: Sequence[int], patience: float, profile: str) -> Iterator[tuple[Any, ...]]:
    """Give what the process of a way says, until it has ended or must be."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    before = os.environ.get("KERAS_BACKEND")
    os.environ["KERAS_BACKEND"] = WAYS[way]
    process = context.Process(target=work, args=(way, tuple(batches), profile, theirs), daemon=True)
    process.start()
    theirs.close()
    os.environ.pop("KERAS_BACKEND")
    if before is not None:
        os.environ["KERAS_BACKEND"] = before
    end = time.monotonic() + patience
    try:
        while ours.poll(max(0.0, end - time.monotonic())):
            yield ours.recv()
        tqdm.write(f"{way}: ended after {patience:g} seconds")
    except EOFError:
        process.join()
        if process.exitcode:
            tqdm.write(f"{way}: its process ended with status {process.exitcode}")
    finally:
        process.kill()
        process.join()


def work(way: str, batches: Sequence[int], profile: str, out: Connection) -> None:
    """Train at each batch in turns with the product of two matrices; say what was found, one by one."""
    from benchmarks.training import settings
    from quartetvae.model.keras import devices
    from quartetvae.model.keras.vae import QuartetVAE

    devices.share_threads()
    architecture, train = settings(profile)
    model = QuartetVAE(architecture)
    if way == "XLA":
        import tensorflow as tf

        # What is deterministic Keras does not give to XLA, but to the graph.
        tf.config.experimental.enable_op_determinism = lambda: None
    model.prepare(train, 1_000_000)
    if way == "XLA":
        model.compile(optimizer=model.optimizer, jit_compile=True)
        assert model.jit_compile
    rng = np.random.default_rng(0)
    if way == "JAX":
        out.send(("operations", operations(shapes(model, made_up(architecture, 2, rng))) / 2))
    one, other = (rng.normal(size=(SIDE, SIDE)).astype(np.float32) for _ in range(2))
    for batch in batches:
        phrases = made_up(architecture, batch, rng)
        for _ in range(2):  # compiles
            model.train_batch(phrases, 0)
        rates, peaks = [], []
        for _ in range(TURNS):
            rates.append(batch * _per_second(partial(model.train_batch, phrases, 0)))
            peaks.append(2 * SIDE**3 * _per_second(lambda: one @ other))
        out.send(("rate", batch, statistics.median(rates), statistics.median(peaks)))
        if way == "JAX":
            step = shapes(model, phrases)
            matrices = pairs(step)
            rate = operations(step) * statistics.median(_per_second(partial(multiply, matrices)) for _ in range(TURNS))
            out.send(("alone", batch, rate / statistics.median(peaks)))
    out.close()


def made_up(architecture: Architecture, count: int, rng: np.random.Generator) -> Tokens:
    """Make phrases of random tokens."""
    shape = (count, architecture.steps, architecture.columns)
    return rng.integers(0, architecture.grid.alphabet.size, shape, dtype=np.uint8)


def _per_second(work: Any) -> float:
    """Call a function for a while; tell how often it runs in a second of wall time."""
    since, times = time.perf_counter(), 0
    while (spent := time.perf_counter() - since) < SECONDS:
        work()
        times += 1
    return times / spent


Shape = tuple[int, int, int, int]
"""Of a product: how many at once, and that many of (m, k) and (k, n)."""


def shapes(model: Any, tokens: Tokens) -> Counter[Shape]:
    """List the matrix products of a training step, under JAX, and how often each is done."""
    import jax

    values = [variable.value for variable in model.trainable_variables]
    others = [variable.value for variable in model.non_trainable_variables]
    given = tokens.astype("int32")

    def loss(weights: Any) -> Any:
        found, _ = model.stateless_call(weights, others, given, training=True)
        return model.compute_loss(given, np.ones(len(tokens), np.float32), found)

    return products(jax.make_jaxpr(jax.grad(loss))(values).jaxpr)


def products(program: Any) -> Counter[Shape]:
    """List the matrix products in a program of JAX, those in loops as often as run."""
    total: Counter[Shape] = Counter()
    for line in program.eqns:
        if line.primitive.name == "dot_general":
            (contracted, _), (together, _) = line.params["dimension_numbers"]
            left = line.invars[0].aval.shape
            many, depth = (math.prod(left[axis] for axis in axes) for axes in (together, contracted))
            rows = math.prod(left) // (many * depth)
            columns = math.prod(line.outvars[0].aval.shape) // (many * rows)
            total[many, rows, depth, columns] += 1
        inner = [value for held in line.params.values() for value in (held if isinstance(held, tuple) else (held,))]
        for value in inner:
            part = getattr(value, "jaxpr", value)
            if hasattr(part, "eqns"):
                for shape, times in products(part).items():
                    total[shape] += line.params.get("length", 1) * times
    return total


def operations(step: Mapping[Shape, int]) -> float:
    """Count floating-point operations: in a product of (m, k) and (k, n) m n k multiplications, as many additions."""
    return float(sum(2 * times * math.prod(shape) for shape, times in step.items()))


Pair = tuple[NDArray[np.float32], NDArray[np.float32]]


def pairs(step: Mapping[Shape, int]) -> list[Pair]:
    """Make matrices for the products of a step, the same ones for all of a shape."""
    rng = np.random.default_rng(0)

    def made(*size: int) -> NDArray[np.float32]:
        return rng.normal(size=size).astype(np.float32)

    each = [((made(many, m, k), made(many, k, n)), times) for (many, m, k, n), times in step.items()]
    return [pair for pair, times in each for _ in range(times)]


def multiply(matrices: Sequence[Pair]) -> None:
    """Do products, and nothing else."""
    for one, other in matrices:
        one @ other
