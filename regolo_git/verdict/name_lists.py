"""The names that pickles ask for, by what loading them can do; each text is a list of words.

Allowed is what PyTorch's `weights_only` unpickler allows, what rebuilds arrays, and Python's harmless values.
Known are libraries' classes that only hold data.  What else these libraries have is not known: a function may
do anything, and so may a module that one of them has imported.
"""

BUILTINS = ("builtins", "__builtin__")
HARMLESS_BUILTINS = (
    "bool bytearray bytes complex dict float frozenset int list long object range set slice str tuple "
    "unicode xrange Ellipsis NotImplemented ArithmeticError AssertionError AttributeError BaseException "
    "EOFError Exception FileNotFoundError IndexError KeyError LookupError MemoryError NameError "
    "NotImplementedError OSError OverflowError RuntimeError StopIteration TypeError UnicodeDecodeError "
    "UserWarning ValueError Warning ZeroDivisionError"
)
STANDARD = {
    "_codecs": "encode",
    "array": "array _array_reconstructor",
    "collections": "OrderedDict defaultdict deque Counter ChainMap UserDict UserList UserString",
    "copyreg": "_reconstructor __newobj__ __newobj_ex__",
    "copy_reg": "_reconstructor __newobj__",
    "datetime": "date datetime time timedelta timezone",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "pathlib": "Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath",
    "pathlib._local": "Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath",
    "re": "_compile",
    "types": "SimpleNamespace",
    "uuid": "UUID SafeUUID",
}
# `{core}` is `core` before NumPy 2, and `_core` since.
NUMPY = {
    "numpy": (
        "ndarray dtype matrix recarray record bool_ bool int8 int16 int32 int64 uint8 uint16 uint32 "
        "uint64 intc uintc longlong ulonglong float16 float32 float64 longdouble complex64 complex128 "
        "clongdouble str_ bytes_ object_ void datetime64 timedelta64 generic number floating integer"
    ),
    "numpy.{core}.multiarray": "_reconstruct scalar",
    "numpy.{core}.numeric": "_frombuffer",
    "numpy.{core}": "_convert_to_ufunc_dtype _DType_reconstruct",
    "numpy.rec": "recarray record",
    "numpy.{core}.records": "recarray record",
    "numpy.ma": "MaskedArray",
    "numpy.ma.core": "MaskedArray _mareconstruct",
    "numpy.random": "RandomState Generator",
    "numpy.random.mtrand": "RandomState",
    "numpy.random._generator": "Generator",
    "numpy.random._pickle": "__randomstate_ctor __bit_generator_ctor __generator_ctor",
    "numpy.random._mt19937": "MT19937",
    "numpy.random._pcg64": "PCG64 PCG64DXSM",
    "numpy.random._philox": "Philox",
    "numpy.random._sfc64": "SFC64",
    "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
}
TORCH = {
    "torch": (
        "Tensor Size device dtype Generator memory_format layout finfo QInt8Storage QUInt8Storage "
        "QInt32Storage QUInt4x2Storage QUInt2x4Storage float16 float32 float64 bfloat16 half float double "
        "uint8 uint16 uint32 uint64 int8 int16 int32 int64 short int long bool complex32 complex64 "
        "complex128 bcomplex32 cfloat cdouble chalf qint8 quint8 qint32 quint4x2 quint2x4 float8_e4m3fn "
        "float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu float4_e2m1fn_x2 bits1x8 bits2x4 "
        "bits4x2 bits8 bits16 uint1 uint2 uint3 uint4 uint5 uint6 uint7 int1 int2 int3 int4 int5 int6 "
        "int7 contiguous_format channels_last channels_last_3d preserve_format strided sparse_coo "
        "sparse_csr sparse_csc sparse_bsr sparse_bsc per_tensor_affine per_channel_affine "
        "per_tensor_symmetric per_channel_symmetric per_channel_affine_float_qparams"
    ),
    "torch._tensor": "_rebuild_from_type_v2",
    "torch._utils": (
        "_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter "
        "_rebuild_parameter_with_state _rebuild_sparse_tensor _rebuild_sparse_csr_tensor _rebuild_qtensor "
        "_rebuild_meta_tensor_no_storage _rebuild_nested_tensor _rebuild_device_tensor_from_numpy "
        "_rebuild_device_tensor_from_cpu_tensor _rebuild_wrapper_subclass"
    ),
    "torch.nn.parameter": "Parameter Buffer UninitializedParameter UninitializedBuffer",
    "torch.serialization": "_get_layout",
    "torch.storage": "TypedStorage UntypedStorage _UntypedStorage",
}
# Each has tensors and storages of each kind.
TORCH_MODULES = "torch torch.cuda torch.sparse torch.cuda.sparse"
TORCH_KINDS = "Float Double Half BFloat16 Long Int Short Char Byte Bool ComplexFloat ComplexDouble"
# Modules, with those below them, whose classes are known.
CLASSES = {
    "sklearn": (
        "base calibration cluster compose covariance cross_decomposition decomposition "
        "discriminant_analysis dummy ensemble feature_extraction feature_selection gaussian_process "
        "impute isotonic kernel_approximation kernel_ridge linear_model manifold mixture model_selection "
        "multiclass multioutput naive_bayes neighbors neural_network pipeline preprocessing "
        "random_projection semi_supervised svm tree _loss metrics"
    ),
    "torch.nn.modules": (
        "activation adaptive batchnorm channelshuffle container conv distance dropout flatten fold "
        "instancenorm linear loss module normalization padding pixelshuffle pooling rnn sparse "
        "transformer upsampling"
    ),
    "torch.optim": "adam adamw sgd rmsprop adagrad adadelta adamax asgd nadam radam",
    "xgboost": "core sklearn",
    "lightgbm": "basic sklearn",
    "catboost": "core",
}
# Classes of these modules whose objects can be called like functions, and that no trained model has.
CALLBACKS = frozenset({
    "_ValidationScoreCallback", "_LbfgsCallbackBridge", "_EvalFunctionWrapper", "_ObjectiveFunctionWrapper",
    "_SklObjWProto",
})  # fmt: skip
KNOWN = {
    "sklearn.utils": "Bunch",
    "sklearn.utils._bunch": "Bunch",
    "sklearn._loss.link": "IdentityLink LogLink LogitLink HalfLogitLink MultinomialLogit Interval",
    "sklearn.compose._column_transformer": "make_column_selector",
    "sklearn.neighbors._kd_tree": "newObj",
    "sklearn.neighbors._ball_tree": "newObj",
    "sklearn.neighbors._dist_metrics": "newObj EuclideanDistance",
    "sklearn.metrics._dist_metrics": "newObj",
    "sklearn.metrics._classification": (
        "accuracy_score balanced_accuracy_score f1_score precision_score recall_score log_loss "
        "matthews_corrcoef"
    ),
    "sklearn.metrics._regression": (
        "r2_score mean_squared_error mean_absolute_error max_error root_mean_squared_error "
        "median_absolute_error explained_variance_score"
    ),
    "sklearn.metrics._ranking": "roc_auc_score average_precision_score",
    "sklearn.feature_selection._univariate_selection": "f_classif f_regression chi2 f_oneway r_regression",
    "sklearn.feature_selection._mutual_info": "mutual_info_classif mutual_info_regression",
    "torch.jit._pickle": "build_intlist build_tensorlist build_doublelist build_boollist restore_type_tag",
    "joblib.numpy_pickle": "NumpyArrayWrapper",
    "sklearn.externals.joblib.numpy_pickle": "NumpyArrayWrapper",
    "pandas": "DataFrame Series Index RangeIndex MultiIndex DatetimeIndex Timestamp Timedelta Categorical",
    "pandas.core.frame": "DataFrame",
    "pandas.core.series": "Series",
    "pandas.core.indexes.base": "Index _new_Index",
    "pandas.core.indexes.range": "RangeIndex",
    "pandas.core.indexes.multi": "MultiIndex",
    "pandas.core.internals.managers": "BlockManager SingleBlockManager",
    "pandas.core.internals.blocks": "new_block",
    "pandas._libs.internals": "_unpickle_block BlockPlacement",
    "pandas.core.arrays.categorical": "Categorical",
    "pandas.core.dtypes.dtypes": "CategoricalDtype DatetimeTZDtype PeriodDtype IntervalDtype",
    "scipy.interpolate._interpolate": "interp1d PPoly BPoly",
    "scipy.interpolate._bsplines": "BSpline",
    "scipy.spatial.transform._rotation": "Rotation",
}
SPARSE_MODULES = "csr _csr csc _csc coo _coo bsr _bsr dia _dia dok _dok lil _lil"
SPARSE_FORMATS = "csr csc coo bsr dia dok lil"

