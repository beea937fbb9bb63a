"""Small classifiers, cross-validated by asset: they predict only assets that are not in their training part."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.errors import MissingExtraError
from viewpoint100k.runtime.cores import usable_cores

__all__ = [
    "best_constants_elsewhere",
    "commonest_elsewhere",
    "guesses_from_boosting",
    "guesses_from_numbers",
    "guesses_from_words",
    "require_scikit_learn",
]

_COMPONENTS = 48
"""Largest number of features of the linear model; more are reduced to this many principal components."""

_CONSTANTS = 500
"""Largest number of constants that are tried; of more values, as many evenly spaced ones."""

Guesses = NDArray[np.str_]


def require_scikit_learn() -> None:
    """Raises ``MissingExtraError`` if scikit-learn is not installed."""
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("scikit-learn", "audit") from error


def guesses_from_words(tokens: list[list[str]], targets: Guesses, assets: NDArray[np.str_], folds: int) -> Guesses:
    """(n,) the class that a linear model over bags of words predicts for each row."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    words = CountVectorizer(analyzer=_as_they_are, binary=True, min_df=3, dtype=np.float64)
    try:
        bags = words.fit_transform(tokens)
    except ValueError:  # No token occurs three times, so there are no features.
        bags = np.zeros((len(tokens), 1))

    def guess(train: NDArray[np.int64], test: NDArray[np.int64]) -> Guesses:
        model = LogisticRegression(C=0.1, max_iter=300)
        return np.asarray(model.fit(bags[train], targets[train]).predict(bags[test]))

    return _across_folds(guess, targets, assets, folds)


def guesses_from_numbers(
    features: NDArray[np.float32], targets: Guesses, assets: NDArray[np.str_], folds: int, trees: int, seed: int
) -> Guesses:
    """(n,) the class with the highest mean probability of a linear model and a random forest, from features (n, k)."""
    from sklearn.decomposition import PCA
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def guess(train: NDArray[np.int64], test: NDArray[np.int64]) -> Guesses:
        steps: list[Any] = [StandardScaler(), LogisticRegression(C=0.1, max_iter=300)]
        if features.shape[1] > _COMPONENTS:
            components = min(_COMPONENTS, len(train) - 1)
            steps[1:1] = [PCA(components, svd_solver="randomized", random_state=seed), StandardScaler()]
        linear = make_pipeline(*steps)
        forest = ExtraTreesClassifier(trees, min_samples_leaf=6, max_features="sqrt", random_state=seed)
        votes = sum(m.fit(features[train], targets[train]).predict_proba(features[test]) for m in (linear, forest))
        return np.asarray(forest.classes_[np.argmax(votes, axis=1)])

    return _across_folds(guess, targets, assets, folds)


def guesses_from_boosting(
    features: NDArray[np.float32], targets: Guesses, assets: NDArray[np.str_], folds: int, seed: int
) -> Guesses:
    """(n,) the class that boosted trees predict from features (n, k); suits few features that interact."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    def guess(train: NDArray[np.int64], test: NDArray[np.int64]) -> Guesses:
        model = HistGradientBoostingClassifier(
            max_iter=60, max_leaf_nodes=15, min_samples_leaf=15, early_stopping=False, random_state=seed
        )
        return np.asarray(model.fit(features[train], targets[train]).predict(features[test]))

    return _across_folds(guess, targets, assets, folds)


def commonest_elsewhere(strata: NDArray[np.str_], targets: Guesses, assets: NDArray[np.str_], folds: int) -> Guesses:
    """(n,) the class that is most frequent in the row's stratum among other assets; of all strata if it has none."""

    def guess(train: NDArray[np.int64], test: NDArray[np.int64]) -> Guesses:
        return np.array([_commonest(targets[_of_stratum(strata, train, strata[place])]) for place in test])

    return _across_folds(guess, targets, assets, folds)


def best_constants_elsewhere(
    values: NDArray[np.float64],
    allowed: NDArray[np.float64],
    strata: NDArray[np.str_],
    assets: NDArray[np.str_],
    folds: int,
) -> NDArray[np.float64]:
    """(n,) 1 where a constant reply is right: the one that is right most often in the row's stratum of other assets.

    Args:
        values: (n, k) the right numbers of each row. A reply is right if all k are within ``allowed``, also (n, k).
    """

    def guess(train: NDArray[np.int64], test: NDArray[np.int64]) -> Guesses:
        best: dict[str, int] = {}
        for place in test:
            if strata[place] not in best:
                known = _of_stratum(strata, train, strata[place])
                tried = known[:: -(-len(known) // _CONSTANTS)]
                off = np.abs(values[tried][:, None] - values[known][None])
                hits = (off <= allowed[known][None] + 1e-9).all(axis=2).sum(axis=1)
                best[strata[place]] = int(tried[np.argmax(hits)])
        return np.array([str(best[strata[place]]) for place in test])

    chosen = _across_folds(guess, np.arange(len(values)).astype(np.str_), assets, folds).astype(np.int64)
    return np.asarray((np.abs(values[chosen] - values) <= allowed + 1e-9).all(axis=1), dtype=np.float64)


def _of_stratum(strata: NDArray[np.str_], train: NDArray[np.int64], stratum: str) -> NDArray[np.int64]:
    """The training rows of a stratum; all of them if it has none."""
    within = train[strata[train] == stratum]
    return within if len(within) else train


def _commonest(targets: Guesses) -> str:
    names, counts = np.unique(targets, return_counts=True)
    return str(names[counts.argmax()])


def _as_they_are(tokens: list[str]) -> list[str]:
    return tokens


def _across_folds(
    guess: Callable[[Any, Any], Guesses], targets: Guesses, assets: NDArray[np.str_], folds: int
) -> Guesses:
    """Cross-validation: the classes of each part of the assets, predicted by a model trained on the other parts."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import GroupKFold
    from threadpoolctl import threadpool_limits

    def guess_part(part: tuple[NDArray[np.int64], NDArray[np.int64]]) -> Guesses:
        train, test = part
        if len(np.unique(targets[train])) < 2:
            return np.repeat(targets[train][:1], len(test))
        return guess(train, test)

    count = min(folds, len(np.unique(assets)))
    if count < 2:
        return np.repeat(targets[:1], len(targets))  # With one asset there is no training part.
    parts = list(GroupKFold(count).split(targets, groups=assets))
    guessed = np.empty_like(targets)
    # One BLAS thread for each of our threads: more would compete for the cores and change the order of sums.
    workers = ThreadPoolExecutor(usable_cores())
    with warnings.catch_warnings(), threadpool_limits(limits=1), workers as pool:
        # A model that has not converged is good enough.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for (_, test), found in zip(parts, pool.map(guess_part, parts), strict=True):
            guessed[test] = found
    return guessed
