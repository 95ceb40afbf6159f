"""What listeners' ratings say of sources: means with intervals, tests of one source against another, agreement.

The unit is the listener: one mean for each listener, source and question, over the excerpts. So an interval says how
another choice of listeners would do with the same excerpts, and nothing of other excerpts.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from quartetvae.study import agreement, bayes
from quartetvae.study.answers import EXPERIENCE, QUESTIONS, Answers, Key, Rating, StudyError

CONFIDENCE = 0.95


def analyse(
    key: Key, answers: Sequence[tuple[Answers, Mapping[str, Rating]]], *, replicates: int, seed: int
) -> dict[str, Any]:
    """Evaluate a study.

    Parameters
    ----------
    answers
        Of each listener, as `quartetvae.study.answers.read_answers` gives them.
    replicates, seed
        Of the bootstrap.

    Returns
    -------
    `listeners`, `excerpts` (by source), `experience` (how many listeners of each kind that is there);
    `means`: by source and question `mean`, `low`, `high`, the ends of the percentile bootstrap interval of 95 % over
    listeners; `tests`: a list of `question`, `a`, `b`, `difference` (the mean of a minus that of b), `p` of Wilcoxon's
    signed-rank test (two-sided, over listeners' means), `p_holm` (Holm 1979, all tests together),
    `log10_bayes_factor` (see `quartetvae.study.bayes`); `agreement`: by question Krippendorff's alpha, `interval` and
    `ordinal`, None where all ratings are equal.

    Raises
    ------
    StudyError
        If there are fewer than two listeners or sources, or one listener twice.
    """
    names = [one.listener for one, _ in answers]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise StudyError(f"listener '{twice[0]}': answers {names.count(twice[0])} times; leave all but one out.")
    if len(names) < 2:
        raise StudyError(f"answers of {len(names)} listener; two at least are needed for intervals and tests.")
    sources = sorted({origin.source for origin in key.excerpts.values()})
    if len(sources) < 2:
        raise StudyError(f"excerpts of {len(sources)} source; two at least are needed, to compare.")
    of_source = {name: [origin.source == name for origin in key.excerpts.values()] for name in sources}
    scores = np.array([[_scores(rated[id]) for id in key.excerpts] for _, rated in answers])
    means = np.stack([scores[:, chosen].mean(axis=1) for chosen in of_source.values()], axis=1)
    return {
        "listeners": len(names),
        "excerpts": {name: sum(chosen) for name, chosen in of_source.items()},
        "experience": {
            kind: count
            for number, kind in enumerate(EXPERIENCE)
            if (count := sum(one.experience == number for one, _ in answers))
        },
        "means": _spans(means, sources, replicates=replicates, seed=seed),
        "tests": _tests(means, sources),
        "agreement": {
            question: {scale: agreement.alpha(scores[:, :, q].T.tolist(), scale) for scale in get_args(agreement.Scale)}
            for q, question in enumerate(QUESTIONS)
        },
    }


def holm(p: Sequence[float]) -> list[float]:
    """Adjust p values of tests that are made together, so that any false finding stays as rare as said (Holm 1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p, np.float64)
    order = np.argsort(values)
    adjusted = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1)).clip(max=1)
    found = np.empty_like(values)
    found[order] = adjusted
    return [float(value) for value in found]


def _scores(rating: Rating) -> list[float]:
    """List the answers to the questions."""
    return [float(getattr(rating, question)) for question in QUESTIONS]


def _spans(means: NDArray[np.float64], sources: Sequence[str], *, replicates: int, seed: int) -> dict[str, Any]:
    """Put an interval to each mean of listeners' means, (listeners, sources, questions)."""
    from scipy import stats

    spans = stats.bootstrap(
        (means,),
        np.mean,
        axis=0,
        method="percentile",
        n_resamples=replicates,
        confidence_level=CONFIDENCE,
        rng=np.random.default_rng(seed),
    ).confidence_interval
    whole = means.mean(axis=0)
    return {
        source: {
            question: {"mean": float(whole[s, q]), "low": float(spans.low[s, q]), "high": float(spans.high[s, q])}
            for q, question in enumerate(QUESTIONS)
        }
        for s, source in enumerate(sources)
    }


def _tests(means: NDArray[np.float64], sources: Sequence[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for q, question in enumerate(QUESTIONS):
        for a, b in combinations(range(len(sources)), 2):
            # Means of ratings differ by more than that, or are equal; what is left by rounding would be a difference.
            differences = (means[:, a, q] - means[:, b, q]).round(6)
            found.append(
                {
                    **{"question": question, "a": sources[a], "b": sources[b]},
                    **{"difference": float(differences.mean()), "p": _wilcoxon(differences)},
                    "log10_bayes_factor": bayes.log10_factor(differences),
                }
            )
    adjusted = holm([test["p"] for test in found])
    return [{**test, "p_holm": p} for test, p in zip(found, adjusted, strict=True)]


def _wilcoxon(differences: NDArray[np.float64]) -> float:
    from scipy import stats

    # Without any difference nothing is left to be ranked.
    return float(stats.wilcoxon(differences).pvalue) if differences.any() else 1.0
