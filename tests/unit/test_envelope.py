"""The envelope's commands: what is asked of a server that offers it, and addresses that come back as they were."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.core.envelope import mail, rcpt

SENDER = "bounce+abc@bounces.harbour.example"
addresses = st.text(st.characters(exclude_categories=("Cc", "Cs", "Z")), min_size=1, max_size=64)


@pytest.mark.parametrize(
    ("offered", "said"),
    [
        ({"dsn": False, "utf8": False}, ""),
        ({"dsn": False, "utf8": True}, " SMTPUTF8"),
        ({"dsn": True, "utf8": False}, " RET=HDRS ENVID=d.abc"),
        ({"dsn": True, "utf8": True}, " SMTPUTF8 RET=HDRS ENVID=d.abc"),
    ],
)
def test_mail_asks_for_what_is_offered(offered, said):
    assert mail(SENDER, "d.abc", **offered) == f"MAIL FROM:<{SENDER}>{said}\r\n".encode()


def test_mail_without_an_identifier():
    assert mail(SENDER, "", dsn=True, utf8=False) == f"MAIL FROM:<{SENDER}> RET=HDRS\r\n".encode()


@pytest.mark.parametrize(
    ("recipient", "original"),
    [
        ("ana@example.net", "rfc822;ana@example.net"),
        ("ana+news=1@example.net", "rfc822;ana+2Bnews+3D1@example.net"),
        ("ana@xn--bcher-kva.example", "rfc822;ana@xn--bcher-kva.example"),
        ("josé+a\\b@example.net", r"utf-8;jos\x{E9}\x{2B}a\x{5C}b@example.net"),
        ("用户@example.net", r"utf-8;\x{7528}\x{6237}@example.net"),
    ],
)
def test_rcpt_names_the_original_recipient(recipient, original):
    asked = f"RCPT TO:<{recipient}> NOTIFY=FAILURE,DELAY ORCPT={original}\r\n"
    assert rcpt(recipient, dsn=True) == asked.encode()
    assert rcpt(recipient, dsn=False) == f"RCPT TO:<{recipient}>\r\n".encode()


@given(addresses)
@example("+=\\")
@example("é+=\\\U0001f4ee")
def test_what_a_server_reads_of_it_is_the_address(address):
    original = rcpt(address, dsn=True).decode().rpartition(" ORCPT=")[2].removesuffix("\r\n")
    kind, _, encoded = original.partition(";")
    assert re.fullmatch(r"[!-<>-~]*", encoded), "no blank, no equals sign, nothing beyond ASCII"
    if kind == "rfc822":
        decoded = re.sub(r"\+([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), encoded)
    else:
        decoded = re.sub(r"\\x\{([0-9A-F]+)\}", lambda found: chr(int(found[1], 16)), encoded)
    assert decoded == address
