"""`digest dkim`: keys that sign the mail."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from digest import disk
from digest.cli.shared import installation, say
from digest.core.address import parse
from digest.core.dkim import Key
from digest.core.errors import Misconfigured, Refused, because
from digest.settings.dkim import selector as checked
from digest.settings.forms import listed

app = typer.Typer(name="dkim", help="DKIM: make a key, see what to publish.", no_args_is_help=True)


@app.command()
def new(
    selector: Annotated[str, typer.Option(help="The name that the key is published under.")] = "digest",
    kind: Annotated[Literal["rsa", "ed25519"], typer.Option(help="rsa is understood everywhere.")] = "rsa",
    domain: Annotated[
        str | None, typer.Option(help="The domain that it signs for; the one of DIGEST_DKIM_DOMAIN or DIGEST_FROM.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="Where to keep it; var/SELECTOR.pem if not said.")] = None,
) -> None:
    """Make a key, keep it where only you can read it, and print the DNS record to publish."""
    here = installation()
    try:
        checked(selector)
    except ValueError as error:
        raise Misconfigured(f"--selector: {error}.") from None
    try:
        domain = (
            parse(f"digest@{domain}").domain if domain else next(iter(listed(here.settings.dkim_domain or "")), None)
        )
    except ValueError:
        raise Misconfigured(f"--domain: “{domain}” is not a domain; write one such as harbour.example.") from None
    domain = domain or here.sender.domain
    path = file or Path("var") / f"{selector}.pem"
    private = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ed25519.Ed25519PrivateKey.generate()
    key = Key(domain, selector, private)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with disk.new(path) as out:
            out.write(key.pem())
    except FileExistsError:
        raise Refused(f"{path} is there already; a key in use must not be lost, so choose another --file.") from None
    except OSError as error:
        raise Misconfigured(f"{path} cannot be written: {because(error)}.") from None
    say(f"The key is in {path}. Publish this TXT record at {key.name}:\n")
    record = key.record
    say(" ".join(f'"{record[at : at + 250]}"' for at in range(0, len(record), 250)))
    of = f", DIGEST_DKIM_DOMAIN={domain}" if domain != here.sender.domain else ""
    beside = "; what is there already stays, before a comma" if here.sender.dkim else ""
    say(f"\nThen set DIGEST_DKIM_SELECTOR={selector}{of} and DIGEST_DKIM_KEY_FILE={path}{beside}.")
