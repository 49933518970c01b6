"""What all containers begin with, for the process that they are forked from. Short: a few values.

A container of the small suite lives for a tenth of a second of CPU: what it would find out as each
of the others does is most of that.
"""

import gc

import httpcore2

from shared.aws.clients import Clients
from tests.chaos.harness.emulator import EmulatorSession
from tests.fakes.aws.quick_moto.clients import build_clients_quickly

# Entered for as long as the process and its children live.
_quickly = build_clients_quickly()
_quickly.__enter__()
httpcore2.default_ssl_context()
# Nobody calls anything of them: what is shared by all that are built is made with the first.
_clients = Clients(EmulatorSession("http://127.0.0.1"))
_first = (_clients.dynamodb, _clients.s3, _clients.sqs)
# A child would look through all of this for garbage, and so copy it.
gc.freeze()
