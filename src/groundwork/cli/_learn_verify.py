"""``groundwork learn verify``: for the authors of exercises, that each file of them does what it says."""

import json
import time
from typing import TYPE_CHECKING, Annotated

import typer

from groundwork.cli._learn_count import counting
from groundwork.cli._learn_rows import row_name

if TYPE_CHECKING:
    from groundwork.course import Exercise, Proof


def verify_exercises(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[EXERCISE]...", help="Which; all of them unless given.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one for each core unless given.")] = None,
    limit_s: Annotated[float, typer.Option(min=1.0, help="Seconds that one implementation may take.")] = 180.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print every proof as JSON.")] = False,
) -> None:
    """Prove exercises: starters pass nothing, right ones all, wrong ones fail exactly what they name."""
    from groundwork.course import capstone, claims_of, exercises, find_exercise, unseen, verify

    found = map(find_exercise, names) if names else (*exercises(), capstone())
    chosen = list({exercise.number: exercise for exercise in found}.values())
    claims = [claim for exercise in chosen for claim in claims_of(exercise)]
    started = time.monotonic()
    with counting(len(claims)) as tell:
        proofs = verify(claims, workers=workers, limit_s=limit_s, on_proof=lambda proof: tell(str(proof.claim)))
    blind = {exercise.number: unseen(exercise, proofs) for exercise in chosen}
    if as_json:
        told = [
            {"exercise": proof.claim.exercise, "kind": proof.claim.kind, "subject": proof.claim.subject}
            | {"checks": proof.checks, "problems": list(proof.problems)}
            for proof in proofs
        ]
        typer.echo(json.dumps({"proofs": told, "unseen": blind}, indent=2))
    else:
        for exercise in chosen:
            _show(exercise, [proof for proof in proofs if proof.claim.exercise == exercise.number], blind)
        typer.echo(f"{len(claims)} claims, {sum(p.checks for p in proofs)} checks, {time.monotonic() - started:.0f} s")
    raise typer.Exit(1 if any(blind.values()) or any(proof.problems for proof in proofs) else 0)


def _show(exercise: "Exercise", proofs: "list[Proof]", blind: dict[str, list[str]]) -> None:
    kept = sum(not proof.problems for proof in proofs)
    wrong = sum(proof.claim.kind == "wrong" for proof in proofs)
    typer.echo(f"{row_name(exercise)}  {kept} of {len(proofs)} claims hold, {wrong} wrong ones")
    for proof in proofs:
        for problem in proof.problems:
            typer.echo(f"  x {proof.claim.subject}  {problem}")
    for check in blind[exercise.number]:
        typer.echo(f"  x {check}  no wrong implementation fails it")
