"""The filter language."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cifar_tui.runs.filter import KEYS, FilterError, parse_filter
from cifar_tui.runs.table import Row


def _row(key: str, **values: Any) -> Row:
    fixed: dict[str, Any] = {"name": key, "model": "MLP", "part": 1, "dataset": "CIFAR-100", "status": "finished"}
    return Row(key=key, **fixed | values)


ROWS = (
    _row(
        "a", name="My CNN", model="SimpleCNN", part=4, device="cuda:0", test_accuracy=0.61, val_accuracy=0.6,
        macro_f1=0.59, parameters=1_500_000, accuracy_per_million=40.0, epochs=50, seconds=600.0, seed=0, starred=True,
        tags=("final", "wide"), note="see the log", report_difference=0.02, learning_rate=1e-3, batch_size=128,
        optimiser="adamw",
    ),
    _row("b", name="my mlp", status="failed", test_accuracy=0.3, parameters=400_000, seed=10, tags=("final-2",)),
    _row("c", name="old one", archived=True, test_accuracy=0.61),
    _row("d", name="GRU-row", status="report", part=None, dataset="synthetic"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "abd"), ("my", "ab"), ("CNN my", "a"), ("part 4", "a"), ("FAILED", "b"), ("cuda", "a"), ("cnn failed", ""),
        ("final", "ab"), ("LOG", "a"), ('"my cnn"', "a"), ('"cnn my"', ""), ('"cuda:0"', "a"), ('my"  "', ""),
        ("-my", "d"), ('-"my cnn"', "bd"), ("gru-row", "d"), ("-", "abd"), ('""', "abd"),
        ("part:4", "a"), ("part:1", "b"), ("-part:4", "bd"), ("part>1", "a"), ("seed:0", "a"), ("seed:1", ""),
        ("tag:final", "a"), ("tag:FINAL", "a"), ("tag:fin", ""), ("status:fin", "a"), ("status:ished", ""),
        ("model:cnn", "a"), ("MODEL:cnn", "a"), ("name:my", "ab"), ('name:"my c"', "a"), ("data:synth", "d"),
        ("device:cuda:0", "a"), ("optimiser:adam", "a"), ("note:log", "a"),
        ("is:starred", "a"), ("-is:starred", "bd"), ("is:report", "d"), ("is:archived", "c"), ("-is:archived", "abd"),
        ("test>0.35", "a"), ("test>35%", "a"), ("test>=61", "a"), ("test>61", ""), ("test<=30%", "b"), ("test=61", "a"),
        ("test>60.999", ""), ("test>=61.001", "a"), ("test<61.001", "b"), ("test<=60.999", "ab"),
        ("test:0.61", "a"), ("test>0.2 -is:starred", "b"), ("-test>0.35", "bd"), ("test>1", ""), ("test<1", "ab"),
        ("val>=60", "a"), ("f1<0.6", "a"), ("report>1", "a"), ("report>2.1", ""), ("report>3%", ""), ("report:2", "a"),
        ("report>-2", "a"), ("params<1e6", "b"),
        ("params<1.6M", "ab"), ("params>=400k", "ab"), ("params>400K", "a"), ("epochs>=50", "a"), ("time<600", ""),
        ("time<=600", "a"), ("acc/param>39", "a"), ("lr=0.001", "a"), ("batch:128", "a"),
    ],
)  # fmt: skip
def test_shows_the_rows_that_were_asked_for(text: str, found: str) -> None:
    wanted = parse_filter(text)
    assert "".join(row.key for row in ROWS if wanted.matches(row)) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tset>0.3", "'tset>0.3' asks for 'tset', which no row has; there are name, model"),
        ("my cuda:0", "'cuda:0' asks for 'cuda'"),
        ("part:", "'part:' needs a value after the :"),
        ("test>high", "'test>high' needs a fraction or a percentage"),
        ("test>nan", "'test>nan' needs a fraction"),
        ("params<many", "'params<many' needs a number, such as 500K or 1.5M"),
        ("epochs>5K", "'epochs>5K' needs a number"),
        ("time<1e999", "'time<1e999' needs a number"),
        ("name>x", "'name>x' compares text; write name:x"),
        ("is:good", "'is:good' is none of is:starred, is:archived, is:report"),
        ('name:"my', "A double quote is not closed"),
    ],
)
def test_a_wrong_term_is_named(text: str, words: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    assert str(caught.value).startswith(words)
    assert str(caught.value).endswith(".")


_PIECES = [*KEYS, ":", ">", "<=", "=", '"', "-", " ", "%", "K", "1e6", "0.5", "inf", "nan", "my"]


@given(st.text() | st.lists(st.sampled_from(_PIECES) | st.text(max_size=3), max_size=12).map("".join))
def test_any_text_is_a_filter_or_an_error(text: str) -> None:
    try:
        wanted = parse_filter(text)
    except FilterError as error:
        assert str(error).endswith(".")  # noqa: PT017  it may also be none
    else:
        assert all(isinstance(wanted.matches(row), bool) for row in ROWS)
