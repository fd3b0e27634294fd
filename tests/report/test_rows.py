"""Which runs stand for which row of the course report."""

from collections.abc import Callable
from pathlib import Path

from cifar_tui.paths import find_paths
from cifar_tui.report.content import Content
from cifar_tui.report.document import Document, Paragraph, Table
from cifar_tui.report.reproduce import commands, needs_settings_file
from cifar_tui.runs.edits import archive
from cifar_tui.runs.store import RunStore

from .homes import write_course, write_run

Gathered = Callable[..., Content]
Composed = Callable[..., Document]


def _filled(content: Content, key: str) -> list[str]:
    """The ids of the runs in the row of a preset."""
    (slot,) = [slot for slots in content.parts.values() for slot in slots if slot.preset.key == key]
    return [run.id for run in slot.entry.runs] if slot.entry else []


def _paragraphs(document: Document) -> str:
    blocks = [block for section in document.sections for block in section.blocks]
    return "\n".join(block.text for block in blocks if isinstance(block, Paragraph))


def test_the_course_fills_every_row_in_its_order(home: Path, gathered: Gathered) -> None:
    write_course(home)
    content = gathered()
    assert [entry.title for entry in content.entries] == [
        "SoftmaxRegression", "MLP", "SimpleCNN", "SimpleViT", "SimpleViT (part 3)", "CustomViT",
        "CNN+Transformer hybrid", "SpatialToken ViT", "ChannelToken ViT", "LSTM-row", "LSTM-patch4", "GRU-row",
        "GRU-patch4",
    ]  # fmt: skip
    assert (content.gaps, content.further) == ((), ())
    assert sorted(entry.row.rank or 0 for entry in content.entries) == list(range(1, 14))


def test_a_preset_as_it_comes_goes_before_later_changes(home: Path, gathered: Gathered, composed: Composed) -> None:
    plain = write_run(home, "part1/mlp", minute=1)
    changed = write_run(home, "part1/mlp", 0.9, "training.epochs=60", minute=2)
    content = gathered()
    assert _filled(content, "part1/mlp") == [plain]
    assert [entry.runs[0].id for entry in content.further] == [changed]
    assert "the row holds the runs of part1/mlp exactly as the preset comes" in _paragraphs(composed())


def test_else_the_configuration_that_finished_last_is_taken(home: Path, gathered: Gathered, composed: Composed) -> None:
    write_run(home, "part1/mlp", 0.9, "training.epochs=60", minute=1)
    later = write_run(home, "part1/mlp", 0.1, "training.lr=0.01", minute=2)
    assert _filled(gathered(), "part1/mlp") == [later]
    text = _paragraphs(composed())
    assert "these runs changed the preset part1/mlp: training.lr = 0.001 → 0.01." in text
    assert "the row holds the configuration that was trained last" in text


def test_seed_and_device_change_no_row(home: Path, gathered: Gathered) -> None:
    ids = [
        write_run(home, "part1/mlp", 0.3, "training.device=cpu", seed=3, minute=1),
        write_run(home, "part1/mlp", 0.31, seed=7, minute=2),
    ]
    (entry,) = gathered().entries
    assert ([run.id for run in entry.runs], entry.seeds, entry.is_shipped) == (ids, (3, 7), True)


def test_other_data_fills_no_row(home: Path, gathered: Gathered) -> None:
    write_run(home, "part1/mlp", dataset="synthetic")
    content = gathered()
    assert _filled(content, "part1/mlp") == []
    assert len(content.further) == 1


def test_another_architecture_fills_no_row(home: Path, gathered: Gathered) -> None:
    """As `--set model.name` makes of a preset, whose name the run keeps."""
    write_run(home, "part1/mlp", 0.9, 'model={name = "simple_cnn"}')
    content = gathered()
    assert _filled(content, "part1/mlp") == []
    (entry,) = content.further
    assert "further-1.toml" in commands(entry)[0]
    assert needs_settings_file(entry)


def test_an_archived_run_is_ranked_as_any_other(home: Path, gathered: Gathered) -> None:
    best = write_run(home, "part1/mlp", 0.36)
    other = write_run(home, "part1/simple_cnn", 0.3, minute=1)
    archive(RunStore(find_paths(home).runs), best)
    assert {entry.title: entry.row.rank for entry in gathered(wanted=(best, other)).entries} == {
        "MLP": 1,
        "SimpleCNN": 2,
    }


