"""Pickles that run something when they are loaded: each creates the file `ran` in the current directory.

They follow what scanners for pickles are tested with, and what such scanners have missed.
"""

import bz2
import gzip
import io
import lzma
import marshal
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import NamedTuple

TOUCH = "touch ran"
CODE = "open('ran', 'w').close()"
HARMLESS = pickle.dumps({"weights": [1.0, 2.0]})


class Hostile(NamedTuple):
    """The content of a file, its name, and how it is loaded (a name in `tests/support/load_hostile.py`)."""

    data: bytes
    name: str = "model.pkl"
    loader: str = "pickle"


# -- an assembler for opcodes -------------------------------------------------------------------------------


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def raw(value: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(value)) + value


def name(module: str, attribute: str) -> bytes:
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def stack_name(module: str, attribute: str) -> bytes:
    return text(module) + text(attribute) + b"\x93"


def call(function: bytes, *arguments: bytes) -> bytes:
    return function + b"(" + b"".join(arguments) + b"tR"


def whole(*parts: bytes, protocol: int = 4) -> bytes:
    return b"\x80" + bytes([protocol]) + b"".join(parts) + b"."


def listed(*items: bytes) -> bytes:
    return b"](" + b"".join(items) + b"e"


SYSTEM = call(name("os", "system"), text(TOUCH))


class Reduced:
    """Pickled, it is a call."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.function, self.arguments


def system(protocol: int = 4) -> bytes:
    import os

    return pickle.dumps(Reduced(os.system, TOUCH), protocol)


# -- names that run something -------------------------------------------------------------------------------


def called(module: str, attribute: str, *arguments: bytes) -> Hostile:
    return Hostile(whole(call(name(module, attribute), *arguments)))


def touch_words() -> bytes:
    return listed(text("touch"), text("ran"))


def computed_call(function: bytes, *arguments: bytes) -> Hostile:
    return Hostile(whole(call(function, *arguments)))


def marshalled() -> Hostile:
    code = raw(marshal.dumps(compile(CODE, "x", "exec")))
    loaded = call(name("marshal", "loads"), code)
    made = call(name("types", "FunctionType"), loaded, call(name("builtins", "globals")))
    return Hostile(whole(made, b")R"))


def state_of(module: str, cls: str, **state: bytes) -> bytes:
    """An object whose constructor is not called, with some attributes."""
    items = b"".join(text(key) + value for key, value in state.items())
    return name(module, cls) + b")\x81}(" + items + b"ub"


def writer_of_a_file() -> bytes:
    """Its predictions write what they are of to the file `ran`."""
    return state_of(
        "sklearn.ensemble._stacking", "StackingRegressor",
        estimators_=listed(call(name("pathlib", "PosixPath"), text("ran"))),
        stack_method_=listed(text("write_text")),
        final_estimator_=name("sklearn.linear_model._base", "LinearRegression") + b")\x81",
    )  # fmt: skip


def written_by_a_stack() -> bytes:
    """A function with two arguments, made of scikit-learn's classes alone, that writes a file."""
    callback = "sklearn.linear_model._stochastic_gradient", "_ValidationScoreCallback"
    return state_of(
        *callback, estimator=writer_of_a_file(), X_val=text("x"), y_val=b"N", sample_weight_val=b"N"
    )


def written_by_an_array() -> Hostile:
    """NumPy makes a masked array by an attribute of what it takes for the class: here that of a pipeline."""
    as_text = state_of(
        "sklearn.preprocessing._function_transformer", "FunctionTransformer",
        func=name("builtins", "str"), validate=b"\x89", kw_args=b"N", feature_names_out=b"N",
    )  # fmt: skip
    steps = listed(b"(" + text("a") + as_text + b"t", b"(" + text("b") + writer_of_a_file() + b"t")
    pipeline = state_of(
        "sklearn.pipeline", "Pipeline", steps=steps, transform_input=b"N", memory=b"N", verbose=b"\x89",
        __new__=state_of("sklearn.metrics._scorer", "_PassthroughScorer"),
    )  # fmt: skip
    return called(
        "numpy.ma.core", "_mareconstruct", pipeline, name("numpy", "ndarray"), b"K\x00\x85", b"C\x01b"
    )


