"""Mails as Amazon SES puts them into a bucket: its own headers above those of the sender."""

from email import policy
from email.message import EmailMessage

ADDRESS = "documents@in.example.com"


def write_mail(sender="Ada <ada@example.com>", *, subject="Herons", attached=None, **headers):
    """A mail as its sender's program writes it; headers by name, with _ for -."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, ADDRESS, subject
    mail["Date"], mail["Message-ID"] = "Sat, 28 Nov 2026 09:00:00 +0000", "<1@example.com>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("Seven herons were counted at the old pier on Friday morning.")
    for name, data in (attached or {}).items():
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes(policy=policy.SMTP)


def receive(
    mail,
    *,
    spf="pass",
    envelope="ada@example.com",
    dkim="dkim=pass header.i=@example.com",
    dmarc="pass header.from=example.com",
    virus="PASS",
    helo="mail.example.com",
):
    """The mail as SES puts it into the bucket; the arguments are what it has found."""
    domain = envelope.partition("@")[2]
    found = (
        f"{spf} (spfCheck: domain of {domain} designates 192.0.2.1 as permitted sender) "
        f"client-ip=192.0.2.1; envelope-from={envelope}; helo={helo};"
    )
    head = [
        f"Return-Path: <{envelope}>",
        f"Received: from {helo} ({helo} [192.0.2.1])",
        " by inbound-smtp.eu-west-1.amazonaws.com with SMTP id abc123",
        f" for {ADDRESS};",
        " Sat, 28 Nov 2026 09:00:01 +0000 (UTC)",
        "X-SES-Spam-Verdict: PASS",
        f"X-SES-Virus-Verdict: {virus}",
        f"Received-SPF: {found}",
        "Authentication-Results: amazonses.com;",
        f" spf={found}",
        *(f" {one};" for one in dkim.split("|") if one),
        *([f" dmarc={dmarc};"] if dmarc else []),
        "X-SES-RECEIPT: AEFBQUFB",
        "X-SES-DKIM-SIGNATURE: a=rsa-sha256; d=amazonses.com; b=abc",
        "",
    ]
    return "\r\n".join(head).encode() + mail
