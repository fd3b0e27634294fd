"""The report's chapters: the course report's order, filled with what the runs say."""

from collections.abc import Iterator, Sequence

from cifar_tui.data.cifar100_names import CIFAR100
from cifar_tui.report.analysis import Finding, curve_findings, part_findings, summary_findings
from cifar_tui.report.architecture import flow
from cifar_tui.report.content import Content, Entry, Slot
from cifar_tui.report.curves import learning_curves
from cifar_tui.report.document import (
    Block,
    Code,
    Document,
    Findings,
    Heading,
    Paragraph,
    Section,
    Table,
    Tiles,
)
from cifar_tui.report.illustrations import MOST_CURVES, bar_figure, curve_figures, curves_figure, sizes_figure
from cifar_tui.report.reproduce import commands, needs_settings_file, settings_file, settings_name
from cifar_tui.report.tables import (
    NOTHING,
    changes_texts,
    environment_table,
    further_table,
    recipe_table,
    results_table,
    runs_table,
    summary_table,
    tokens_table,
)
from cifar_tui.report.words import Words

MEAN = (0.5071, 0.4867, 0.4408)
"""Of CIFAR-100's training images, by channel, as in `data.batches`, which takes torch to import."""
STD = (0.2675, 0.2565, 0.2761)

_CURVES = {3: "3", 4: "5", 5: "7"}
_BARS = {1: "2", 3: "4", 4: "6", 5: "8"}
"""The course report's numbers of each part's figures."""
_FIRST_FURTHER = 10


def compose(content: Content, words: Words) -> Document:
    """Return the whole report."""
    sections = [_abstract(content, words), _data(content, words)]
    for part, slots in content.parts.items():
        if part == 1:
            sections += [_models_of_part_1(slots, words), _comparison_of_part_1(slots, words)]
        else:
            sections.append(_part(part, slots, words))
    if content.entries and len(content.parts) > 1:
        sections.append(_summary(content, words))
    if content.further:
        sections.append(_further(content.further, words))
    sections.append(_appendix(content, words))
    return Document(
        language=words.language,
        title=words("title", data=_subject(content, words)),
        subtitle=words("subtitle"),
        facts=tuple(_facts(content, words)),
        contents_title=words("contents"),
        sections=tuple(sections),
        footer=words("footer"),
    )


def _facts(content: Content, words: Words) -> Iterator[tuple[str, str]]:
    runs = [run for entry in content.all_entries for run in entry.runs]
    moments = sorted(run.record.ended_at or run.record.created_at for run in runs)
    first, last = f"{moments[0]:%Y-%m-%d}", f"{moments[-1]:%Y-%m-%d}"
    devices = sorted({run.record.started.device for run in runs if run.record.started})
    versions = sorted({run.record.environment.torch for run in runs if run.record.environment})
    yield words("fact.data"), words.join(_datasets(content))
    yield words("fact.runs"), words("fact.runs_value", count=len(runs), configurations=len(content.all_entries))
    yield words("fact.dates"), first if first == last else f"{first} – {last}"
    if devices:
        yield words("fact.device"), "; ".join(devices)
    if versions:
        yield words("fact.framework"), f"PyTorch {', '.join(versions)}"


def _datasets(content: Content) -> list[str]:
    return sorted({entry.row.dataset for entry in content.all_entries})


def _subject(content: Content, words: Words) -> str:
    """What the report is about: CIFAR-100, unless all of its runs learned from something else."""
    datasets = _datasets(content)
    return CIFAR100 if CIFAR100 in datasets else words.join(datasets)


def _abstract(content: Content, words: Words) -> Section:
    blocks: list[Block] = [Paragraph(words("abstract.text", data=_subject(content, words)))]
    if content.entries:
        best = max(content.entries, key=lambda entry: entry.row.test_accuracy or 0.0)
        leanest = max(content.entries, key=lambda entry: entry.row.accuracy_per_million or 0.0)
        rows = len(content.entries)
        value = f"{rows}/{rows + len(content.gaps)}" if content.gaps else str(rows)
        efficiency = f"{leanest.row.accuracy_per_million or 0.0:.1f}\u00a0%/M"
        tiles = [
            (value, words("tile.rows")),
            (f"{words.percent(best.row.test_accuracy or 0.0)}\u00a0%", words("tile.best", name=best.title)),
            (efficiency, words("tile.efficient", name=leanest.title)),
            (str(sum(len(entry.runs) for entry in content.entries)), words("tile.runs")),
        ]
        blocks.append(Tiles(tuple(tiles)))
    if content.gaps:
        blocks.append(Paragraph(words("abstract.gaps", count=len(content.gaps))))
    return Section("abstract", words("abstract.title"), tuple(blocks))


def _data(content: Content, words: Words) -> Section:
    started = [run.record.started for entry in content.all_entries for run in entry.runs if run.record.started]
    sizes = sorted({(s.dataset, s.train_images, s.val_images, s.test_images) for s in started})
    splits = [
        f"{dataset}: {words.whole(train)} / {words.whole(val)} / {words.whole(test)}"
        for dataset, train, val, test in sizes
    ]
    values = {
        "classes": words("data.classes_value"),
        "images": words("data.images_value"),
        "split": "; ".join(splits) or NOTHING,
        "stratified": words("data.stratified_value"),
        "normalise": words("data.normalise_value", mean=_triple(MEAN), std=_triple(STD)),
        "augment": words("data.augment_value"),
        "evaluate": words("data.evaluate_value"),
    }
    if CIFAR100 not in _datasets(content):
        del values["classes"], values["stratified"]
    rows = tuple((words(f"data.{key}"), value) for key, value in values.items())
    table = Table(words("data.caption"), (words("table.what"), words("table.value")), ("left", "left"), rows)
    return Section("data", words("data.title"), (table, Paragraph(words("data.text"))))


