"""The bench command: what to measure, in which order, and whether the promises hold."""

from __future__ import annotations

import argparse
import sys

from benchmarks import run


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 where a bound does not hold (0 with --report-only)."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Poblano beside Pepr on this machine, in one run."
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"what to measure: {', '.join(run.PARTS)} (default: all)"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=run.EVERYBODY,
        metavar="SERVER",
        help=f"leave out the others: {', '.join(run.EVERYBODY)}",
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="turns of each server at each number of connections (default: 5)"
    )
    parser.add_argument("--seconds", type=int, default=4, help="length of a turn (default: 4)")
    parser.add_argument(
        "--write",
        action="store_true",
        help="put the tables into docs/measured.md and the bounds into README.md, between the bench marks",
    )
    parser.add_argument("--report-only", action="store_true", help="exit with 0 even where a bound does not hold")
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(run.PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}: the parts are {', '.join(run.PARTS)}")
    held = run.measure(
        options.parts or run.PARTS,
        wanted=options.only or run.EVERYBODY,
        effort=run.Effort(options.rounds, options.seconds),
        write=options.write,
    )
    return 0 if held or options.report_only else 1


if __name__ == "__main__":
    sys.exit(main())