# Modules, with those below them, of which no model needs anything, and which can do everything.
DANGEROUS_MODULES = (
    "os posix nt posixpath ntpath os2emxpath subprocess _posixsubprocess popen2 commands sys "
    "_sysconfigdata importlib imp _imp _frozen_importlib _frozen_importlib_external zipimport pkgutil "
    "runpy pty tty termios socket _socket socketserver SocketServer ssl _ssl asyncio asyncore asynchat "
    "multiprocessing _multiprocessing billiard concurrent threading _thread thread dummy_threading "
    "_dummy_thread signal select selectors ctypes _ctypes cffi _cffi_backend marshal pickle _pickle "
    "cPickle _compat_pickle dill cloudpickle shelve jsonpickle dbm code codeop bdb pdb cmd timeit "
    "cProfile profile _lsprof trace tracemalloc faulthandler operator _operator shutil tempfile glob "
    "fileinput linecache mmap fcntl resource gc atexit sysconfig site venv ensurepip pip setuptools "
    "distutils pkg_resources wheel pydoc doctest unittest test inspect ast dis symtable webbrowser "
    "antigravity this http httplib urllib urllib2 urllib3 ftplib smtplib smtpd poplib imaplib nntplib "
    "telnetlib xmlrpc xmlrpclib SimpleXMLRPCServer BaseHTTPServer SimpleHTTPServer CGIHTTPServer wsgiref "
    "cgi cgitb requests aiohttp httpx paramiko fabric sqlite3 _sqlite3 sqlalchemy idlelib lib2to3 turtle "
    "turtledemo tkinter _tkinter Tkinter curses readline rlcompleter winreg _winreg msvcrt _winapi "
    "platform getpass pwd grp crypt spwd nis logging.config logging.handlers zipfile tarfile zipapp "
    "compileall py_compile modulefinder __main__.__builtins__ _xxsubinterpreters _testcapi _aix_support "
    "_osx_support _bootsubprocess IPython jupyter notebook jinja2 mako execnet sh plumbum invoke pexpect "
    "ptyprocess git gitpython docker boto3 six.moves numba torch.hub torch.jit torch.package "
    "torch.utils.cpp_extension torch.utils.collect_env torch.utils.bottleneck torch.utils.model_zoo "
    "torch.utils.data.datapipes torch.distributed.rpc torch.distributed.launch torch.distributed.run "
    "torch._inductor torch._dynamo torch.multiprocessing torch.fx torch.serialization torch.ops "
    "torch.classes torch.cuda.jiterator torch.onnx torch.testing torch._export torch.export numpy.testing "
    "numpy.f2py numpy.distutils numpy.ctypeslib numpy.lib.npyio numpy.lib._npyio_impl numpy.lib.utils "
    "numpy._pytesttester numpy.lib._datasource numpy.compat numpy.conftest scipy._lib scipy.weave "
    "scipy.io scipy.conftest scipy.datasets pandas.io pandas.eval pandas.core.computation pandas.util "
    "pandas.testing pandas.conftest sklearn.externals sklearn.conftest sklearn.utils._testing "
    "sklearn.datasets joblib xgboost.compat xgboost.dask xgboost.spark xgboost.testing lightgbm.compat "
    "lightgbm.dask lightgbm.libpath xgboost.libpath bentoml.runner"
)
# The names that do harm wherever they are found: libraries import them too, and so hand them on.
DANGEROUS_NAMES = (
    "eval exec execfile raw_input __import__ getattr setattr delattr globals breakpoint __build_class__ "
    "import_module reload_module system popen popen2 popen3 popen4 startfile execl execle execlp execlpe "
    "execv execve execvp execvpe spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe "
    "posix_spawn posix_spawnp fork forkpty killpg rmdir removedirs rmtree Popen check_call check_output "
    "getoutput getstatusoutput run_module run_path runcode runsource runstring run_line runctx "
    "load_source load_compiled load_dynamic exec_module exec_command exec_mod_from_location CodeType "
    "FunctionType LambdaType MethodType ModuleType BuiltinFunctionType Unpickler Pickler NumpyUnpickler "
    "NumpyPickler CDLL PyDLL WinDLL OleDLL LibraryLoader SourceFileLoader SourcelessFileLoader "
    "ExtensionFileLoader FileLoader InteractiveConsole InteractiveInterpreter Pdb Bdb ThreadPoolExecutor "
    "ProcessPoolExecutor BaseManager SyncManager HTTPServer urlopen urlretrieve FileIO TextIOWrapper "
    "BufferedWriter NamedTemporaryFile TemporaryFile TemporaryDirectory ZipFile TarFile attrgetter "
    "itemgetter methodcaller add_extension resolve_name pipepager _getattribute _ufunc_reconstruct "
    "cython_inline read_pickle read_hdf set_trace ABCMeta EnumMeta EnumType"
)
# As common words they may be a user's own: they do harm only where Python or a known library has them.
COMMON_WORDS = (
    "compile open file input dir map filter reduce apply help exit quit run call load loads load_module "
    "locate inline interact pm reload kill Parallel Memory Request Timer Thread Process Pool ThreadPool "
    "unlink vars locals"
)
# By these attributes an object reaches all others.
HIDDEN = (
    "__globals__ __builtins__ __builtin__ __dict__ __class__ __subclasses__ __bases__ __base__ __mro__ "
    "mro __getattribute__ __getattr__ __setattr__ __delattr__ __code__ __closure__ __func__ __self__ "
    "__module__ __loader__ __spec__ __import__ __reduce__ __reduce_ex__ __init_subclass__ __init__ "
    "__call__ __wrapped__ __file__ __path__ __cached__ gi_frame f_globals f_builtins f_locals "
    "func_globals tb_frame"
)
DANGEROUS = {
    "types": (
        "CodeType FunctionType LambdaType MethodType ModuleType BuiltinFunctionType BuiltinMethodType "
        "CoroutineType GeneratorType DynamicClassAttribute new_class prepare_class coroutine"
    ),
    "functools": "reduce partialmethod cached_property singledispatch",
    "itertools": "starmap accumulate",
    "codecs": "open EncodedFile StreamReader StreamWriter StreamReaderWriter StreamRecoder register lookup",
    "io": "open open_code FileIO TextIOWrapper OpenWrapper",
    "_io": "open open_code FileIO TextIOWrapper",
    "_pyio": "open open_code FileIO OpenWrapper",
    "copyreg": "add_extension remove_extension clear_extension_cache pickle constructor",
    "copy_reg": "add_extension pickle",
    "collections": "namedtuple",
    "uuid": "_get_command_stdout _popen getnode",
    "logging": "FileHandler basicConfig",
    "numpy": (
        "load save savez savez_compressed savetxt loadtxt genfromtxt fromfile memmap fromregex "
        "fromfunction apply_along_axis apply_over_axes frompyfunc vectorize piecewise DataSource lib os "
        "sys"
    ),
    "numpy.{core}": "_ufunc_reconstruct",
    "numpy.{core}.memmap": "memmap",
    "numpy.{core}._internal": "recursive _ctypes",
    "torch": "load save compile",
}