POINTS = listed(*(listed(b"K%c" % x, b"K%c" % (x + 1)) for x in range(4)))


def scipy_distribution() -> Hostile:
    """SciPy executes a text of the state of its distributions."""
    harmful = f"{CODE}\ndef _parse_args(self): pass\n_parse_args_stats = _parse_args_rvs = _parse_args\n"
    state = b"}(" + text("_parse_arg_template") + text(harmful) + b"u"
    return Hostile(whole(name("scipy.stats._continuous_distns", "norm_gen"), b")\x81", state, b"b"))


NAMES: dict[str, Hostile] = {
    "os.system": called("os", "system", text(TOUCH)),
    "posix.system": called("posix", "system", text(TOUCH)),
    "os.popen": called("os", "popen", text(TOUCH)),
    "os.mkdir": called("os", "mkdir", text("ran")),
    "os.spawnlp": called("os", "spawnlp", b"K\x00", text("touch"), text("touch"), text("ran")),
    "subprocess.Popen": called("subprocess", "Popen", touch_words()),
    "subprocess.check_output": called("subprocess", "check_output", touch_words()),
    "subprocess.getoutput": called("subprocess", "getoutput", text(TOUCH)),
    "commands.getoutput of Python 2": Hostile(
        whole(call(name("commands", "getoutput"), text(TOUCH)), protocol=2)
    ),
    "builtins.eval": called("builtins", "eval", text(CODE)),
    "builtins.exec": called("builtins", "exec", text(CODE)),
    "builtins.open": called("builtins", "open", text("ran"), text("w")),
    "io.open": called("io", "open", text("ran"), text("w")),
    "_io.FileIO": called("_io", "FileIO", text("ran"), text("w")),
    "__builtin__.eval of Python 2": Hostile(
        whole(call(name("__builtin__", "eval"), text(CODE)), protocol=2)
    ),
    "getattr of an import": computed_call(
        call(name("builtins", "getattr"), call(name("builtins", "__import__"), text("os")), text("system")),
        text(TOUCH),
    ),
    "importlib.import_module": computed_call(
        call(
            call(name("operator", "attrgetter"), text("system")),
            call(name("importlib", "import_module"), text("os")),
        ),
        text(TOUCH),
    ),
    "pkgutil.resolve_name": computed_call(
        call(name("pkgutil", "resolve_name"), text("os:system")), text(TOUCH)
    ),
    "pydoc.locate": computed_call(call(name("pydoc", "locate"), text("os.system")), text(TOUCH)),
    "pydoc.pipepager": called("pydoc", "pipepager", text("x"), text("cat > ran")),
    "map over a command": Hostile(
        whole(call(name("builtins", "list"), call(name("builtins", "map"), name("os", "system"), listed(text(TOUCH)))))
    ),
    "functools.partial": computed_call(
        call(name("functools", "partial"), name("builtins", "eval"), text(CODE))
    ),
    "functools.reduce": called(
        "functools", "reduce", name("builtins", "exec"), listed(text(CODE), b"}")
    ),
    "operator.methodcaller": computed_call(
        call(name("operator", "methodcaller"), text("touch")), call(name("pathlib", "Path"), text("ran"))
    ),
    "a method by a dotted name": Hostile(
        whole(call(stack_name("pathlib", "Path.touch"), call(name("pathlib", "Path"), text("ran"))))
    ),
    "timeit.timeit": called("timeit", "timeit", text(CODE), text("pass"), name("time", "time"), b"K\x01"),
    "cProfile.run": called("cProfile", "run", text(CODE)),
    "profile.runctx": called("profile", "runctx", text(CODE), b"}", b"}"),
    "pty.spawn": called("pty", "spawn", touch_words()),
    "uuid._get_command_stdout": called("uuid", "_get_command_stdout", text("touch"), text("ran")),
    "_osx_support._read_output": called("_osx_support", "_read_output", text(TOUCH)),
    "imaplib.IMAP4_stream": called("imaplib", "IMAP4_stream", text(TOUCH)),
    "logging.FileHandler": called("logging", "FileHandler", text("ran")),
    "shutil.copyfile": called("shutil", "copyfile", text("/etc/hosts"), text("ran")),
    "sqlite3.connect": called("sqlite3", "connect", text("ran")),
    "os.symlink": called("os", "symlink", text("."), text("ran")),
    "ctypes": computed_call(
        call(name("builtins", "getattr"), call(name("ctypes", "CDLL"), b"N"), text("system")), raw(TOUCH.encode())
    ),
    "code.InteractiveInterpreter": computed_call(
        call(
            name("builtins", "getattr"),
            call(name("code", "InteractiveInterpreter")),
            text("runsource"),
        ),
        text(CODE),
    ),
    "runpy": Hostile(
        whole(call(name("runpy", "_run_code"), call(name("builtins", "compile"), text(CODE), text("x"), text("exec")), b"}"))
    ),
    "pickle.loads": called("pickle", "loads", raw(whole(SYSTEM))),
    "_pickle.loads": called("_pickle", "loads", raw(whole(SYSTEM))),
    "pickle.loads, twice": called("pickle", "loads", raw(whole(call(name("pickle", "loads"), raw(whole(SYSTEM)))))),
    "marshal.loads": marshalled(),
    "numpy.testing": called("numpy.testing._private.utils", "runstring", text(CODE), b"}"),
    "numpy.f2py": called("numpy.f2py.crackfortran", "myeval", text(CODE), b"}", b"}"),
    "numpy's ufuncs": computed_call(
        call(name("numpy.core", "_ufunc_reconstruct"), text("os"), text("system")), text(TOUCH)
    ),
    "numpy.memmap": called("numpy", "memmap", text("ran"), text("u1"), text("w+"), b"K\x00", b"K\x01"),
    "scipy's distributions": scipy_distribution(),
    "a masked array": written_by_an_array(),
    "a metric of neighbours": called("sklearn.neighbors._ball_tree", "BallTree", POINTS, b"K\x01", written_by_a_stack()),
}  # fmt: skip

