"""The arithmetic of the benchmarks: figures, verdicts, percentiles, the capacity model and the page."""

import re

import pytest

from benchmarks import model, report
from benchmarks.figures import BARS, Row, Spread, percentiles
from benchmarks.plan import Durations, Measuring, merged
from benchmarks.tables import Table
from benchmarks.traffic import grown


def test_a_figure_is_made_within_each_round_and_the_median_is_of_these() -> None:
    row = Row("unary", [{"bare": 100, "bridge": 200}, {"bare": 200, "bridge": 500}, {"bare": 50, "bridge": 500}])
    assert row.figures == [2.0, 2.5, 10.0]
    assert row.median == 2.5
    assert row.as_json()["spread"] == [2.0, 10.0]


@pytest.mark.parametrize(
    ("key", "measured", "verdict"),
    [
        ("unary", {"bare": 100, "bridge": 180}, "stretch"),
        ("unary", {"bare": 100, "bridge": 230}, "held"),
        ("unary", {"bare": 100, "bridge": 231}, "over"),
        ("paced/azure", {"bare": 50, "bridge": 80}, "held"),
        ("latency", {"bridge": 2.0, "aiohttp": 1.0}, "held"),
        ("litellm", {"litellm": 3000, "bridge": 100}, "stretch"),
        ("litellm", {"litellm": 2000, "bridge": 100}, "held"),
        ("litellm", {"litellm": 1990, "bridge": 100}, "under"),
    ],
)
def test_a_bar_is_held_or_not(key: str, measured: dict[str, float], verdict: str) -> None:
    assert Row(key, [measured]).verdict == verdict


def test_a_stretch_is_never_easier_than_its_bar() -> None:
    for bar in BARS.values():
        assert bar.holds(bar.stretch, bar=bar.bar)
        assert not bar.holds(bar.bar, bar=bar.stretch)


def test_percentiles_are_in_milliseconds() -> None:
    found = percentiles([value / 1000 for value in range(100, -1, -1)])
    assert (found["p50"], found["p99"], found["max"]) == (50.0, 99.0, 100.0)


def test_a_spread_is_what_the_percentiles_are_within_a_class() -> None:
    times = [value / 1000 for value in range(1, 1001)]
    spread, exact = Spread(times[500:]), percentiles(times)
    spread.add(times[:500])
    assert spread.milliseconds() == {name: pytest.approx(value, rel=0.02) for name, value in exact.items()}
    assert Spread([-1.0, 0.0]).milliseconds()["max"] == 0.001


def test_growth_is_from_the_second_fifth_to_the_last() -> None:
    samples = [{"memory": value} for value in (10, 100, 90, 80, 70, 60, 50, 120, 110, 105)]
    assert grown(samples, "memory") == pytest.approx(110 / 90 - 1)


def test_the_slices_of_a_round_count_by_their_units() -> None:
    spreads = {"latency_ms": {"p50": 1.0}, "first_ms": {"p50": 1.0}}
    parts = [{"us": 100, "caller_us": 10, "units": 30, **spreads}, {"us": 200, "caller_us": 10, "units": 10, **spreads}]
    assert merged(parts)["us"] == 125


def _result(chunk: float, held: float) -> dict[str, object]:
    """Results that follow the model exactly. Times are in µs."""
    rate, base, stream = 1000.0, 50_000_000, 40_000
    return {
        "idle": [{"bridge": {"base": base, "held": {str(n): base + n * stream for n in (100, 1000, 2000)}}}],
        "streams": [
            {
                "stack": "bridge",
                "number": number,
                "chunks_per_second": rate,
                "us": chunk + held * number / rate,
                "busy": (chunk * rate + held * number) / 1e6,
                "open_us": 600.0,
                "memory": base + number * stream,
            }
            for number in (10, 100, 1000, 2000)
        ],
    }


def test_the_model_finds_the_constants_and_predicts_what_it_has_not_seen() -> None:
    result = _result(chunk=70.0, held=20.0)
    costs = model.Costs.fitted(result)
    assert costs.chunk == pytest.approx(70e-6)
    assert costs.held == pytest.approx(20e-6)
    unseen = model.checks(result)[-1]
    assert (unseen.number, unseen.used) == (2000, False)
    assert unseen.busy[0] == pytest.approx(unseen.busy[1])
    assert unseen.memory[0] == pytest.approx(unseen.memory[1])


def test_the_model_is_not_made_from_what_it_is_checked_against() -> None:
    result = _result(chunk=70.0, held=20.0)
    fitted = model.Costs.fitted(result)
    result["streams"][-1]["us"] *= 3  # type: ignore[index]
    assert model.Costs.fitted(result) == fitted


def test_a_shape_costs_a_process_what_its_paced_row_says() -> None:
    rounds = {"plain": 50.0, "azure": 75.0}
    rows = [{"key": f"paced/{name}", "rounds": [{"bare": 40.0, "bridge": cost}]} for name, cost in rounds.items()]
    found = model.by_shape({**_result(chunk=70.0, held=20.0), "rows": rows})
    assert found["plain"].chunk == pytest.approx(70e-6)
    assert found["azure"].chunk == pytest.approx(105e-6)
    assert found["azure"].held == found["plain"].held


@pytest.mark.parametrize(
    ("only", "wanted"),
    [
        ([], ["unary", "paced/plain", "paced/azure"]),
        (["paced"], ["paced/plain", "paced/azure"]),
        (["paced/azure", "unary"], ["unary", "paced/azure"]),
        (["pace"], []),
    ],
)
def test_some_rows_can_be_asked_for(only: list[str], wanted: list[str]) -> None:
    measuring = Measuring(None, None, Durations(), print, only)  # type: ignore[arg-type] # nothing is measured
    assert [key for key in ("unary", "paced/plain", "paced/azure") if measuring.wants(key)] == wanted


def test_a_process_is_as_busy_as_it_may_be() -> None:
    costs = model.Costs(chunk=100e-6, held=0.0, opened=0.0, base=5e7, stream=4e4)
    assert costs.streams(rate=10, lifetime=30, utilisation=0.5) == 500
    fleet = model.Fleet.of(costs, rate=10, lifetime=30, most=400)
    assert (fleet.streams, fleet.processes) == (400, 2500)
    assert fleet.memory == pytest.approx(2500 * 5e7 + 1e6 * 4e4)


def test_a_table_becomes_markdown() -> None:
    table = Table(("work", "µs"), [("unary", "250")])
    assert report.markdown(table) == "| work | µs |\n|:--|--:|\n| unary | 250 |"


def test_the_page_is_what_the_results_say() -> None:
    """The page has the tables of the current results (`make bench-report`)."""
    result = report.read()
    assert result is not None
    text = report.PAGE.read_text()
    assert report.page(text, result) == text
    assert set(re.findall(r"<!-- results: (\w+) -->", text)) == set(report.TABLES)
