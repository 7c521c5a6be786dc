#!/usr/bin/env python3
"""Compares a run that was killed and resumed with the undisturbed run of the same plan.

Usage: compare_runs.py UNDISTURBED RUN. The exported models have to be the same bytes; the journals have to be sequences without
holes that tell the same loss for the same updates. An update that was done again after a kill may stand in the journal again:
with the same loss to the last digit. Exit status 1 on a difference.
"""

import hashlib
import json
import pathlib
import sys


def sha256(path: pathlib.Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_journal(run: pathlib.Path) -> list[dict]:
    """The journal's events; a torn or foreign line, or a hole in seq, ends the comparison."""
    data = (run / "events.ndjson").read_bytes()
    if not data.endswith(b"\n"):
        sys.exit(f"{run}/events.ndjson ends in a torn line")
    events = []
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            event = json.loads(line)
        except ValueError as error:
            sys.exit(f"{run}/events.ndjson:{number}: not JSON ({error})")
        if events and event["seq"] != events[-1]["seq"] + 1:
            sys.exit(f"{run}/events.ndjson:{number}: seq {event['seq']} follows {events[-1]['seq']}")
        events.append(event)
    return events


def losses(run: pathlib.Path, events: list[dict]) -> tuple[dict[tuple, float], int]:
    """Loss by (step_index, update), in the order of first appearance, and how many updates were told more than once."""
    found: dict[tuple, float] = {}
    repeated = 0
    for event in events:
        if event["event"] != "metrics":
            continue
        key = (event["step_index"], event["update"])
        if key in found:
            repeated += 1
            if found[key] != event["loss"]:
                sys.exit(f"{run}/events.ndjson: update {key} has loss {found[key]!r} and, done again, {event['loss']!r}")
        found[key] = event["loss"]
    return found, repeated


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    reference, run = (pathlib.Path(argument) for argument in sys.argv[1:])
    expected, again = losses(reference, read_journal(reference))
    if not expected or again:
        sys.exit(f"{reference}: {len(expected)} updates and {again} repeated ones in an undisturbed run")
    found, repeated = losses(run, read_journal(run))
    if missing := [key for key in expected if key not in found]:
        sys.exit(f"{run}: no loss of {len(missing)} updates, first {missing[0]}")
    if surplus := [key for key in found if key not in expected]:
        sys.exit(f"{run}: {len(surplus)} updates that the undisturbed run does not have, first {surplus[0]}")
    if list(found) != list(expected):
        sys.exit(f"{run}: the updates stand in another order than in the undisturbed run")
    for key, loss in expected.items():
        if found[key] != loss:
            sys.exit(f"{run}: update {key} has loss {found[key]!r} where the undisturbed run has {loss!r}")
    hashes = [sha256(directory / "model" / "model.safetensors") for directory in (reference, run)]
    if hashes[0] != hashes[1]:
        sys.exit(f"{run}/model/model.safetensors has sha256 {hashes[1]}; the undisturbed run's has {hashes[0]}")
    print(f"  {len(found)} updates, {repeated} done again, same losses; model sha256 {hashes[0]}")


if __name__ == "__main__":
    main()
