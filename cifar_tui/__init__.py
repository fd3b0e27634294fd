"""Train and compare small image classifiers on CIFAR-100 from a terminal."""

__version__ = "0.1.0"
