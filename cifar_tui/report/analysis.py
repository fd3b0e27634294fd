"""What the numbers show, in sentences; what they do not show is left to who hands the report in."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from cifar_tui.models.registry import MODELS, Family
from cifar_tui.report.content import Entry
from cifar_tui.report.curves import learning_curves
from cifar_tui.report.words import Words
from cifar_tui.runs.compare import SEED_SPREAD

_PAIRS = {
    3: (("part3/custom_vit", "part3/simple_vit"),),
    4: (("part4/cnn_transformer", "part4/channel_token_vit"), ("part4/cnn_transformer", "part4/spatial_token_vit")),
    5: (
        ("part5/gru_row", "part5/lstm_row"),
        ("part5/gru_patch4", "part5/lstm_patch4"),
        ("part5/gru_row", "part5/gru_patch4"),
        ("part5/lstm_row", "part5/lstm_patch4"),
    ),
}
"""Which rows each part sets against one another (REPORT: The five parts)."""

_PAIRS_ACROSS = (
    ("part1/simple_cnn", "part1/mlp"),
    ("part4/cnn_transformer", "part1/simple_cnn"),
    ("part3/simple_vit", "part1/simple_vit"),
    ("part5/gru_row", "part1/simple_cnn"),
)
"""Which rows of different parts the course report compares."""


@dataclass(frozen=True)
class Finding:
    """One paragraph of an analysis."""

    lead: str
    text: str


def part_findings(part: int, entries: Sequence[Entry], words: Words) -> list[Finding]:
    """Return what the results of one part show."""
    found = _ranking(entries, words)
    leaders = {entry.key for entry in _ordered(entries)[:2]}  # whose difference the ranking tells already
    found += _pairs(
        [pair for pair in _paired(entries, _PAIRS.get(part, ())) if {e.key for e in pair} != leaders], words
    )
    found += [*_generalisation(entries, words), *_macro_f1(entries, words), *_efficiency(entries, words)]
    return [*found, *_against_report(entries, words), *_seeds(entries, words)]


def summary_findings(entries: Sequence[Entry], words: Words) -> list[Finding]:
    """Return what the results of all parts together show."""
    found = [*_ranking(entries, words), *_efficiency(entries, words), *_families(entries, words)]
    return [*found, *_pairs(_paired(entries, _PAIRS_ACROSS), words), *_seeds(entries, words)]


def curve_findings(entries: Sequence[Entry], words: Words) -> list[Finding]:
    """Return what each row's curves show."""
    found: list[Finding] = []
    for entry in entries:
        curves = learning_curves(entry)
        accuracy, loss = curves.val_accuracy, curves.train_loss
        if not accuracy.epochs:
            continue
        best = max(range(len(accuracy.means)), key=accuracy.means.__getitem__)
        is_last = accuracy.means[-1] == accuracy.means[best]
        values = {
            "last": words.percent(accuracy.means[-1]),
            "epochs": accuracy.epochs[-1],
            "best": words.percent(accuracy.means[best]),
            "best_epoch": accuracy.epochs[best],
            "drop": words.percent(accuracy.means[best] - accuracy.means[-1]),
        }
        text = words("finding.curve_rising" if is_last else "finding.curve_peak", **values)
        text += " " + words("finding.curve_loss", first=f"{loss.means[0]:.2f}", last=f"{loss.means[-1]:.2f}")
        found.append(Finding(entry.title, text))
    return found


def _ranking(entries: Sequence[Entry], words: Words) -> list[Finding]:
    if len(entries) < 2:
        return []
    ordered = _ordered(entries)
    leader, second = ordered[:2]
    text = words(
        "finding.leader",
        leader=leader.title,
        score=_score(leader, words),
        points=_size(_test(leader) - _test(second), words),
        second=second.title,
        second_score=_score(second, words),
    )
    text += " " + _certainty(leader, second, words)
    if len(ordered) > 2:
        last = ordered[-1]
        distance = _size(_test(leader) - _test(last), words)
        text += " " + words("finding.last", last=last.title, score=_score(last, words), points=distance)
    return [Finding(words("finding.ranking"), text)]


def _certainty(one: Entry, other: Entry, words: Words) -> str:
    """Tell whether the difference of two rows could be the seeds' doing."""
    difference = abs(_test(one) - _test(other))
    spreads = [entry.row.test_deviation for entry in (one, other) if entry.row.test_deviation is not None]
    if len(spreads) == 2:
        key = "finding.beyond_deviations" if difference > sum(spreads) else "finding.within_deviations"
        return words(key, together=words.percent(sum(spreads)))
    return words("finding.beyond_seed_spread" if difference > SEED_SPREAD else "finding.within_seed_spread")


def _paired(entries: Sequence[Entry], keys: Sequence[tuple[str, str]]) -> list[tuple[Entry, Entry]]:
    by_preset = {entry.preset.key: entry for entry in entries if entry.preset is not None}
    return [(by_preset[one], by_preset[other]) for one, other in keys if one in by_preset and other in by_preset]


