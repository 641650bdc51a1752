"""The classes of names, and the difference of two versions' names."""

import subprocess
import sys

import pytest

from regolo_git.records.asked_names import AskedName, PickleNames, Unread
from regolo_git.verdict.pickle_names import (
    NameClass,
    changes,
    class_of,
    class_of_file,
    class_of_files,
    worst,
)

CLASSES = {
    "allowed": [
        "collections OrderedDict", "numpy ndarray", "numpy._core.multiarray _reconstruct", "__builtin__ set",
        "numpy.core.multiarray scalar", "torch._utils _rebuild_tensor_v2", "torch FloatStorage",
        "torch.cuda HalfTensor", "builtins complex", "_codecs encode", "copy_reg _reconstructor",
    ],
    "known": [
        "sklearn.linear_model._logistic LogisticRegression", "sklearn.tree._tree Tree",
        "sklearn.svm._classes SVC", "xgboost.sklearn XGBClassifier", "lightgbm.basic Booster",
        "joblib.numpy_pickle NumpyArrayWrapper", "scipy.sparse._csr csr_matrix", "pandas.core.frame DataFrame",
        "torch.nn.modules.linear Linear", "sklearn._loss._loss __pyx_unpickle_CyHalfBinomialLoss",
    ],
    "unknown": [
        "mypackage.models Net", "__main__ Net", "sklearn.linear_model._logistic something",
        "sklearn.linear_model LogisticRegression.fit", "scipy.stats._continuous_distns norm_gen",
        "functools partial", "numpy anything", "sklearnx.linear_model LogisticRegression", "pathlib Path.touch",
        "mypackage.data load", "random Random",
    ],
    "dangerous": [
        "os system", "posix system", "nt system", "os.path join", "subprocess Popen", "builtins eval", "sys exit",
        "builtins __import__", "__builtin__ execfile", "builtins getattr", "importlib import_module", "runpy run_path",
        "pty spawn", "socket socket", "ctypes CDLL", "marshal loads", "types CodeType", "types FunctionType",
        "operator attrgetter", "operator methodcaller", "functools reduce", "pickle loads", "_pickle Unpickler",
        "webbrowser open", "shutil rmtree", "pdb run", "timeit timeit", "cProfile run", "commands getoutput",
        "numpy.testing._private.utils runstring", "numpy.core _ufunc_reconstruct", "numpy load", "torch load",
        "torch.hub load", "torch.jit load", "joblib load", "joblib.numpy_pickle load", "sklearn os.system",
        "sklearn.os system", "sklearn.base os", "sklearn.base __builtins__", "sklearn.base Popen",
        "mypackage.tools eval", "mypackage.tools Popen", "mypackage.tools subprocess.run", "? system",
        "os ?", "collections OrderedDict.__init__.__globals__", "pathlib os.system", "six.moves builtins",
        "urllib2 urlopen", "SocketServer TCPServer", "__builtin__ reduce",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "expected"),
    [(asked, expected) for expected, names in CLASSES.items() for asked in names],
)
def test_the_class_of_a_name(asked: str, expected: str) -> None:
    module, name = asked.split(" ")
    assert class_of(module, name) == expected


def test_the_worst_counts() -> None:
    system, ordered = AskedName("os", "system"), AskedName("collections", "OrderedDict")
    broken = (Unread("", "it ends early"),)
    assert class_of_file(PickleNames()) is NameClass.ALLOWED
    assert class_of_file(PickleNames(1, (ordered,))) is NameClass.ALLOWED
    assert class_of_file(PickleNames(1, (ordered,), broken)) is NameClass.UNREADABLE
    assert class_of_file(PickleNames(1, (ordered, system), broken)) is NameClass.DANGEROUS
    assert class_of_files({"a": PickleNames(1, (ordered,)), "b": PickleNames(0, (), broken)}) is (
        NameClass.UNREADABLE
    )
    assert [worst([one, two]) for one, two in zip(NameClass, list(NameClass)[1:], strict=False)] == list(
        NameClass
    )[1:]


def test_changes_between_two_versions() -> None:
    def names(*asked: str) -> PickleNames:
        return PickleNames(1, tuple(AskedName(*one.split(" "), offset=7) for one in asked))

    before = [names("a A", "b B"), names("c C")]
    after = [names("c C", "d D"), names("a A")]
    assert changes(before, after) == ((AskedName("d", "D", "", 7),), (AskedName("b", "B", "", 7),))
    assert changes([], after).gone == ()


@pytest.mark.slow
def test_known_names_of_installed_libraries_are_their_own_classes_and_values() -> None:
    """No library hands on a class of another one under a name that is called known."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert [line for line in done.stdout.split() if ":" in line] == []


HARMLESS = {"abc", "numbers", "collections", "typing", "_io", "numpy", "scipy", "pandas"}
PROGRAM = f"""
import importlib, inspect, pkgutil, sys, warnings
warnings.simplefilter("ignore")
import sklearn
from regolo_git.verdict.pickle_names import class_of
for module in pkgutil.walk_packages(sklearn.__path__, "sklearn."):
    if ".tests" not in module.name and "conftest" not in module.name:
        try:
            importlib.import_module(module.name)
        except BaseException:
            pass
for name, module in sorted(sys.modules.items()):
    if name.split(".")[0] not in ("sklearn", "numpy", "scipy", "joblib", "pandas"):
        continue
    for attribute, value in list(vars(module).items()):
        if class_of(name, attribute).rank < 2 and (inspect.isclass(value) or callable(value)):
            owner = (getattr(value, "__module__", None) or name).split(".")[0]
            if owner not in {HARMLESS!r} | {{name.split(".")[0]}}:
                print(f"{{name}}:{{attribute}}:{{owner}}")
"""
