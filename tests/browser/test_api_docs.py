from playwright.sync_api import Page, expect


def test_the_documentation_of_the_api_can_be_browsed(page: Page, library: str) -> None:
    """Operations by noun, each with its summary, an example and its failures; tried with the session's own rights."""
    page.goto("/api/docs/")
    for noun in ("assets", "tokens", "visual layer"):
        page.get_by_placeholder("Filter by tag").fill(noun)
        expect(page.locator(f'[data-tag="{noun}"]')).to_be_visible()
    page.get_by_placeholder("Filter by tag").fill("tokens")
    operation = page.locator("#operations-tokens-tokens_create")
    expect(operation).to_contain_text("Make a personal token")
    operation.locator(".opblock-summary-control").click()
    expect(operation.locator(".opblock-body")).to_contain_text('"scopes"')
    for status in ("201", "401", "403", "429"):
        expect(operation.locator(f'.response[data-code="{status}"]')).to_be_visible()
