"""Which operations in a source file are free in their last bit: a reading of syntax trees, without running the code.

`test_exact_guard.py` applies it to the modules that make stored numbers. A free operation is one that IEEE 754, the C
standard or Python's documentation does not fix to the last bit, so that the CPU, the BLAS, libm, the compiler or the
version of Python decides it. The checker sees names, not types: where it cannot tell integers from floats it reports.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Violation", "violations"]


@dataclass(frozen=True)
class Violation:
    """An operation that is not allowed: its place, its name, and what to write instead."""

    path: str
    line: int
    function: str
    """The qualified name of the function around it; empty at the top of a module."""
    operation: str
    advice: str

    def __str__(self) -> str:
        inside = f" in {self.function}" if self.function else ""
        return f"{self.path}:{self.line}{inside}: {self.operation}; {self.advice}"


EXACT_FUNCTION = "use the function of the exact module"
EXACT_PRODUCT = "use matmul, matvec, dot or transform_points of the exact module"
EXACT_SUM = "use total or mean of the exact module, np.count_nonzero for masks, or int(x.sum()) for integers"
EXACT_SOLVER = "use the solvers of the exact module"
EXACT_DRAW = "use ExactGenerator or weighted_choice of the exact module"
WRITTEN_OUT = "write squares as x * x or np.square(x), roots as sqrt, other powers as power of the exact module"
NOT_LISTED = "the library is free in its last bits; if this name is not, add it to LIBRARY_NAMES with its reason"
SUM_OF_FLOATS = "Python 3.12 sums floats unlike 3.11: use total of the exact module, or int(sum(...)) for integers"


def _words(text: str) -> list[str]:
    return text.split()


TRANSCENDENTAL = _words("sin cos tan sinh cosh tanh exp exp2 expm1 log log2 log10 log1p hypot cbrt")
NUMPY_FUNCTIONS = _words(
    """arcsin arccos arctan arctan2 arcsinh arccosh arctanh asin acos atan atan2 asinh acosh atanh power pow float_power
    logaddexp logaddexp2 sinc angle i0 geomspace logspace interp"""
)
MATH_FUNCTIONS = _words("asin acos atan atan2 asinh acosh atanh pow dist gamma lgamma erf erfc sumprod fma")
NUMPY_PRODUCTS = _words(
    "dot einsum einsum_path matmul matvec vecmat vecdot inner tensordot vdot convolve correlate linalg.multi_dot"
)
NUMPY_SUMS = _words(
    """sum mean std var average nansum nanmean nanstd nanvar prod nanprod trace trapezoid trapz cov corrcoef polyfit
    add.reduce add.reduceat multiply.reduce multiply.reduceat"""
)

FREE: dict[str, str] = {
    **{f"numpy.{name}": EXACT_FUNCTION for name in TRANSCENDENTAL + NUMPY_FUNCTIONS},
    **{f"math.{name}": EXACT_FUNCTION for name in TRANSCENDENTAL + MATH_FUNCTIONS},
    **{f"numpy.{name}": EXACT_PRODUCT for name in NUMPY_PRODUCTS},
    **{f"numpy.{name}": EXACT_SUM for name in NUMPY_SUMS},
    "operator.matmul": EXACT_PRODUCT,
    "operator.pow": WRITTEN_OUT,
}
"""Names that must not be used, with what to use instead."""

FREE_BELOW: dict[str, str] = {
    "numpy.linalg": EXACT_SOLVER,
    "numpy.fft": "no transform of the exact module replaces it: the values must not decide or be stored",
    "numpy.random": EXACT_DRAW,
    "numpy.emath": EXACT_FUNCTION,
    "cmath": EXACT_FUNCTION,
    "scipy": NOT_LISTED,
    "trimesh": NOT_LISTED,
}
"""Packages of which only the names in `LIBRARY_NAMES` may be used."""

LIBRARY_NAMES: dict[str, str] = {
    "numpy.linalg.LinAlgError": "an error",
    "numpy.fft.fftfreq": "integers times a constant",
    "numpy.fft.rfftfreq": "integers times a constant",
    "numpy.random.PCG64": "integers",
    "numpy.random.Generator": "a type; calls of it are reported",
    "numpy.random.BitGenerator": "a type",
    "numpy.random.SeedSequence": "integers",
    "scipy.sparse.coo_array": "stores what it is given",
    "scipy.sparse.csgraph.connected_components": "integers",
    "trimesh.Trimesh": "a type",
    "trimesh.Scene": "a type",
    "trimesh.PointCloud": "a type",
    "trimesh.load": "reads a file",
    "trimesh.load_scene": "reads a file",
    "trimesh.exchange": "reads files",
    "trimesh.resolvers": "reads files",
    "trimesh.visual": "types that hold colours and textures",
    "trimesh.util": "logging and dtypes",
    "trimesh.geometry.triangulate_quads": "integers",
    "trimesh.__version__": "text",
}
"""Names of those packages that are fixed to the last bit, and everything below them, with the reason."""

SUMMING_METHODS = set(_words("sum mean std var trace prod"))
DRAWING_METHODS = set(
    _words(
        """exponential standard_exponential standard_gamma lognormal poisson binomial negative_binomial laplace logistic
        gumbel rayleigh vonmises wald weibull pareto zipf multivariate_normal dirichlet chisquare noncentral_chisquare
        standard_t standard_cauchy triangular multinomial hypergeometric logseries gauss normalvariate lognormvariate
        expovariate betavariate gammavariate paretovariate"""
    )
)
INTEGER_NAMES = set(_words("int int8 int16 int32 int64 uint8 uint16 uint32 uint64 intp bool bool_"))
COUNTING_CALLS = set(
    _words(
        """len int bool ord isinstance count_nonzero isfinite isnan all any logical_and logical_or logical_not isin
        startswith endswith row_count nbytes"""
    )
)
COUNTING_ATTRIBUTES = set(_words("rows size st_size bytes nbytes num_rows count"))


def violations(source: str, path: str) -> list[Violation]:
    """The operations in ``source`` that are not allowed, in the order of their lines."""
    reader = _Reader(path)
    reader.visit(ast.parse(source))
    return sorted(reader.found, key=lambda one: (one.line, one.operation))


class _Reader(ast.NodeVisitor):
    def __init__(self, path: str) -> None:
        self.found: list[Violation] = []
        self._path = path
        self._inside: list[str] = []
        self._names: dict[str, str] = {}
        self._whole: set[ast.expr] = set()
        """Expressions inside ``int(...)``. A sum there adds integers."""

    def _report(self, node: ast.expr | ast.stmt, operation: str, advice: str) -> None:
        self.found.append(Violation(self._path, node.lineno, ".".join(self._inside), operation, advice))

    def visit_Module(self, node: ast.Module) -> None:
        for statement in ast.walk(node):
            if isinstance(statement, ast.Import):
                for name in statement.names:
                    bound = name.asname or name.name.split(".")[0]
                    self._names[bound] = name.name if name.asname else bound
            elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
                for name in statement.names:
                    self._names[name.asname or name.name] = f"{statement.module}.{name.name}"
                    if name.name == "*" and statement.module.split(".")[0] in ("math", "numpy", "cmath", "scipy"):
                        self._report(statement, f"from {statement.module} import *", "import the names that are used")
        self.generic_visit(node)

    def _visit_scope(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self._inside.append(node.name)
        self.generic_visit(node)
        self._inside.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _visit_scope

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self._check_operator(node, node.left, node.op, node.right)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._check_operator(node, node.target, node.op, node.value)
        self.generic_visit(node)

    def _check_operator(
        self, node: ast.BinOp | ast.AugAssign, left: ast.expr, op: ast.operator, right: ast.expr
    ) -> None:
        if isinstance(op, ast.MatMult):
            self._report(node, "operator @", EXACT_PRODUCT)
        elif isinstance(op, ast.Pow) and not _is_fixed_power(left, right):
            self._report(node, f"operator ** {ast.unparse(right)}", WRITTEN_OUT)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._check_name(node, self._names.get(node.id))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        dotted = self._dotted(node)
        if dotted is None:
            self.generic_visit(node)
        else:
            self._check_name(node, dotted)

    def _dotted(self, node: ast.expr) -> str | None:
        """The full name of an imported thing; None for anything else."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self._names:
            return None
        return ".".join([self._names[node.id], *reversed(parts)])

    def _check_name(self, node: ast.expr, dotted: str | None) -> None:
        if dotted is None:
            return
        if advice := _advice(dotted):
            self._report(node, dotted, advice)

    def visit_Call(self, node: ast.Call) -> None:
        dotted = self._dotted(node.func)
        if dotted is not None:
            self._visit_imported_call(node, dotted)
        elif isinstance(node.func, ast.Attribute):
            self._check_method(node, node.func)
            self.visit(node.func.value)
        elif isinstance(node.func, ast.Name):
            if node.func.id == "int" and len(node.args) == 1:
                self._whole.add(node.args[0])
            self._check_builtin(node, node.func.id)
        else:
            self.visit(node.func)
        for part in [*node.args, *node.keywords]:
            self.visit(part)

    def _visit_imported_call(self, node: ast.Call, dotted: str) -> None:
        if dotted == "numpy.random.Generator":
            self._report(node, f"{dotted}(...)", EXACT_DRAW)
        elif FREE.get(dotted) != EXACT_SUM or not self._is_of_integers(node, node.args[0] if node.args else None):
            self.visit(node.func)

    def _is_of_integers(self, call: ast.Call, summed: ast.expr | None) -> bool:
        return call in self._whole or _has_integer_dtype(call) or (summed is not None and _counts(summed))

    def _check_method(self, node: ast.Call, method: ast.Attribute) -> None:
        name = method.attr
        if name == "dot":
            self._report(node, "method .dot()", EXACT_PRODUCT)
        elif name in SUMMING_METHODS and not self._is_of_integers(node, method.value):
            self._report(node, f"method .{name}()", EXACT_SUM)
        elif name in DRAWING_METHODS or (name == "choice" and any(word.arg == "p" for word in node.keywords)):
            self._report(node, f"method .{name}()", EXACT_DRAW)

    def _check_builtin(self, node: ast.Call, name: str) -> None:
        if name in self._names:
            return
        if name == "pow" and len(node.args) == 2:
            self._report(node, "pow()", WRITTEN_OUT)
        elif name == "sum" and len(node.args) == 1 and not self._is_of_integers(node, node.args[0]):
            self._report(node, "sum()", SUM_OF_FLOATS)