def test_modes_that_the_course_report_left_out_are_rows_once_trained(home: Path, gathered: Gathered) -> None:
    write_run(home, "part5/gru_row")
    assert [slot.preset.key for slot in gathered(part=5).parts[5]] == [
        "part5/lstm_row", "part5/lstm_patch4", "part5/gru_row", "part5/gru_patch4",
    ]  # fmt: skip
    write_run(home, "part5/gru_col", minute=1)
    assert [slot.preset.key for slot in gathered(part=5).parts[5]][2:4] == ["part5/gru_row", "part5/gru_col"]


def test_an_own_preset_is_a_further_run(home: Path, gathered: Gathered) -> None:
    file = find_paths(home).presets / "wide.toml"
    file.parent.mkdir(parents=True)
    file.write_text('title = "Wide"\npart = 1\n[model]\nname = "mlp"\nhidden_sizes = [2048]\n')
    write_run(home, "my/wide")
    content = gathered(part=1)
    assert [entry.title for entry in content.further] == ["Wide"]
    assert len(content.gaps) == 4


def test_a_preset_that_is_gone_costs_nothing(home: Path, gathered: Gathered, composed: Composed) -> None:
    file = find_paths(home).presets / "wide.toml"
    file.parent.mkdir(parents=True)
    file.write_text('title = "Wide"\n[model]\nname = "mlp"\nhidden_sizes = [2048]\n')
    write_run(home, "my/wide")
    file.unlink()
    assert [entry.title for entry in gathered().further] == ["my/wide"]
    assert "keep the settings below as further-1.toml first" in _paragraphs(composed())


def test_named_runs_alone_leave_no_gaps(home: Path, gathered: Gathered) -> None:
    wanted = write_run(home, "part3/custom_vit", seed=0)
    write_run(home, "part3/custom_vit", seed=1, minute=1)
    content = gathered(wanted=(wanted,))
    assert [run.id for entry in content.all_entries for run in entry.runs] == [wanted]
    assert content.gaps == ()


def test_a_run_without_its_history_has_numbers_and_no_figure(home: Path, composed: Composed) -> None:
    write_run(home, "part1/mlp", epochs=0)
    document = composed(part=1)
    assert [figure.key for figure in document.figures] == ["figure-2"]
    assert "Figure 1b: the epochs of MLP are not in its run folder" in _paragraphs(document)


def test_an_early_stop_is_averaged_over_the_epochs_that_all_seeds_have(home: Path, composed: Composed) -> None:
    write_run(home, "part1/mlp", seed=0, epochs=7)
    write_run(home, "part1/mlp", seed=1, minute=1)
    figure = composed(part=1).figures[0]
    assert "MLP after 7 epochs" in figure.alt


def test_configurations_of_one_name_are_told_apart(home: Path, gathered: Gathered, composed: Composed) -> None:
    for place in range(3):
        write_run(home, "part1/mlp", 0.30 - place / 100, f"training.epochs={51 + place}", minute=9 - place)
    content = gathered()
    assert [entry.title for entry in content.all_entries] == ["MLP", "part1/mlp", "part1/mlp (2)"]
    blocks = [block for section in composed().sections for block in section.blocks if isinstance(block, Table)]
    (table,) = [table for table in blocks if table.titles[-1] == "Changes to its preset"]
    assert [row[-1] for row in table.rows] == ["training.epochs = 52", "training.epochs = 53"]


def test_a_seed_that_was_trained_again_counts_once(home: Path, gathered: Gathered) -> None:
    write_run(home, "part1/mlp", 0.2, seed=0)
    again = write_run(home, "part1/mlp", 0.3, seed=0, minute=1)
    other = write_run(home, "part1/mlp", 0.4, seed=1, minute=2)
    (entry,) = gathered().entries
    assert [run.id for run in entry.runs] == [again, other]
    assert entry.others == 0


def test_runs_that_were_trained_on_are_no_seeds_of_the_preset(
    home: Path, gathered: Gathered, composed: Composed
) -> None:
    shipped = write_run(home, "part1/mlp", 0.2)
    extended = write_run(home, "part1/mlp", 0.3, seed=1, minute=1, parent="the-first")
    (entry,) = gathered().entries
    assert ([run.id for run in entry.runs], entry.others) == ([shipped], 1)
    (further,) = gathered().further
    assert [run.id for run in further.runs] == [extended]
    write_run(home, "part1/simple_cnn", 0.3, parent="the-first")
    assert "SimpleCNN: these runs go on from shorter ones" in str(composed())


def test_a_report_on_other_images_does_not_speak_of_cifar100(home: Path, composed: Composed) -> None:
    write_run(home, "part1/mlp", 0.2, "data.source=synthetic", dataset="synthetic")
    report = composed()
    assert report.title == "Image classification with basic deep models on synthetic"
    assert "of CIFAR-100" not in str(report.sections[:2])
