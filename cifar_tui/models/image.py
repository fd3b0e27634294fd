"""The images that every architecture here is made for: CIFAR's, 3 channels of 32×32 pixels."""

CHANNELS = 3
SIDE = 32
PIXELS = SIDE * SIDE
