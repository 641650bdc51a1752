"""Files as libraries write them, each small; the ones of PyTorch were written by PyTorch 2.14 itself."""

import io
import pickle
from collections.abc import Callable
from typing import Any

from support.places import ROOT

PYTORCH = ROOT / "tests" / "golden" / "pickles"


def _numbers() -> tuple[Any, Any]:
    import numpy as np

    rng = np.random.default_rng(0)
    return rng.normal(size=(60, 4)), (rng.random(60) > 0.5).astype(int)


def _fitted(name: str) -> object:
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    x, y = _numbers()
    if name == "text":
        words = ["a good film", "a bad film", "good", "bad"] * 5
        return make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(words, ["yes", "no"] * 10)
    model = {
        "pipeline": make_pipeline(StandardScaler(), SVC()),
        "forest": RandomForestClassifier(3),
        "boosted": HistGradientBoostingClassifier(max_iter=3),
        "neighbours": KNeighborsClassifier(algorithm="kd_tree"),
    }[name]
    return model.fit(x, y)


def _joblib(value: object, **how: object) -> bytes:
    import joblib

    file = io.BytesIO()
    joblib.dump(value, file, **how)
    return file.getvalue()


def _saved(**arrays: object) -> bytes:
    import numpy as np

    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _objects() -> bytes:
    import numpy as np

    file = io.BytesIO()
    np.save(file, np.array(["yes", None, {"a": 1.5}], dtype=object), allow_pickle=True)
    return file.getvalue()


def _values() -> bytes:
    import numpy as np
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(0)
    return pickle.dumps([csr_matrix(np.eye(3)), np.float64(1), rng, np.ma.masked_less(np.arange(3), 2)])


REAL: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a pipeline": ("pipeline.pkl", lambda: pickle.dumps(_fitted("pipeline"))),
    "a pipeline of protocol 0": ("pipeline.pkl", lambda: pickle.dumps(_fitted("pipeline"), 0)),
    "boosted trees": ("boosted.pkl", lambda: pickle.dumps(_fitted("boosted"))),
    "neighbours by joblib": ("neighbours.joblib", lambda: _joblib(_fitted("neighbours"))),
    "texts by joblib": ("text.joblib", lambda: _joblib(_fitted("text"))),
    "a forest by joblib, protocol 0": ("forest.joblib", lambda: _joblib(_fitted("forest"), protocol=0)),
    "a forest by joblib, zlib": ("forest.pkl.z", lambda: _joblib(_fitted("forest"), compress=3)),
    "a forest by joblib, xz": ("forest.pkl.xz", lambda: _joblib(_fitted("forest"), compress=("xz", 1))),
    "arrays": ("arrays.npz", lambda: _saved(a=_numbers()[0], names=["a", "bc"])),
    "objects": ("objects.npy", _objects),
    "values of SciPy and NumPy": ("values.pickle", _values),
    "PyTorch": ("model.pt", (PYTORCH / "torch_zip.pt").read_bytes),
    "PyTorch before 1.6": ("model.pth", (PYTORCH / "torch_legacy.pt").read_bytes),
}
