"""The command line `dam`."""

import os
import sys

import click

from dam_client.cli import account, exporting, finding, holding, importing, jobs, mcp, operating
from dam_client.errors import ApiError
from dam_client.filters import UnknownFilter

HELP = {"help_option_names": ["-h", "--help"]}


@click.group(context_settings=HELP)
@click.version_option(package_name="dam", message="%(version)s")
def dam() -> None:
    """A media library that finds pictures by what they look like, from the command line.

    `dam login` first; or set DAM_URL and DAM_TOKEN. DAM_LIBRARY names the library that is meant.
    """


for command in (
    *(importing.import_, finding.search, finding.similar, exporting.export),
    *(holding.list_assets, holding.folders, holding.tags, holding.show, holding.tag, holding.download),
    *(account.libraries, account.login, account.logout, account.whoami, account.status, jobs.jobs, mcp.mcp),
    *(operating.backup, operating.restore, operating.doctor),
):
    dam.add_command(command)


def main() -> None:
    """One sentence on standard error for whatever stops it. Status 1: failed; 2: called wrongly; 130: interrupted."""
    try:
        code = dam.main(prog_name="dam", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except UnknownFilter as error:
        code = failed(str(error), 2)
    except ApiError as error:
        code = failed(advised(error))
    except BrokenPipeError:  # `dam ls | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        code = failed(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except (KeyboardInterrupt, click.Abort):
        code = failed("Interrupted.", 130)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0) if code == 130 else sys.exit(code or 0)  # 130: threads may wait for an answer


def failed(sentence: str, code: int = 1) -> int:
    click.echo(f"dam: {sentence}", err=True)
    return code


def advised(error: ApiError) -> str:
    """What the server says, and what can be done about it here."""
    if error.status == 401:
        return f"{error} Run `dam login`."
    return str(error)
