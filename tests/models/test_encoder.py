"""The encoder written from scratch computes what PyTorch's does, and is written with what the report allows."""

import ast
import inspect
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from cifar_tui.config.model import CustomViTConfig, SimpleViTConfig
from cifar_tui.models import encoder as encoder_module
from cifar_tui.models.build import build
from cifar_tui.models.encoder import Encoder, EncoderLayer
from cifar_tui.models.pytorch_encoder import PyTorchEncoder

DIM, DEPTH, HEADS, FFN = 48, 3, 4, 80


def copy_layer(source: nn.TransformerEncoderLayer, target: EncoderLayer) -> None:
    """Give `target` the weights of `source`, whose query, key and value biases must be zero."""
    attention = source.self_attn
    assert not attention.in_proj_bias.any()
    query, key, value = attention.in_proj_weight.chunk(3)
    target.attention.query.load_state_dict({"weight": query})
    target.attention.key.load_state_dict({"weight": key})
    target.attention.value.load_state_dict({"weight": value})
    target.attention.output.load_state_dict(attention.out_proj.state_dict())
    target.attention_norm.load_state_dict(source.norm1.state_dict())
    target.feed_forward_norm.load_state_dict(source.norm2.state_dict())
    target.feed_forward.expand.load_state_dict(source.linear1.state_dict())
    target.feed_forward.contract.load_state_dict(source.linear2.state_dict())


def randomise(module: nn.Module) -> None:
    """Give every parameter but the query, key and value biases a random value: LayerNorms start as the identity."""
    for name, parameter in module.named_parameters():
        if name.endswith("in_proj_bias"):
            nn.init.zeros_(parameter)
        else:
            nn.init.normal_(parameter, std=0.3)


def plain_encoder() -> nn.TransformerEncoder:
    """PyTorch's encoder with nothing of this project's in it."""
    layer = nn.TransformerEncoderLayer(DIM, HEADS, FFN, 0.0, activation="gelu", batch_first=True, norm_first=True)
    return nn.TransformerEncoder(layer, DEPTH, enable_nested_tensor=False)


def twins() -> tuple[nn.TransformerEncoder, Encoder]:
    torch.manual_seed(0)
    theirs = plain_encoder().double()
    ours = Encoder(DIM, DEPTH, HEADS, FFN, dropout=0.0).double()
    randomise(theirs)
    for source, target in zip(theirs.layers, ours.layers, strict=True):
        copy_layer(source, target)
    return theirs, ours


