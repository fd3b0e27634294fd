"""CIFAR-100's name, 20 superclasses and 100 classes (Krizhevsky 2009), in the official order, which is alphabetical."""

CIFAR100 = "CIFAR-100"
"""What the data set is called, wherever its images came from."""

_CLASSES_OF: dict[str, str] = {
    "aquatic_mammals": "beaver dolphin otter seal whale",
    "fish": "aquarium_fish flatfish ray shark trout",
    "flowers": "orchid poppy rose sunflower tulip",
    "food_containers": "bottle bowl can cup plate",
    "fruit_and_vegetables": "apple mushroom orange pear sweet_pepper",
    "household_electrical_devices": "clock keyboard lamp telephone television",
    "household_furniture": "bed chair couch table wardrobe",
    "insects": "bee beetle butterfly caterpillar cockroach",
    "large_carnivores": "bear leopard lion tiger wolf",
    "large_man-made_outdoor_things": "bridge castle house road skyscraper",
    "large_natural_outdoor_scenes": "cloud forest mountain plain sea",
    "large_omnivores_and_herbivores": "camel cattle chimpanzee elephant kangaroo",
    "medium_mammals": "fox porcupine possum raccoon skunk",
    "non-insect_invertebrates": "crab lobster snail spider worm",
    "people": "baby boy girl man woman",
    "reptiles": "crocodile dinosaur lizard snake turtle",
    "small_mammals": "hamster mouse rabbit shrew squirrel",
    "trees": "maple_tree oak_tree palm_tree pine_tree willow_tree",
    "vehicles_1": "bicycle bus motorcycle pickup_truck train",
    "vehicles_2": "lawn_mower rocket streetcar tank tractor",
}

SUPERCLASS_NAMES: tuple[str, ...] = tuple(_CLASSES_OF)
_SUPERCLASS_OF_NAME = {name: index for index, names in enumerate(_CLASSES_OF.values()) for name in names.split()}

CLASS_NAMES: tuple[str, ...] = tuple(sorted(_SUPERCLASS_OF_NAME))
SUPERCLASS_OF: tuple[int, ...] = tuple(_SUPERCLASS_OF_NAME[name] for name in CLASS_NAMES)
"""The superclass of each class."""