# -- ways to ask for a name ---------------------------------------------------------------------------------


def memo_decoy() -> bytes:
    """A memo that first has a harmless module, and then another one under the same number."""
    strings = text("collections") + b"q\x00" + text("os") + b"q\x00" + text("system") + b"q\x01000"
    return whole(strings, call(b"h\x00h\x01\x93", text(TOUCH)))


def extension() -> bytes:
    added = call(name("copyreg", "add_extension"), text("os"), text("system"), b"K\x07")
    return whole(added, b"0", call(b"\x82\x07", text(TOUCH)))


def computed_name() -> bytes:
    module = call(name("builtins", "str"), raw(b"os"), text("ascii"))
    return whole(call(module + text("system") + b"\x93", text(TOUCH)))


WAYS: dict[str, Hostile] = {
    **{f"protocol {number}": Hostile(system(number)) for number in range(6)},
    "a name of sklearn's imports": Hostile(whole(call(stack_name("sklearn", "os.system"), text(TOUCH)))),
    "a name of joblib's imports": Hostile(
        whole(call(stack_name("joblib.numpy_pickle", "os.system"), text(TOUCH)))
    ),
    "a name of numpy's imports": Hostile(
        whole(call(stack_name("numpy.lib._npyio_impl", "os.system"), text(TOUCH)))
    ),
    "strings of the memo": Hostile(
        whole(text("system"), b"\x94", text("os"), b"\x9400", call(b"h\x01h\x00\x93", text(TOUCH)))
    ),
    "a memo that changes": Hostile(memo_decoy()),
    "escapes in a string": Hostile(
        whole(call(b"S'\\x6fs'\nS'syst\\145m'\n\x93", text(TOUCH)))
    ),
    "escapes in a text": Hostile(whole(call(b"V\\u006fs\nVsyste\\u006d\n\x93", text(TOUCH)))),
    "a computed name": Hostile(computed_name()),
    "INST": Hostile(b"(S'" + TOUCH.encode() + b"'\nios\nsystem\n."),
    "OBJ": Hostile(whole(b"(", name("os", "system"), text(TOUCH), b"o")),
    "NEWOBJ": Hostile(
        whole(
            name("builtins", "bytes"),
            name("builtins", "map"), name("os", "system"), listed(text(TOUCH)), b"\x86\x81",
            b"\x85\x81",
        )
    ),
    "NEWOBJ with keywords": Hostile(
        whole(
            name("builtins", "bytes"),
            name("builtins", "map"), name("os", "system"), listed(text(TOUCH)), b"\x86}\x92",
            b"\x85}\x92",
        )
    ),
    "an extension": Hostile(extension()),
    "no end": Hostile(whole(SYSTEM)[:-1]),
    "an invalid end": Hostile(whole(SYSTEM)[:-1] + b"\xff" * 20),
    "a call in a list that is dropped": Hostile(whole(b"(", SYSTEM, b"10K\x01")[:-1] + b"."),
    "a long frame": Hostile(b"\x80\x04\x95" + struct.pack("<Q", len(SYSTEM) + 1) + SYSTEM + b"."),
    "a module that acts when imported": Hostile(whole(name("this", "s"), b"0", SYSTEM)),
    # CPython drops what is left of a frame when a line crosses its end.
    "a name across the end of a frame": Hostile(
        b"\x80\x04\x95" + struct.pack("<Q", 16) + b"csklearn.svm.abc" + b"zipfile\nPyZipFile\n"
        + b"(" + text("ran") + text("w") + b"tR.", "model.bin", "file",
    ),
    "a text across the end of a frame": Hostile(
        b"\x80\x04\x95" + struct.pack("<Q", 5) + b"\x8c\x0askl" + b"subprocess\x8c\x05Popen\x93"
        + touch_words() + b"\x85R.", "model.bin", "file",
    ),
    "behind another pickle": Hostile(HARMLESS + whole(SYSTEM), loader="all"),
    "behind five pickles and tensors": Hostile(
        pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({}, 2)
        + whole(SYSTEM) + pickle.dumps([], 2) + struct.pack("<q", 2) + bytes(8),
        "legacy.pt", "five",
    ),
}  # fmt: skip

