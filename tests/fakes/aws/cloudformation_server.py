"""CloudFormation, as far as the command line asks it: one stack, its outputs and parameters.

moto's CloudFormation imports every service that it has; this speaks the same protocol.
"""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

_ANSWER = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeStacksResult><Stacks><member><StackName>{name}</StackName>
<CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>{status}</StackStatus>
<Outputs>{outputs}</Outputs><Parameters>{parameters}</Parameters></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"""
_OUTPUT = "<member><OutputKey>{}</OutputKey><OutputValue>{}</OutputValue></member>"
_PARAMETER = "<member><ParameterKey>{}</ParameterKey><ParameterValue>{}</ParameterValue></member>"
_ERROR = """<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error>
<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"""


@contextmanager
def serve_stack(name, outputs, parameters=None, status="CREATE_COMPLETE"):
    """Serve DescribeStacks for one stack; the address goes into AWS_ENDPOINT_URL_CLOUDFORMATION."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked = parse_qs(body)["StackName"][0]
            if asked == name:
                self._answer(200, _describe(name, outputs, parameters or {}, status))
            elif asked == "forbidden":
                self._answer(403, _ERROR.format(code="AccessDenied", message="not\nyou"))
            else:
                message = f"Stack with id {asked} does not exist"
                self._answer(400, _ERROR.format(code="ValidationError", message=message))

        def _answer(self, status, text):
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *arguments):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _describe(name, outputs, parameters, status):
    return _ANSWER.format(
        name=name,
        status=status,
        outputs=_list(_OUTPUT, outputs),
        parameters=_list(_PARAMETER, parameters),
    )


def _list(member, items):
    return "".join(member.format(escape(key), escape(value)) for key, value in items.items())
