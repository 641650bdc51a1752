"""Text in a column of numbers, which scikit-learn parses: `"2"` among objects becomes 2.0.

Only the model knows which columns are numbers.  So the first time that a column has text that could be
parsed, the model is asked about a row with other text in its place.  If it cannot convert that to a number,
the column is one of numbers, and text in it is refused from then on.
"""

from collections.abc import Callable, Iterable
from typing import Any

from regolo_git.errors import InvalidInput

# No number, no category and no word of anybody.
MARK = "\x00regolo"
# Callers may send any number of columns that the model does not know.
MOST_COLUMNS = 10_000


class NumberTexts:
    """Checks the arguments of one model, which `call` calls."""

    def __init__(self, call: Callable[[Any], object]) -> None:
        self._call = call
        self._are_numbers: dict[object, bool] = {}

    def check(self, inputs: Any) -> None:
        """Raises InvalidInput for text in a column of numbers; inputs of other kinds have none."""
        if hasattr(inputs, "columns"):
            columns = [
                (name, inputs[name].tolist()) for name in inputs if inputs[name].dtype.kind not in "biuf"
            ]
        elif getattr(inputs, "ndim", 0) == 2 and inputs.dtype == object:
            columns = [(at, inputs[:, at].tolist()) for at in range(inputs.shape[1])]
        else:
            return
        for name, cells in columns:
            if self._are_numbers.get(name) is not False:
                self._check_column(inputs, name, cells)

    def _check_column(self, inputs: Any, name: object, cells: list[Any]) -> None:
        row = _first_number(cells)
        if row is None:
            return
        if name not in self._are_numbers:
            answer = self._ask(_with_mark(inputs, name, row))
            if answer is None:
                return  # another value of the row is wrong, which the model says itself
            if len(self._are_numbers) == MOST_COLUMNS:
                self._are_numbers.clear()
            self._are_numbers[name] = answer
        if self._are_numbers[name]:
            raise InvalidInput(
                f"column '{name}' takes numbers, and the request has text ({cells[row]!r:.40})"
            )

    def _ask(self, marked: Any) -> bool | None:
        try:
            self._call(marked)
        except (ValueError, TypeError) as error:
            text = str(error)
            return "could not convert string to float" in text if MARK in text or repr(MARK) in text else None
        except Exception:  # noqa: BLE001 - the model's own failure, which the call itself will meet
            return None
        return False


def _first_number(cells: Iterable[Any]) -> int | None:
    """The index of the first text that reads as a number."""
    return next((at for at, cell in enumerate(cells) if isinstance(cell, str) and _is_number(cell)), None)


def _is_number(text: str) -> bool:
    if text[:1].isalpha() and text[:1] not in "nNiI":  # nan, inf
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True


def _with_mark(inputs: Any, name: Any, row: int) -> Any:
    """That row alone, with the mark in that column."""
    if hasattr(inputs, "columns"):
        return inputs.iloc[[row]].assign(**{name: [MARK]})
    single = inputs[row : row + 1].copy()
    single[0, name] = MARK
    return single