def _pairs(pairs: Sequence[tuple[Entry, Entry]], words: Words) -> list[Finding]:
    found: list[Finding] = []
    for one, other in pairs:
        difference = _test(one) - _test(other)
        text = words(
            "finding.pair_above" if difference >= 0 else "finding.pair_below",
            one=one.title,
            score=_score(one, words),
            points=_size(difference, words),
            other=other.title,
            other_score=_score(other, words),
            parameters=words.whole(one.row.parameters or 0),
            other_parameters=words.whole(other.row.parameters or 0),
        )
        lead = words("finding.pair", one=one.title, other=other.title)
        is_single = one.row.test_deviation is None or other.row.test_deviation is None
        if not is_single or abs(difference) <= SEED_SPREAD:  # else the paragraph on the seeds says enough
            text += " " + _certainty(one, other, words)
        found.append(Finding(lead, text))
    return found


def _generalisation(entries: Sequence[Entry], words: Words) -> list[Finding]:
    """Tell how far training, validation and test lie apart."""
    gaps = {entry.key: fmean(r.train_accuracy - r.val_accuracy for r in entry.results) for entry in entries}
    steps = {entry.key: fmean(r.test_accuracy - r.val_accuracy for r in entry.results) for entry in entries}
    ordered = sorted(entries, key=lambda entry: -gaps[entry.key])
    widest, narrowest = ordered[0], ordered[-1]
    if len(ordered) > 1:
        text = words(
            "finding.gaps",
            widest=widest.title,
            wide=words.points(gaps[widest.key]),
            narrowest=narrowest.title,
            narrow=words.points(gaps[narrowest.key]),
        )
    else:
        text = words("finding.gap", name=widest.title, gap=words.points(gaps[widest.key]))
    farthest = max(entries, key=lambda entry: abs(steps[entry.key]))
    key = "finding.test_val" if len(entries) > 1 else "finding.test_val_one"
    text += " " + words(key, name=farthest.title, points=words.points(steps[farthest.key]))
    return [Finding(words("finding.generalisation"), text)]


def _macro_f1(entries: Sequence[Entry], words: Words) -> list[Finding]:
    below = {entry.key: fmean(r.test_accuracy - r.macro_f1 for r in entry.results) for entry in entries}
    farthest = max(entries, key=lambda entry: below[entry.key])
    if below[farthest.key] <= 0:
        return []
    text = words("finding.macro_f1_text", name=farthest.title, points=_size(below[farthest.key], words))
    return [Finding(words("finding.macro_f1"), text)]


def _efficiency(entries: Sequence[Entry], words: Words) -> list[Finding]:
    ordered = sorted(entries, key=lambda entry: -(entry.row.accuracy_per_million or 0.0))
    best = ordered[0]
    values = {
        "best": best.title,
        "efficiency": f"{best.row.accuracy_per_million or 0.0:.1f}",
        "parameters": words.whole(best.row.parameters or 0),
    }
    text = words("finding.efficient" if len(ordered) > 1 else "finding.efficient_one", **values)
    if len(ordered) > 1:
        last = ordered[-1]
        text += " " + words(
            "finding.inefficient",
            last=last.title,
            efficiency=f"{last.row.accuracy_per_million or 0.0:.1f}",
            parameters=words.whole(last.row.parameters or 0),
        )
    return [Finding(words("finding.efficiency"), text)]


def _families(entries: Sequence[Entry], words: Words) -> list[Finding]:
    found: list[Finding] = []
    for family in Family:
        members = [entry for entry in entries if MODELS[entry.runs[0].config.model.name].family is family]
        if not members:
            continue
        members.sort(key=lambda entry: -_test(entry))
        names = [f"{entry.title} {_score(entry, words)}\u00a0%" for entry in members]
        sizes = sorted({entry.row.parameters or 0 for entry in members})
        size = words.rough(sizes[0]) if len(sizes) == 1 else f"{words.rough(sizes[0])}–{words.rough(sizes[-1])}"
        lead = words("finding.family", family=words(f"family.{family.name.lower()}"), parameters=size)
        found.append(Finding(lead, words("finding.family_text", names=words.join(names))))
    return found


def _against_report(entries: Sequence[Entry], words: Words) -> list[Finding]:
    lines: list[str] = []
    for entry in entries:
        if entry.row.report_difference is None:
            continue
        values = {
            "name": entry.title,
            "score": words.percent(_test(entry)),
            "reported": words.percent(_test(entry) - entry.row.report_difference),
            "points": words.points(entry.row.report_difference),
        }
        lines.append(words("finding.against", **values))
    if not lines:
        return []
    return [Finding(words("finding.report"), words("finding.report_text", lines="; ".join(lines)))]


def _seeds(entries: Sequence[Entry], words: Words) -> list[Finding]:
    single = [entry.title for entry in entries if len(entry.runs) == 1]
    several = [
        words("finding.spread", name=entry.title, count=len(entry.runs), spread=words.percent(entry.row.test_deviation))
        for entry in entries
        if entry.row.test_deviation is not None
    ]
    parts = [words("finding.spreads", lines="; ".join(several))] if several else []
    parts += [words("finding.single_seeds", names=words.join(single))] if single else []
    return [Finding(words("finding.seeds"), " ".join(parts))]


def _ordered(entries: Sequence[Entry]) -> list[Entry]:
    """Best first."""
    return sorted(entries, key=lambda entry: -_test(entry))


def _test(entry: Entry) -> float:
    return fmean(results.test_accuracy for results in entry.results)


def _score(entry: Entry, words: Words) -> str:
    return words.percent(_test(entry), entry.row.test_deviation)


def _size(difference: float, words: Words) -> str:
    return words.percent(abs(difference))