def output_and_gradient(module: Callable[[Tensor], Tensor], tokens: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    tokens = tokens.clone().requires_grad_()
    output = module(tokens)
    (output * weights).sum().backward()
    assert tokens.grad is not None
    return output, tokens.grad


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_equals_pytorchs_encoder(training: bool) -> None:
    theirs, ours = (module.train(training) for module in twins())
    tokens, weights = torch.randn(2, 5, 17, DIM, dtype=torch.float64)

    their_output, their_gradient = output_and_gradient(theirs, tokens, weights)
    our_output, our_gradient = output_and_gradient(ours, tokens, weights)
    torch.testing.assert_close(our_output, their_output, rtol=0, atol=1e-10)
    torch.testing.assert_close(our_gradient, their_gradient, rtol=0, atol=1e-10)
    assert their_gradient.abs().max() > 0.1, "the comparison would be empty"


def test_parameter_gradients_equal_pytorchs() -> None:
    theirs, ours = twins()
    tokens, weights = torch.randn(2, 5, 17, DIM, dtype=torch.float64)
    output_and_gradient(theirs, tokens, weights)
    output_and_gradient(ours, tokens, weights)

    for source, target in zip(theirs.layers, ours.layers, strict=True):
        query, key, value = source.self_attn.in_proj_weight.grad.chunk(3)
        for ours_weight, theirs_gradient in [
            (target.attention.query.weight, query),
            (target.attention.key.weight, key),
            (target.attention.value.weight, value),
            (target.attention.output.weight, source.self_attn.out_proj.weight.grad),
            (target.attention.output.bias, source.self_attn.out_proj.bias.grad),
            (target.attention_norm.weight, source.norm1.weight.grad),
            (target.feed_forward_norm.bias, source.norm2.bias.grad),
            (target.feed_forward.expand.weight, source.linear1.weight.grad),
            (target.feed_forward.contract.weight, source.linear2.weight.grad),
        ]:
            torch.testing.assert_close(ours_weight.grad, theirs_gradient, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("read", [1, 3])
def test_the_tokens_read_do_not_depend_on_how_many_are(read: int) -> None:
    tokens, weights = torch.randn(2, 5, 17, DIM, dtype=torch.float64)
    weights[:, read:] = 0  # the others then have no gradient either

    (_, whole), (_, short) = twins(), twins()
    output, gradient = output_and_gradient(whole, tokens, weights)
    alone = tokens.clone().requires_grad_()
    short_output = short(alone, read)
    (short_output * weights[:, :read]).sum().backward()

    torch.testing.assert_close(short_output, output[:, :read], rtol=0, atol=1e-10)
    torch.testing.assert_close(alone.grad, gradient, rtol=0, atol=1e-10)
    for ours, theirs in zip(short.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-10, atol=1e-10)


def test_equals_pytorchs_encoder_inside_the_vision_transformer() -> None:
    torch.manual_seed(0)
    theirs = build(SimpleViTConfig()).double().eval()
    ours = build(CustomViTConfig()).double().eval()
    randomise(theirs.transformer.encoder)
    for source, target in zip(theirs.transformer.encoder.layers, ours.transformer.encoder.layers, strict=True):
        copy_layer(source, target)
    outside = {
        name: value for name, value in theirs.state_dict().items() if not name.startswith("transformer.encoder.")
    }
    assert not ours.load_state_dict(outside, strict=False).unexpected_keys

    images = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    torch.testing.assert_close(ours(images), theirs(images), rtol=0, atol=1e-10)


def test_uses_no_ready_made_attention() -> None:
    tree = ast.parse(inspect.getsource(encoder_module))
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names
    }
    forbidden = {"MultiheadAttention", "TransformerEncoderLayer", "TransformerEncoder", "Transformer"}
    assert not names & (forbidden | {"scaled_dot_product_attention", "multi_head_attention_forward"})
    assert {"Linear", "LayerNorm", "einsum", "softmax"} <= names


def test_is_made_of_the_allowed_modules_only() -> None:
    foreign = {
        type(m) for m in Encoder(DIM, DEPTH, HEADS, FFN, 0.1).modules() if type(m).__module__ != encoder_module.__name__
    }
    assert foreign == {nn.Linear, nn.LayerNorm, nn.Dropout, nn.ModuleList}


def test_dropout_acts_at_pytorchs_three_places() -> None:
    ours = EncoderLayer(DIM, HEADS, FFN, dropout=0.25)
    theirs = PyTorchEncoder(DIM, 1, HEADS, FFN, dropout=0.25).layers[0]
    for layer in (ours, theirs):
        widths: list[int] = []
        for module in layer.modules():
            if isinstance(module, nn.Dropout):
                assert module.p == 0.25
                module.register_forward_hook(
                    lambda _module, inputs, _output, widths=widths: widths.append(inputs[0].shape[-1])
                )
        layer(torch.randn(2, 5, DIM))
        assert widths == [DIM, FFN, DIM]


def test_projections_start_like_pytorchs() -> None:
    torch.manual_seed(0)
    ours = EncoderLayer(256, HEADS, FFN, 0.0).attention
    theirs = PyTorchEncoder(256, 1, HEADS, FFN, 0.0).layers[0].self_attn
    for projection in (ours.query, ours.key, ours.value):
        assert projection.bias is None
        assert projection.weight.abs().max().item() == pytest.approx(theirs.in_proj_weight.abs().max().item(), rel=0.01)
        assert projection.weight.std().item() == pytest.approx(theirs.in_proj_weight.std().item(), rel=0.02)
    assert ours.output.weight.std().item() == pytest.approx(theirs.out_proj.weight.std().item(), rel=0.02)
    assert not ours.output.bias.any()


def test_pytorchs_layers_start_from_different_weights() -> None:
    first, second = PyTorchEncoder(DIM, 2, HEADS, FFN, 0.1).layers
    assert not torch.equal(first.self_attn.in_proj_weight, second.self_attn.in_proj_weight)
    assert not torch.equal(first.linear1.weight, second.linear1.weight)


def test_pytorchs_encoder_never_builds_the_attention_matrices_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """No dropout on the attention weights, with which PyTorch would build them."""
    dropouts: list[float] = []
    attend = nn.functional.scaled_dot_product_attention

    def spy(query: Tensor, key: Tensor, value: Tensor, dropout_p: float = 0.0) -> Tensor:
        dropouts.append(dropout_p)
        return attend(query, key, value, dropout_p=dropout_p)

    monkeypatch.setattr("torch.nn.functional.scaled_dot_product_attention", spy)
    encoder = PyTorchEncoder(DIM, 2, HEADS, FFN, dropout=0.5)
    tokens = torch.randn(2, 5, DIM)
    encoder.train()(tokens)
    with torch.no_grad():
        encoder.eval()(tokens)
    assert dropouts == [0.0] * 4


@pytest.mark.parametrize("tokens", [65, 300])
def test_pytorchs_encoder_gives_the_same_in_bfloat16_whichever_kernel_it_takes(tokens: int) -> None:
    torch.manual_seed(0)
    encoder = PyTorchEncoder(DIM, DEPTH, HEADS, FFN, 0.0)
    x = torch.randn(3, tokens, DIM, requires_grad=True)
    exact = encoder(x)
    (gradient,) = torch.autograd.grad(exact.square().mean(), x)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = encoder(x)
    (rounded_gradient,) = torch.autograd.grad(rounded.float().square().mean(), x)
    torch.testing.assert_close(rounded.float(), exact, rtol=0, atol=0.05)
    torch.testing.assert_close(rounded_gradient, gradient, rtol=0, atol=0.05 * gradient.abs().max().item())


@pytest.mark.parametrize("make", [Encoder, PyTorchEncoder])
def test_stochastic_depth_rises_from_layer_to_layer(make: type[Encoder] | type[PyTorchEncoder]) -> None:
    encoder = make(DIM, 5, HEADS, FFN, 0.0, stochastic_depth=0.4)
    rates = [[m.p for m in layer.modules() if isinstance(m, StochasticDepth)] for layer in encoder.layers]
    assert rates[0] == []
    assert rates[1:] == [[pytest.approx(rate)] * 2 for rate in (0.1, 0.2, 0.3, 0.4)]


@pytest.mark.parametrize("make", [Encoder, PyTorchEncoder])
def test_stochastic_depth_skips_branches_of_whole_images_in_training_alone(
    make: type[Encoder] | type[PyTorchEncoder],
) -> None:
    torch.manual_seed(0)
    encoder = make(DIM, 1, HEADS, FFN, 0.0, stochastic_depth=0.5)
    x = torch.randn(1, 6, DIM).expand(400, -1, -1)
    out = encoder(x).detach()
    outcomes = out.flatten(1).unique(dim=0)
    assert len(outcomes) == 4  # each of the two branches is there, twice as strong, or not
    untouched = (out == x).flatten(1).all(dim=1).float().mean()
    assert abs(untouched - 0.25) < 0.08
    encoder.eval()
    assert len(encoder(x).flatten(1).unique(dim=0)) == 1
