"""A model of which several calls can be one: each row is answered as it would be alone.

A call is prepared, run and presented.  What is joined are prepared arguments, which have the types that the
model gets; what is split are the outputs of the run.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from regolo_git.records.json_reader import Json
from regolo_git.serving.local.worker.call import Call, Signature


class RowModel(ABC):
    """A predictor in three steps, of which the middle one may be run for several calls at once."""

    def predict(self, call: Call) -> object:
        """The answer to one call: see `Predictor`."""
        return self.present(self.run(self.prepare(call), call.parameters), call)

    @abstractmethod
    def prepare(self, call: Call) -> object:
        """What the model is called with.  Raises InvalidInput if it cannot be made of the call."""

    @abstractmethod
    def run(self, argument: object, parameters: Mapping[str, Json]) -> object:
        """Calls the model.  Raises InvalidInput for values that it rejects, and the model's exceptions."""

    def present(self, outputs: object, call: Call) -> object:  # noqa: ARG002 - for those that need it
        """The outputs for one call in the form that its protocol needs."""
        return outputs

    @abstractmethod
    def signature(self) -> Signature:
        """The model's inputs and outputs."""
