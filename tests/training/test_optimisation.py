"""From gradients to weights: each recipe does what its definition says."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cifar_tui.config import Precision, RunConfig, TrainingConfig
from cifar_tui.models.build import build
from cifar_tui.training.optimisation import Optimisation, OptimiserError

CPU = torch.device("cpu")
MakeConfig = Callable[..., RunConfig]


def step(model: nn.Module, gradients: Callable[[Tensor], Tensor], **recipe: Any) -> dict[str, Tensor]:
    """Take one step at learning rate 0.1 with the gradients that each weight gets; return the weights before it."""
    training = TrainingConfig.model_validate({"lr": 0.1, "clip_norm": 0, **recipe})
    optimisation = Optimisation(model, training, Precision.FLOAT32, CPU)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    for weight in model.parameters():
        weight.grad = gradients(weight)
    optimisation.step()
    return before


@pytest.mark.parametrize("model_name", ["simple_cnn", "custom_vit", "image_gru"])
@pytest.mark.parametrize("optimiser", ["adamw", "sgd", "muon"])
def test_only_matrices_and_filters_decay(make_config: MakeConfig, model_name: str, optimiser: str) -> None:
    model = build(make_config(model_name).model, 10)
    for name, bias in model.named_parameters():
        if name.endswith("bias"):
            nn.init.ones_(bias)
    before = step(model, torch.zeros_like, optimiser=optimiser, momentum=0, weight_decay=0.5)
    embeddings = {"transformer.class_token.token", "transformer.position_embedding.positions"}
    for name, weight in model.named_parameters():
        decays = weight.ndim >= 2 and name not in embeddings
        torch.testing.assert_close(weight.detach(), before[name] * (0.95 if decays else 1.0), msg=name)


def test_everything_decays_where_the_recipe_says_so(make_config: MakeConfig) -> None:
    model = build(make_config("custom_vit").model, 10)
    before = step(model, torch.zeros_like, weight_decay=0.5, decay_all=True)
    for name, weight in model.named_parameters():
        torch.testing.assert_close(weight.detach(), before[name] * 0.95, msg=name)


def test_sgd_looks_ahead(make_config: MakeConfig) -> None:
    """Nesterov's momentum: the first step goes by g + momentum · g."""
    model = build(make_config("mlp").model, 10)
    before = step(model, torch.ones_like, optimiser="sgd", momentum=0.8, weight_decay=0)
    for name, weight in model.named_parameters():
        torch.testing.assert_close(weight.detach(), before[name] - 0.1 * 1.8, msg=name)


def test_muon_steps_hidden_matrices_orthogonally_and_the_others_by_adamw(make_config: MakeConfig) -> None:
    model = build(make_config("custom_vit").model, 10)
    torch.manual_seed(0)
    before = step(model, torch.randn_like, optimiser="muon", weight_decay=0)
    moved = {name: before[name] - weight.detach() for name, weight in model.named_parameters()}
    hidden = moved["transformer.encoder.layers.0.attention.query.weight"]
    values = torch.linalg.svdvals(hidden / hidden.norm() * hidden.shape[0] ** 0.5)
    assert values.min() > 0.4  # Newton-Schulz leaves them near 1; a random matrix has some near 0
    assert values.max() < 1.7
    for name in ("patch_embedding.projection.weight", "transformer.head.weight", "transformer.norm.weight"):
        # Adam's first step is the sign of the gradient times the learning rate.
        torch.testing.assert_close(moved[name].abs(), torch.full_like(moved[name], 0.1), rtol=1e-3, atol=0, msg=name)


def test_muon_leaves_both_directions_of_a_first_recurrent_layer_to_adamw(make_config: MakeConfig) -> None:
    model = build(make_config("image_gru").model, 10)
    before = step(model, torch.ones_like, optimiser="muon", weight_decay=0)
    moved = {name: before[name] - weight.detach() for name, weight in model.named_parameters()}
    for name in ("layers.0.weight_ih_l0", "layers.0.weight_ih_l0_reverse"):
        torch.testing.assert_close(moved[name], torch.full_like(moved[name], 0.1), rtol=1e-3, atol=0, msg=name)
    assert not torch.allclose(moved["layers.1.weight_ih_l0"], torch.tensor(0.1), rtol=1e-3)


def test_muon_needs_a_hidden_matrix(make_config: MakeConfig) -> None:
    with pytest.raises(OptimiserError, match="Muon is for hidden weight matrices, of which this model has none"):
        step(build(make_config("softmax_regression").model, 10), torch.ones_like, optimiser="muon")


@pytest.mark.parametrize(("clip_norm", "moved"), [(0.0, 3.0), (1.0, 1.0), (100.0, 3.0)])
def test_gradients_are_clipped_to_the_global_norm(make_config: MakeConfig, clip_norm: float, moved: float) -> None:
    model = build(make_config("mlp").model, 10)
    count = sum(weight.numel() for weight in model.parameters())
    recipe = {"optimiser": "sgd", "momentum": 0, "weight_decay": 0, "lr": 1.0, "clip_norm": clip_norm}
    before = step(model, lambda weight: torch.full_like(weight, 3 / count**0.5), **recipe)
    squares = [(before[name] - weight.detach()).square().sum() for name, weight in model.named_parameters()]
    assert torch.stack(squares).sum().sqrt().item() == pytest.approx(moved, rel=1e-3)


def test_tells_the_norm_before_clipping(make_config: MakeConfig) -> None:
    model = build(make_config("mlp").model, 10)
    training = TrainingConfig(clip_norm=1.0)
    optimisation = Optimisation(model, training, Precision.FLOAT32, CPU)
    count = sum(weight.numel() for weight in model.parameters())
    for weight in model.parameters():
        weight.grad = torch.full_like(weight, 3 / count**0.5)
    assert optimisation.step().item() == pytest.approx(3, rel=1e-4)
