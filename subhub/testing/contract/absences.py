"""Contract tests: what is not claimed is refused before anything is sent, with a reason."""

from __future__ import annotations

from subhub.errors import Unsupported
from subhub.plugin.capabilities import Absence
from subhub.testing.contract.assertions import expect, of_kind, told
from subhub.testing.contract.calls import call_of, lacking
from subhub.testing.contract.cases import BOTH, Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import ClientKind, Harness


class AbsenceTests(ContractConfig):
    """What the provider cannot do, or the plugin does not yet."""

    @for_each(lacking, BOTH)
    def test_what_is_not_claimed_is_refused_unsent(self, case: Case, colour: ClientKind) -> None:
        """It raises `Unsupported` with reason and kind, and nothing is asked."""
        desk = Harness(self, strangers=True)
        outcome = desk.perform(call_of(case.capability, desk), colour)
        problem = f"`Unsupported` was to be raised: {told(outcome.error)}"
        error = of_kind(outcome.error, Unsupported, problem)
        expect(not outcome.heard, "requests were sent before it was refused")
        about = error.operation or ""
        expect(about.startswith(case.operation), f"the refusal is about {about!r}")
        problem = f"`{about}` is claimed, and was refused: {error.reason!r}"
        found = of_kind(self.provider.capabilities()[about].found, Absence, problem)
        expect(
            (error.reason, error.kind) == (found.reason, found.kind),
            f"the error gives another reason than the evidence of `{about}`: {error.reason!r}",
        )
