"""What a finished run's predictions say: by class, by pair of classes, by confidence, and beside another run's."""