def _models_of_part_1(slots: Sequence[Slot], words: Words) -> Section:
    blocks = [Paragraph(words("part1.text")), *_models(slots, words)]
    return Section("part-1", words("part1.title"), tuple(blocks))


def _comparison_of_part_1(slots: Sequence[Slot], words: Words) -> Section:
    entries = _entries(slots)
    blocks: list[Block] = [
        Paragraph(words("part2.text")),
        recipe_table(slots, words),
        *_notes(slots, words),
        Heading(words("heading.curves")),
    ]
    for place, slot in enumerate(slots):
        number = f"1{chr(ord('a') + place)}"
        blocks += curve_figures(number, [slot], words)
    blocks += _analysis(words("heading.curve_analysis"), curve_findings(entries, words))
    blocks.append(Heading(words("heading.results")))
    blocks += bar_figure(_BARS[1], slots, words("part2.bars"), words)
    blocks.append(results_table(slots, words))
    if entries:
        blocks += _analysis(words("heading.analysis"), part_findings(1, entries, words))
    return Section("part-2", words("part2.title"), tuple(blocks))


def _part(part: int, slots: Sequence[Slot], words: Words) -> Section:
    entries = _entries(slots)
    blocks: list[Block] = [Paragraph(words(f"part{part}.text")), *_models(slots, words)]
    if tokens := tokens_table(slots, words):
        blocks.append(tokens)
    blocks += [recipe_table(slots, words), *_notes(slots, words), Heading(words("heading.curves"))]
    blocks += curve_figures(_CURVES[part], slots, words)
    blocks += _analysis(words("heading.curve_analysis"), curve_findings(entries, words))
    blocks.append(Heading(words("heading.results")))
    blocks += bar_figure(_BARS[part], slots, words(f"part{part}.bars"), words)
    blocks.append(results_table(slots, words))
    if entries:
        blocks += _analysis(words("heading.analysis"), part_findings(part, entries, words))
    return Section(f"part-{part}", words(f"part{part}.title"), tuple(blocks))


def _summary(content: Content, words: Words) -> Section:
    slots = [slot for slots in content.parts.values() for slot in slots]
    blocks: list[Block] = [summary_table(slots, words), Paragraph(words("summary.text"))]
    if len(content.entries) > 1:
        blocks.append(sizes_figure(content.entries, words))
    blocks += _analysis(words("heading.families"), summary_findings(content.entries, words))
    return Section("summary", words("summary.title"), tuple(blocks))


def _further(entries: Sequence[Entry], words: Words) -> Section:
    blocks: list[Block] = [Paragraph(words("further.text")), further_table(entries, words)]
    number = _FIRST_FURTHER
    drawn = [entry for entry in entries if not learning_curves(entry).is_empty]
    for start in range(0, len(drawn), MOST_CURVES):
        blocks.append(curves_figure(str(number), drawn[start : start + MOST_CURVES], words))
        number += 1
    blocks += _analysis(words("heading.curve_analysis"), curve_findings(entries, words))
    return Section("further", words("further.title"), tuple(blocks))


def _appendix(content: Content, words: Words) -> Section:
    blocks: list[Block] = [Paragraph(words("appendix.text"))]
    for entry in content.all_entries:
        blocks.append(Heading(entry.title))
        blocks.append(Code("\n".join(commands(entry)), "bash"))
        if needs_settings_file(entry):
            blocks.append(Paragraph(words("appendix.no_preset", file=settings_name(entry))))
        blocks += [runs_table(entry, words), environment_table(entry, words), Code(settings_file(entry), "toml")]
    return Section("appendix", words("appendix.title"), tuple(blocks))


def _models(slots: Sequence[Slot], words: Words) -> Iterator[Block]:
    for slot in slots:
        config = slot.entry.runs[0].config if slot.entry else slot.preset.config
        yield Heading(_title(slot, words))
        text = words(f"model.{config.model.name}")
        parameters = _parameters(slot)
        if parameters is not None:
            text += " " + words("model.parameters", parameters=words.whole(parameters))
        yield Paragraph(text)
        yield Code("\n".join(flow(config.model)))


def _notes(slots: Sequence[Slot], words: Words) -> Iterator[Block]:
    """Say which runs stand in a row where there could be others, or where the preset was changed."""
    for entry in _entries(slots):
        assert entry.preset is not None
        if entry.changes:
            changes = ", ".join(changes_texts(entry.changes, with_old=True))
            yield Paragraph(words("note.changed", name=entry.title, preset=entry.preset.key, changes=changes))
        if entry.is_trained_on:
            yield Paragraph(words("note.trained_on", name=entry.title))
        if entry.others:
            key = "note.others_shipped" if entry.is_shipped else "note.others_latest"
            yield Paragraph(words(key, name=entry.title, preset=entry.preset.key, count=entry.others))


def _analysis(title: str, findings: Sequence[Finding]) -> list[Block]:
    return [Findings(title, tuple(findings))] if findings else []


def _entries(slots: Sequence[Slot]) -> list[Entry]:
    return [slot.entry for slot in slots if slot.entry]


def _title(slot: Slot, words: Words) -> str:
    return slot.entry.title if slot.entry else words.title(slot.preset)


def _parameters(slot: Slot) -> int | None:
    if slot.entry:
        return slot.entry.row.parameters
    return slot.preset.reference.parameters if slot.preset.reference else None


def _triple(values: Sequence[float]) -> str:
    return f"({', '.join(f'{value:.4f}' for value in values)})"
