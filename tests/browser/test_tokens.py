from playwright.sync_api import Page, expect


def test_a_narrow_token_is_made_and_revoked(page: Page, library: str) -> None:
    page.goto("/account/tokens/")
    page.get_by_label("What it is for").fill("website")
    for scope in ("Write", "Delete", "Administer"):
        page.get_by_label(scope).uncheck()
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator(".key-made")).to_contain_text("dam_")
    expect(page.locator(".key").first).to_contain_text("read")
    page.get_by_role("button", name="Revoke website").click()
    expect(page.locator(".key")).to_have_count(0)
