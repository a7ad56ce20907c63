"""What stops the embedded servers and the demo: one sentence for the person at the terminal."""


class CannotRun(Exception):
    """Nothing is wrong with the program: something about this machine, folder or port has to change first."""


class ChildDied(Exception):
    """A process that should be running has ended by itself."""
