"""The analyses state what the numbers show, and how sure that is."""

from collections.abc import Callable
from pathlib import Path

from cifar_tui.report.document import Document, Findings

from .homes import write_run

Composed = Callable[..., Document]
ONE_SEED = "At least one of the two has a single seed"


def _findings(document: Document, title: str = "What the results show") -> dict[str, str]:
    blocks = [block for section in document.sections for block in section.blocks]
    (findings,) = [block for block in blocks if isinstance(block, Findings) and block.title == title]
    return {finding.lead: finding.text.replace("\u00a0", " ") for finding in findings.findings}


def test_who_leads_and_by_how_much(home: Path, composed: Composed) -> None:
    write_run(home, "part1/mlp", 0.2063)
    write_run(home, "part1/simple_cnn", 0.3588, minute=1)
    write_run(home, "part1/softmax_regression", 0.0794, minute=2)
    text = _findings(composed(part=1))["Ranking"]
    assert text.startswith("SimpleCNN leads with 35.88 % test accuracy, 15.25 points ahead of MLP (20.63 %). ")
    assert (
        f"{ONE_SEED}; the difference is larger than the 1.1 points within which two seeds of one recipe usually lie"
        in text
    )
    assert text.endswith("SoftmaxRegression comes last with 7.94 %, 27.94 points behind the first.")


def test_a_small_difference_of_single_seeds_is_noise(home: Path, composed: Composed) -> None:
    write_run(home, "part3/simple_vit", 0.320)
    write_run(home, "part3/custom_vit", 0.323, minute=1)
    findings = _findings(composed(part=3))
    below = "a difference below 1.1 points, within which two seeds of one recipe usually lie"
    assert f"{ONE_SEED}, and {below}" in findings["Ranking"]
    assert "Trained with one seed: SimpleViT (part 3) and CustomViT." in findings["Seeds"]


def test_several_seeds_are_judged_by_their_own_spread(home: Path, composed: Composed) -> None:
    for seed in (0, 1):
        write_run(home, "part3/simple_vit", 0.32 + 0.01 * seed, seed=seed, minute=seed)
        write_run(home, "part3/custom_vit", 0.33 + 0.01 * seed, seed=seed, minute=5 + seed)
    findings = _findings(composed(part=3))
    ranking = findings["Ranking"]
    assert "1.00 points ahead of SimpleViT (part 3) (32.50 ± 0.71 %)" in ranking
    assert "not larger than the standard deviations of both over their seeds together (1.41 points)" in ranking
    names = ("SimpleViT (part 3)", "CustomViT")
    spreads = "; ".join(f"{name} ± 0.71 points (2 runs)" for name in names)
    assert findings["Seeds"] == f"Standard deviation over the seeds: {spreads}."


def test_the_parts_own_comparisons(home: Path, composed: Composed) -> None:
    for place, (key, accuracy) in enumerate(
        {"lstm_row": 0.29, "lstm_patch4": 0.27, "gru_row": 0.36, "gru_patch4": 0.35}.items()
    ):
        write_run(home, f"part5/{key}", accuracy, minute=place)
    findings = _findings(composed(part=5))
    assert findings["GRU-row and LSTM-row"] == (
        "GRU-row (36.00 %, 1,777,764 parameters) is 7.00 points above LSTM-row (29.00 %, 2,353,252 parameters)."
    )
    assert "GRU-row and GRU-patch4" not in findings  # the ranking says it


def test_training_validation_efficiency_and_the_course_report(home: Path, composed: Composed) -> None:
    write_run(home, "part1/mlp", 0.25)
    findings = _findings(composed(part=1))
    assert findings["Training, validation, test"] == (
        "At the end training accuracy minus validation accuracy is +4.80 points for MLP. "
        "Test minus validation accuracy is −0.40 points."
    )
    assert findings["Accuracy per parameter"] == "MLP has 14.4 %/M with 1,731,940 parameters."
    assert findings["Against the course report"].endswith("MLP 25.00 % (report 20.63 %, +4.37).")


def test_where_the_validation_was_best(home: Path, composed: Composed) -> None:
    write_run(home, "part1/mlp", 0.25)
    text = _findings(composed(part=1), "What the training curves show")["MLP"]
    assert text.startswith("The validation accuracy is highest after epoch 49 (")
    assert "and ends at" in text


def test_the_families_of_the_summary(home: Path, composed: Composed) -> None:
    write_run(home, "part1/mlp", 0.25)
    write_run(home, "part3/custom_vit", 0.34, minute=1)
    write_run(home, "part1/simple_vit", 0.24, minute=2)
    findings = _findings(composed(), "What the summary shows")
    assert findings["Family transformer (819.4K–821.0K parameters)"] == (
        "Test accuracy: CustomViT 34.00 % and SimpleViT 24.00 %."
    )