# -- where pickles hide -------------------------------------------------------------------------------------


def zipped(path: str, data: bytes, method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("archive/version", "3\n")
        archive.writestr(path, data)
        archive.writestr("archive/data/0", bytes(16))
    return file.getvalue()


def tarred(path: str, data: bytes, mode: str = "w") -> bytes:
    return tarred_all({path: data}, mode)


def tarred_all(members: dict[str, bytes], mode: str = "w") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        for path, data in members.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return file.getvalue()


def object_array() -> bytes:
    import numpy as np

    file = io.BytesIO()
    np.save(file, np.array([Reduced(eval, CODE), 1], dtype=object), allow_pickle=True)
    return file.getvalue()


def named_objects() -> bytes:
    """An array whose type is called `object`, as NumPy reads it and never writes it."""
    header = b"{'descr': 'object', 'fortran_order': False, 'shape': (1,), }"
    header += b" " * (64 - (len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + whole(SYSTEM)


def joblib_file(value: object) -> bytes:
    import joblib

    file = io.BytesIO()
    joblib.dump(value, file)
    return file.getvalue()


def in_numbers() -> bytes:
    """Instructions in the numbers of an array: `pickle.load` follows them, `joblib.load` does not."""
    hidden = b"0" + SYSTEM + b"."
    dtype = call(name("numpy", "dtype"), text("u1"), b"\x89", b"\x88")
    dtype += b"(K\x03" + text("|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    state = {
        "subclass": name("numpy", "ndarray"),
        "shape": b"(K" + bytes([len(hidden)]) + b"t",
        "order": text("C"),
        "dtype": dtype,
        "allow_mmap": b"\x89",
    }
    items = b"".join(text(key) + value for key, value in state.items())
    return whole(name("joblib.numpy_pickle", "NumpyArrayWrapper"), b")\x81}(", items, b"ub", hidden)


def _joblib_objects() -> bytes:
    import numpy as np

    return joblib_file({"a": np.arange(5), "b": np.array([Reduced(eval, CODE)], dtype=object)})


PLACES: dict[str, Callable[[], Hostile]] = {
    "the zip of PyTorch": lambda: Hostile(zipped("archive/data.pkl", whole(SYSTEM)), "model.pt", "zip"),
    "another name in the zip": lambda: Hostile(
        zipped("archive/readme.txt", whole(SYSTEM)), "model.bin", "zip"
    ),
    "a compressed zip": lambda: Hostile(
        zipped("archive/data.pkl", whole(SYSTEM), zipfile.ZIP_DEFLATED), "model.pt", "zip"
    ),
    "a zip in a zip": lambda: Hostile(
        zipped("a/b.zip", zipped("archive/data.pkl", whole(SYSTEM))), "model.zip", "zip"
    ),
    "an old tar of PyTorch": lambda: Hostile(tarred("pickle", whole(SYSTEM, protocol=2)), "model.pth", "tar"),
    "a compressed tar": lambda: Hostile(tarred("x/weights", whole(SYSTEM), "w:gz"), "model.nemo", "tar"),
    "gzip": lambda: Hostile(gzip.compress(whole(SYSTEM)), "model.pkl.gz", "gzip"),
    "an array": lambda: Hostile(object_array(), "array.npy", "numpy"),
    "an array with another type": lambda: Hostile(named_objects(), "array.npy", "numpy"),
    "an array in a zip": lambda: Hostile(zipped("a.npy", object_array()), "arrays.npz", "zip of arrays"),
    "joblib": lambda: Hostile(joblib_file([Reduced(eval, CODE)]), "model.joblib", "joblib"),
    "joblib, zlib": lambda: Hostile(zlib.compress(whole(SYSTEM)), "model.joblib", "joblib"),
    "joblib, gzip": lambda: Hostile(gzip.compress(whole(SYSTEM)), "model", "joblib"),
    "joblib, bz2": lambda: Hostile(bz2.compress(whole(SYSTEM)), "model", "joblib"),
    "joblib, xz": lambda: Hostile(lzma.compress(whole(SYSTEM)), "model", "joblib"),
    "joblib, lzma": lambda: Hostile(
        lzma.compress(whole(SYSTEM), format=lzma.FORMAT_ALONE), "model", "joblib"
    ),
    "objects in an array of joblib": lambda: Hostile(_joblib_objects(), "model.joblib", "joblib"),
    "a frame around an array of joblib": lambda: Hostile(
        in_numbers()[:2] + b"\x95" + struct.pack("<Q", len(in_numbers()) - 2) + in_numbers()[2:],
        "x.joblib",
        "pickle",
    ),
    "numbers of an array of joblib": lambda: Hostile(in_numbers(), "model.joblib", "pickle"),
    "no suffix": lambda: Hostile(whole(SYSTEM), "model"),
    "the suffix of an image": lambda: Hostile(whole(SYSTEM), "plot.png"),
    "protocol 0 as a text file": lambda: Hostile(system(0), "notes.txt"),
}


def hostile() -> dict[str, Hostile]:
    """All of them by name."""
    return NAMES | WAYS | {title: make() for title, make in PLACES.items()}
