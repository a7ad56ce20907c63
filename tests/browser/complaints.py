from playwright.sync_api import ConsoleMessage


class Complaints(list[str]):
    """What pages wrote into the console as errors, policy violations among it."""

    def __init__(self) -> None:
        super().__init__()
        self.expected: tuple[str, ...] = ()

    def note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(part in message.text for part in self.expected):
            self.append(f"{message.text} ({message.location.get('url')})")