def _advice(dotted: str) -> str | None:
    """What to use instead of this name; None if it is allowed."""
    ancestors = list(_ancestors(dotted))
    if any(name in LIBRARY_NAMES for name in ancestors):
        return None
    for name in ancestors:
        if advice := FREE.get(name):
            return advice
        if advice := FREE_BELOW.get(name):
            return advice
    return None


def _ancestors(dotted: str) -> Iterator[str]:
    parts = dotted.split(".")
    return (".".join(parts[:count]) for count in range(len(parts), 0, -1))


def _is_fixed_power(base: ast.expr, exponent: ast.expr) -> bool:
    """True if the power has integer operands or the base two, as literals."""
    digits = _number(base), _number(exponent)
    if not isinstance(digits[1], int):
        return False
    return digits[0] in (2, 10) if digits[1] < 0 else isinstance(digits[0], int) or digits[0] == 2


def _number(node: ast.expr) -> int | float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return None if inner is None else -inner
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) else None


def _has_integer_dtype(call: ast.Call) -> bool:
    return any(word.arg == "dtype" and _last_name(word.value) in INTEGER_NAMES for word in call.keywords)


def _last_name(node: ast.expr) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None


def _counts(node: ast.expr) -> bool:
    """True if the form of the expression shows that it is an integer or a truth value."""
    if isinstance(node, (ast.GeneratorExp, ast.ListComp, ast.SetComp)):
        return _counts(node.elt)
    if isinstance(node, ast.Compare) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.Invert))):
        return True
    if isinstance(node, ast.BoolOp):
        return all(map(_counts, node.values))
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitAnd, ast.BitOr, ast.BitXor, ast.LShift, ast.RShift)):
        return True
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)):
        return _counts(node.left) and _counts(node.right)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int)
    if isinstance(node, ast.Subscript):
        return _counts(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr in COUNTING_ATTRIBUTES
    return isinstance(node, ast.Call) and _call_counts(node)


def _call_counts(call: ast.Call) -> bool:
    name = _last_name(call.func)
    if name == "astype":
        return bool(call.args) and _last_name(call.args[0]) in INTEGER_NAMES
    if name == "map":
        return bool(call.args) and _last_name(call.args[0]) in COUNTING_CALLS
    if name in ("sum", "abs"):
        return _has_integer_dtype(call) or (bool(call.args) and _counts(call.args[0]))
    return name in COUNTING_CALLS
